// SVG by hand: a few shapes.
#include "perf/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace pawl::perf {
namespace {

constexpr double width = 760;
constexpr std::array<const char*, 6> colours{"#1f6f8b", "#c8553d", "#5b8c5a",
                                             "#7a5c99", "#b8860b", "#444444"};

std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), value >= 100 ? "%.0f" : "%.3g", value);
    return text.data();
}

std::string open_svg(double height, const std::string& title) {
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " +
           number(height) + "\" width=\"" + number(width) +
           "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
           "fill=\"#ffffff\"/>\n<text x=\"10\" y=\"20\" font-size=\"15\">" +
           escaped(title) + "</text>\n";
}

std::string text_at(double x, double y, const std::string& words, const char* anchor = "start",
                    const char* colour = "#222222") {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
           "\" fill=\"" + colour + "\">" + escaped(words) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* colour,
                 const char* more = "") {
    return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
           "\" y2=\"" + number(y2) + "\" stroke=\"" + colour + "\" " + more + "/>\n";
}

std::string note_at(double y, const std::string& words) {
    return "<text x=\"10\" y=\"" + number(y) + "\" font-size=\"10\" fill=\"#777777\">" +
           escaped(words) + "</text>\n";
}

}  // namespace

std::string number_word(double value) {
    if (value >= 1e6) return number(value / 1e6) + " M";
    return value >= 1e4 ? number(value / 1e3) + " k" : number(value);
}

std::string time_word(double time_ns) {
    constexpr std::array<const char*, 4> units{" ns", " µs", " ms", " s"};
    std::size_t unit = 0;
    for (; unit + 1 < units.size() && time_ns >= 999.5; ++unit) time_ns /= 1000;
    return number(time_ns) + units[unit];
}

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '&')
            safe += "&amp;";
        else if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else if (c == '"')
            safe += "&quot;";
        else
            safe += c;
    }
    return safe;
}

std::string bars_svg(const std::string& title, const std::vector<Bar>& bars,
                     const std::string& note) {
    constexpr double left = 250;
    constexpr double right = 200;
    constexpr double step = 22;
    double longest = 1;
    for (const Bar& bar : bars) longest = std::max(longest, bar.value);
    const double per_one = (width - left - right) / longest;
    const double bottom = 36 + step * static_cast<double>(bars.size());
    std::string svg = open_svg(bottom + 24, title);
    double y = 36;
    for (const Bar& bar : bars) {
        svg += text_at(left - 8, y + 14, bar.name, "end");
        svg += "<rect x=\"" + number(left) + "\" y=\"" + number(y + 3) + "\" width=\"" +
               number(std::max(1.0, bar.value * per_one)) + "\" height=\"15\" fill=\"" +
               colours[0] + "\"/>\n";
        svg += text_at(left + bar.value * per_one + 6, y + 14, bar.text);
        y += step;
    }
    svg += line(left + per_one, 34, left + per_one, bottom, "#c8553d", "stroke-dasharray=\"4 3\"");
    return svg + note_at(bottom + 18, note) + "</svg>\n";
}

std::string curves_svg(const std::string& title, std::string (*word)(double),
                       const std::vector<std::string>& places, const std::vector<Curve>& curves,
                       const std::string& note) {
    constexpr double left = 80;
    constexpr double right = 210;
    constexpr double top = 40;
    constexpr double bottom = 300;
    double low = 1e300;
    double high = 0;
    for (const Curve& curve : curves)
        for (const double value : curve.values) {
            low = std::min(low, std::max(value, 1e-9));
            high = std::max(high, value);
        }
    if (curves.empty() || high <= 0) return {};
    const double first = std::floor(std::log10(low));
    const double last = std::max(first + 1, std::ceil(std::log10(high)));
    const auto y_of = [&](double value) {
        const double part = (std::log10(std::max(value, 1e-9)) - first) / (last - first);
        return bottom - part * (bottom - top);
    };
    const auto x_of = [&](std::size_t place) {
        const double steps = places.size() > 1 ? static_cast<double>(places.size() - 1) : 1;
        return left + (width - left - right) * static_cast<double>(place) / steps;
    };
    std::string svg = open_svg(bottom + 46, title);
    for (double decade = first; decade <= last; ++decade) {
        const double value = std::pow(10, decade);
        svg += line(left, y_of(value), width - right, y_of(value), "#dddddd");
        svg += text_at(left - 6, y_of(value) + 4, word(value), "end");
    }
    for (std::size_t i = 0; i < places.size(); ++i)
        svg += text_at(x_of(i), bottom + 18, places[i], "middle");
    double key_y = top + 6;
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const char* const colour = colours[(i / 2) % colours.size()];
        const char* const dashes = curves[i].dashed ? "stroke-dasharray=\"5 4\" " : "";
        std::string points;
        for (std::size_t place = 0; place < curves[i].values.size(); ++place)
            points += number(x_of(place)) + "," + number(y_of(curves[i].values[place])) + " ";
        svg += "<polyline fill=\"none\" stroke-width=\"2\" " + std::string(dashes) + "stroke=\"" +
               colour + "\" points=\"" + points + "\"/>\n";
        svg += line(width - right + 12, key_y - 4, width - right + 36, key_y - 4, colour,
                    curves[i].dashed ? "stroke-width=\"2\" stroke-dasharray=\"5 4\""
                                     : "stroke-width=\"2\"");
        svg += text_at(width - right + 42, key_y, curves[i].name);
        key_y += 18;
    }
    return svg + note_at(bottom + 40, note) + "</svg>\n";
}

}  // namespace pawl::perf
