// A progress line on a terminal. Knows a total, a clock and a way to write; not what is being
// counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace pawl::cli {

// Draws "label  ███████▌      54 %  540,213 of 1,000,000  1.21 M/s  0:03 left" in place. Draws
// nothing at all unless `visible`. One thread. The last line is wiped by finish() or the
// destructor.
class ProgressLine {
public:
    enum class Unit : std::uint8_t { count, bytes };
    struct Options {
        std::string label;
        std::uint64_t total = 0;  // 0 = unknown: no bar, no time left
        Unit unit = Unit::count;
        std::size_t columns = 0;  // of the terminal, what is beyond is left out; 0 = unknown
        bool visible = false;     // standard_error_is_terminal() for most
        std::function<std::int64_t()> now_ns;
        std::function<void(const std::string&)> write;  // gets bytes for the terminal
    };

    // Steady clock, standard error, visible if that is a terminal.
    static Options on_standard_error(std::string label, std::uint64_t total,
                                     Unit unit = Unit::count);

    explicit ProgressLine(Options options);
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine();

    // Cheap when called often: looks at the clock on each call, draws at most ten times a second.
    void update(std::uint64_t done);
    void finish();

private:
    void draw(std::uint64_t done, std::int64_t now);

    Options options_;
    std::int64_t begin_ns_ = 0;
    std::int64_t drawn_ns_ = 0;
    bool drawn_ = false;
};

bool standard_error_is_terminal();

}  // namespace pawl::cli
