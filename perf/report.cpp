// Turns the lines of `pawl bench --json` into one page with plots. Knows figures' names and SVG;
// measures nothing.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <boost/json/src.hpp>

#include "perf/plot.hpp"

namespace {

using namespace pawl::perf;

struct Line {
    std::string name, unit, limit_name, included, machine;
    double value = 0;
    double limit = 0;  // 0: none
    double ratio = 0;
};

double number_of(const boost::json::object& object, const char* key) {
    const auto* const found = object.if_contains(key);
    return found != nullptr && found->is_number() ? found->to_number<double>() : 0;
}

std::string text_of(const boost::json::object& object, const char* key) {
    const auto* const found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string().c_str()) : "";
}

// False: that line is not a figure.
bool read_line(const std::string& text, Line& line) {
    boost::system::error_code wrong;
    const boost::json::value value = boost::json::parse(text, wrong);
    if (wrong || !value.is_object()) return false;
    const boost::json::object& object = value.get_object();
    line.name = text_of(object, "name");
    line.unit = text_of(object, "unit");
    line.limit_name = text_of(object, "limit_name");
    line.included = text_of(object, "included");
    line.machine = text_of(object, "machine");
    line.value = number_of(object, "value");
    line.limit = number_of(object, "limit");
    line.ratio = number_of(object, "ratio");
    return !line.name.empty();
}

std::string short_number(double value) {
    std::array<char, 32> text{};
    if (value >= 1e6)
        std::snprintf(text.data(), text.size(), "%.2f M", value / 1e6);
    else if (value >= 1e4)
        std::snprintf(text.data(), text.size(), "%.1f k", value / 1e3);
    else
        std::snprintf(text.data(), text.size(), "%.4g", value);
    return text.data();
}

std::string value_text(const Line& line) {
    return line.unit == "ns" ? time_word(line.value) : short_number(line.value) + " " + line.unit;
}

constexpr std::array<const char*, 5> percentiles{"p50", "p99", "p99.9", "p99.99", "max"};

// "latency 1 M/s p99" belongs to the curve "latency 1 M/s".
std::string percentile_curves(const std::vector<Line>& lines) {
    struct Pair {
        std::vector<double> ours, limit;
    };
    std::vector<std::pair<std::string, Pair>> loads;
    for (const Line& line : lines) {
        const std::size_t space = line.name.rfind(' ');
        if (space == std::string::npos || line.limit <= 0) continue;
        const std::string last = line.name.substr(space + 1);
        if (std::find(percentiles.begin(), percentiles.end(), last) == percentiles.end()) continue;
        const std::string load = line.name.substr(0, space);
        if (loads.empty() || loads.back().first != load) loads.push_back({load, {}});
        loads.back().second.ours.push_back(line.value);
        loads.back().second.limit.push_back(line.limit);
    }
    std::vector<Curve> curves;
    for (const auto& [name, pair] : loads) {
        if (pair.ours.size() != percentiles.size()) continue;
        curves.push_back({name, pair.ours, false});
        curves.push_back({"its limit", pair.limit, true});
    }
    if (curves.empty()) return {};
    return curves_svg("Time to the reply, by percentile", time_word,
                      {percentiles.begin(), percentiles.end()}, curves, lines.front().machine);
}

// One picture of how something grows.
struct Growth {
    std::string name;  // "aggregates"
    std::string unit, limit_name, machine;
    std::vector<std::string> places;
    std::vector<double> ours, limit;  // no limit: empty

    std::string svg() const {
        std::vector<Curve> curves{{"pawl", ours, false}};
        if (limit.size() == ours.size()) curves.push_back({"its limit", limit, true});
        const std::string below = limit_name.empty() ? "" : "limit: " + limit_name + ". ";
        return curves_svg("By " + name + ": " + unit, number_word, places, curves, below + machine);
    }
};

// "growth aggregates 1000" is the place 1000 of the curve "aggregates". The curves in their order.
std::vector<Growth> growth_of(const std::vector<Line>& lines) {
    std::vector<Growth> all;
    for (const Line& line : lines) {
        const std::size_t first = line.name.find(' ');
        const std::size_t last = line.name.rfind(' ');
        if (line.name.substr(0, first) != "growth" || first == last) continue;
        const std::string name = line.name.substr(first + 1, last - first - 1);
        const double size = std::strtod(line.name.c_str() + last, nullptr);
        if (all.empty() || all.back().name != name)
            all.push_back({name, line.unit, line.limit_name, line.machine, {}, {}, {}});
        Growth& growth = all.back();
        growth.places.push_back(number_word(size));
        growth.ours.push_back(line.value);
        if (line.limit > 0) growth.limit.push_back(line.limit);
    }
    return all;
}

std::string ratio_bars(const std::string& program, const std::vector<Line>& lines) {
    std::vector<Bar> bars;
    for (const Line& line : lines)
        if (line.limit > 0)
            bars.push_back(
                {line.name, line.ratio, short_number(line.ratio) + " (" + value_text(line) + ")"});
    return bars.empty() ? std::string()
                        : bars_svg(program + ": as a part of its limit (and its value)", bars,
                                   lines.front().machine);
}

std::string table(const std::vector<Line>& lines) {
    std::string html =
        "<table><tr><th>figure<th>value<th>unit<th>limit<th>ratio<th>the limit is</tr>\n";
    for (const Line& line : lines)
        html += "<tr><td>" + escaped(line.name) + "<td>" + short_number(line.value) + "<td>" +
                escaped(line.unit) + "<td>" + (line.limit > 0 ? short_number(line.limit) : "") +
                "<td>" + (line.limit > 0 ? short_number(line.ratio) : "") + "<td>" +
                escaped(line.limit_name) + "</tr>\n";
    return html + "</table>\n";
}

std::string included_of(const std::vector<Line>& lines) {
    std::string html;
    std::string last;
    for (const Line& line : lines) {
        if (line.included == last) continue;
        html += "<p>" + escaped(line.name) + ": " + escaped(line.included) + "</p>\n";
        last = line.included;
    }
    return html;
}

std::string page(const std::map<std::string, std::vector<Line>>& programs) {
    std::string html =
        "<!doctype html><meta charset=\"utf-8\"><title>pawl: figures</title>\n<style>body{font-"
        "family:sans-serif;max-width:60em;margin:2em auto}td,th{padding:.2em .6em;text-align:left;"
        "border-bottom:1px solid #ddd}p{color:#444}</style>\n<h1>pawl: figures</h1>\n";
    for (const auto& [program, lines] : programs) {
        html +=
            "<h2>" + escaped(program) + "</h2>\n<p>" + escaped(lines.front().machine) + "</p>\n";
        const std::vector<Growth> growth = growth_of(lines);
        for (const Growth& one : growth) html += one.svg();
        html += percentile_curves(lines);
        if (growth.empty()) html += ratio_bars(program, lines);
        html += table(lines) + included_of(lines);
    }
    return html;
}

bool write_picture(const std::string& folder, std::string name, const std::string& picture) {
    if (picture.empty()) return true;
    std::replace(name.begin(), name.end(), ' ', '-');
    std::ofstream file(folder + "/" + name + ".svg");
    return bool(file << picture) && bool(file.flush());
}

// PROGRAM.svg: its curves, or its bars; growth-CURVE.svg.
bool write_pictures(const std::map<std::string, std::vector<Line>>& programs,
                    const std::string& folder) {
    for (const auto& [program, lines] : programs) {
        const std::vector<Growth> growth = growth_of(lines);
        for (const Growth& one : growth)
            if (!write_picture(folder, "growth-" + one.name, one.svg())) return false;
        const std::string curves = percentile_curves(lines);
        const bool bars = curves.empty() && growth.empty();
        if (!write_picture(folder, program, bars ? ratio_bars(program, lines) : curves))
            return false;
    }
    return true;
}

}  // namespace

int main(int count, char** words) {
    const bool pictures = count == 4 && std::strcmp(words[2], "--pictures") == 0;
    if (count != 2 && !pictures) {
        std::fputs(
            "usage: report RESULTS > page.html\n"
            "       report RESULTS --pictures FOLDER\n"
            "RESULTS is what `pawl bench --json` has printed.\n",
            stderr);
        return 2;
    }
    std::ifstream file(words[1]);
    if (!file) {
        std::fprintf(stderr, "%s: cannot be read: name a file that `pawl bench --json` wrote\n",
                     words[1]);
        return 1;
    }
    std::map<std::string, std::vector<Line>> programs;
    std::string text;
    for (unsigned number = 1; std::getline(file, text); ++number) {
        Line line;
        if (text.empty()) continue;
        if (!read_line(text, line)) {
            std::fprintf(stderr, "%s: line %u is not a figure: use `pawl bench --json`\n", words[1],
                         number);
            return 1;
        }
        programs[line.name.substr(0, line.name.find(' '))].push_back(line);
    }
    if (programs.empty()) {
        std::fprintf(stderr, "%s: it holds no figure: use `pawl bench --json`\n", words[1]);
        return 1;
    }
    if (!pictures) {
        std::cout << page(programs);
        return std::cout.flush() ? 0 : 1;
    }
    if (write_pictures(programs, words[3])) return 0;
    std::fprintf(stderr, "%s: a picture cannot be written there: name a folder that is there\n",
                 words[3]);
    return 1;
}
