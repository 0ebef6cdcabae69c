// Cuts pieces of bytes into lines. A line within one piece is not copied.
#include "cli/input/line_reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace pawl::cli {

namespace {

std::string_view without_carriage_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

LineReader::LineReader(std::string name, std::unique_ptr<ByteSource> bytes)
    : name_(std::move(name)), bytes_(std::move(bytes)) {
    PAWL_ASSERT(bytes_ != nullptr);
}

Error LineReader::complaint(std::string_view what) const {
    return {ErrorCode::bad_input, fmt::format("{}:{}: {}", name_, line_number_, what)};
}

Error LineReader::too_long() const {
    return complaint(
        fmt::format("the line is longer than {} bytes; expected lines of text", line_bytes_max));
}

Result<bool> LineReader::next(std::string_view& line) {
    const std::size_t end = piece_.find('\n');
    if (end == std::string_view::npos) return next_across_pieces(line);
    ++line_number_;
    line = without_carriage_return(piece_.substr(0, end));
    piece_.remove_prefix(end + 1);
    if (line.size() > line_bytes_max) return too_long();
    return true;
}

Result<bool> LineReader::next_across_pieces(std::string_view& line) {
    carried_.clear();
    ++line_number_;
    while (!ended_) {
        carried_ += piece_;
        piece_ = {};
        if (carried_.size() > line_bytes_max + 1) return too_long();
        auto piece = bytes_->next();
        if (!piece.ok()) return piece.error();
        if (piece->empty()) {
            ended_ = true;
            break;
        }
        piece_ = *piece;
        const std::size_t end = piece_.find('\n');
        if (end == std::string_view::npos) continue;
        carried_ += piece_.substr(0, end);
        piece_.remove_prefix(end + 1);
        line = without_carriage_return(carried_);
        if (line.size() > line_bytes_max) return too_long();
        return true;
    }
    if (carried_.empty()) {
        --line_number_;
        return false;
    }
    line = without_carriage_return(carried_);
    return true;
}

}  // namespace pawl::cli
