// Draws one line over itself.
#include "cli/report/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "cli/report/table.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::cli {

namespace {

constexpr std::int64_t redraw_ns = 100'000'000;
constexpr std::uint64_t bar_width = 24;
constexpr const char* wipe = "\r\x1b[K";

std::string amount(std::uint64_t value, ProgressLine::Unit unit) {
    return unit == ProgressLine::Unit::bytes ? bytes_text(value) : count_text(value);
}

std::string left_text(std::int64_t seconds) {
    std::string text = std::to_string(seconds / 60) + (seconds % 60 < 10 ? ":0" : ":");
    return text += std::to_string(seconds % 60) + " left";
}

}  // namespace

bool standard_error_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

ProgressLine::Options ProgressLine::on_standard_error(std::string label, std::uint64_t total,
                                                      Unit unit) {
    Options options;
    options.label = std::move(label);
    options.total = total;
    options.unit = unit;
    options.visible = standard_error_is_terminal();
    winsize size{};
    if (options.visible && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0)
        options.columns = size.ws_col;
    options.now_ns = [] {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
    };
    options.write = [](const std::string& text) {
        // A progress line that cannot be drawn is no reason to stop.
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    };
    return options;
}

ProgressLine::ProgressLine(Options options) : options_(std::move(options)) {
    if (!options_.visible) return;
    PAWL_ASSERT(options_.now_ns != nullptr && options_.write != nullptr);
    begin_ns_ = options_.now_ns();
    drawn_ns_ = begin_ns_;
}

ProgressLine::~ProgressLine() {
    finish();
}

void ProgressLine::update(std::uint64_t done) {
    if (!options_.visible) return;
    const std::int64_t now = options_.now_ns();
    if (now - drawn_ns_ < redraw_ns) return;
    drawn_ns_ = now;
    draw(done, now);
}

void ProgressLine::finish() {
    if (std::exchange(drawn_, false)) options_.write(wipe);
}

void ProgressLine::draw(std::uint64_t done, std::int64_t now) {
    const double seconds = static_cast<double>(now - begin_ns_) / 1e9;
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    std::string line = wipe + options_.label;
    if (options_.total > 0) {
        const std::uint64_t shown = std::min(done, options_.total);
        const double share = static_cast<double>(shown) / static_cast<double>(options_.total);
        const auto filled = static_cast<std::uint64_t>(share * static_cast<double>(bar_width));
        line += " [" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] ";
        line += std::to_string(static_cast<int>(share * 100)) + " %";
        line +=
            "  " + amount(shown, options_.unit) + " of " + amount(options_.total, options_.unit);
    } else {
        line += "  " + amount(done, options_.unit);
    }
    if (options_.unit == Unit::bytes) {
        line += "  " + bytes_text(static_cast<std::uint64_t>(rate)) + "/s";
    } else {
        line += "  " + rate_text(rate);
    }
    if (options_.total > done && rate > 0) {
        line +=
            "  " +
            left_text(static_cast<std::int64_t>(static_cast<double>(options_.total - done) / rate));
    }
    // A line that wraps could not be drawn over.
    const std::size_t room = std::string_view(wipe).size() + options_.columns;
    if (options_.columns != 0 && line.size() >= room) line.resize(room - 1);
    options_.write(line);
    drawn_ = true;
}

}  // namespace pawl::cli
