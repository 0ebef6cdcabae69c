// Lines of a byte source, with their numbers. Knows line ends; not columns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/input/byte_source.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

// Lines end in "\n" or "\r\n"; the last one may lack its end. One thread.
class LineReader {
public:
    static constexpr std::size_t line_bytes_max = 65'536;

    // `name` is for sentences.
    LineReader(std::string name, std::unique_ptr<ByteSource> bytes);

    // true: `line` is the next one, without its end, valid until the next call. false: the end.
    Result<bool> next(std::string_view& line);

    std::uint64_t line_number() const noexcept { return line_number_; }
    const std::string& name() const noexcept { return name_; }
    Progress progress() const { return bytes_->progress(); }

    // "name:line: what", as an error of kind bad_input.
    Error complaint(std::string_view what) const;

private:
    Result<bool> next_across_pieces(std::string_view& line);
    Error too_long() const;

    std::string name_;
    std::unique_ptr<ByteSource> bytes_;
    std::string_view piece_;  // what is left of the current piece
    std::string carried_;     // a line that began in an earlier piece
    std::uint64_t line_number_ = 0;
    bool ended_ = false;
};

}  // namespace pawl::cli
