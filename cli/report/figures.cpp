// Numbers as people read them: three significant digits and a unit.
#include <array>
#include <cstdio>
#include <string>

#include "cli/report/table.hpp"

namespace pawl::cli {

namespace {

// Three significant digits: 1.24, 35.0, 812.
std::string three_digits(double value) {
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

struct Unit {
    double size;
    const char* name;
};

// The largest unit in which the value is at least 1; below the smallest unit, whole numbers of it.
template <std::size_t N>
std::string in_units(double value, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        // 999.6 of the smaller unit would round to 1000.
        if (value >= unit.size * 0.9995) return three_digits(value / unit.size) + unit.name;
    }
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%.0f", value);
    return text.data();
}

}  // namespace

std::string count_text(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
    return text;
}

std::string duration_text(std::int64_t ns) {
    constexpr std::array<Unit, 3> units{{{1e9, " s"}, {1e6, " ms"}, {1e3, " µs"}}};
    if (ns < 0) return std::string(1, '-') += duration_text(-ns);
    if (ns < 1'000) return std::to_string(ns) + " ns";
    const std::int64_t seconds = ns / 1'000'000'000;
    if (seconds < 100) return in_units(static_cast<double>(ns), units);
    std::string text = std::to_string(seconds / 60) + (seconds % 60 < 10 ? " min 0" : " min ");
    return text += std::to_string(seconds % 60) + " s";
}

std::string rate_text(double per_second) {
    constexpr std::array<Unit, 3> units{{{1e9, " G/s"}, {1e6, " M/s"}, {1e3, " k/s"}}};
    if (per_second < 999.5) return in_units(per_second, std::array<Unit, 0>{}) + " /s";
    return in_units(per_second, units);
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr double step = 1024;
    constexpr std::array<Unit, 4> units{{{step * step * step * step, " TiB"},
                                         {step * step * step, " GiB"},
                                         {step * step, " MiB"},
                                         {step, " KiB"}}};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    return in_units(static_cast<double>(bytes), units);
}

std::string price_text(std::int64_t price_of_10000) {
    const bool below_zero = price_of_10000 < 0;
    const auto value = below_zero ? 0 - static_cast<std::uint64_t>(price_of_10000)
                                  : static_cast<std::uint64_t>(price_of_10000);
    std::string decimals = std::to_string(10'000 + value % 10'000).substr(1);
    while (decimals.size() > 2 && decimals.back() == '0') decimals.pop_back();
    std::string text(below_zero ? 1 : 0, '-');
    text += std::to_string(value / 10'000);
    text += '.';
    return text += decimals;
}

}  // namespace pawl::cli
