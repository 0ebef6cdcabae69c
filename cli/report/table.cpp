// Sets cells below each other.
#include "cli/report/table.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::cli {

namespace {

constexpr std::string_view gap = "  ";

// Characters, not bytes: continuation bytes of UTF-8 begin with the bits 10.
std::size_t width_of(std::string_view cell) {
    return static_cast<std::size_t>(std::count_if(cell.begin(), cell.end(), [](char letter) {
        return (static_cast<unsigned char>(letter) & 0xc0U) != 0x80U;
    }));
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string room(widths[i] - width_of(cells[i]), ' ');
        if (i > 0) line += gap;
        line += i == 0 ? cells[i] + room : room + cells[i];
    }
    while (line.ends_with(' ')) line.pop_back();
    return line;
}

}  // namespace

Look look_of(int file_descriptor) {
    const bool plain_wanted = std::getenv("NO_COLOR") != nullptr;
    return !plain_wanted && ::isatty(file_descriptor) == 1 ? Look::terminal : Look::plain;
}

Table::Table(std::vector<std::string> heads) : heads_(std::move(heads)) {
    PAWL_ASSERT(!heads_.empty());
}

void Table::add_row(std::vector<std::string> cells) {
    PAWL_ASSERT(cells.size() == heads_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text(Look look) const {
    std::vector<std::size_t> widths(heads_.size());
    for (std::size_t i = 0; i < heads_.size(); ++i) {
        widths[i] = width_of(heads_[i]);
        for (const auto& row : rows_) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    std::string text;
    const bool has_heads = std::any_of(heads_.begin(), heads_.end(),
                                       [](const std::string& head) { return !head.empty(); });
    if (has_heads && look == Look::plain) text += line_of(heads_, widths) + "\n";
    if (has_heads && look == Look::terminal) {
        constexpr std::string_view bold = "\x1b[1m";
        constexpr std::string_view normal = "\x1b[0m";
        std::size_t whole = gap.size() * (widths.size() - 1);
        for (const std::size_t width : widths) whole += width;
        text += std::string(bold) + line_of(heads_, widths) + std::string(normal) + "\n";
        for (std::size_t i = 0; i < whole; ++i) text += "─";
        text += "\n";
    }
    for (const auto& row : rows_) text += line_of(row, widths) + "\n";
    return text;
}

}  // namespace pawl::cli
