// Plots as SVG text: bars and curves. Knows numbers and words; not what they measure.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pawl::perf {

struct Bar {
    std::string name;
    double value = 0;
    std::string text;  // stands behind the bar
};
// One bar below the other, the longest as long as the larger of 1 and its value; a line at 1.
// `note` stands small below everything, here as below.
std::string bars_svg(const std::string& title, const std::vector<Bar>& bars,
                     const std::string& note);

struct Curve {
    std::string name;
    std::vector<double> values;  // one per place, above 0; as many as there are places
    bool dashed = false;
};
// Curves over named places, values on a logarithmic scale; `word` names a power of ten beside it.
std::string curves_svg(const std::string& title, std::string (*word)(double),
                       const std::vector<std::string>& places, const std::vector<Curve>& curves,
                       const std::string& note);

std::string number_word(double value);  // "10", "0.1"
std::string time_word(double time_ns);  // "100 ns", "1 µs", "10 s"

// For text between tags and in attributes.
std::string escaped(const std::string& text);

}  // namespace pawl::perf
