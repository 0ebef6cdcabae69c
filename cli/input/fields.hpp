// Columns of a line and strict numbers in them. Knows digits and how to complain; not what a column
// means.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "cli/input/line_reader.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

// Cuts a line at its commas. Returns how many columns there are; fills the first `columns.size()`
// of them.
std::size_t split(std::string_view line, std::span<std::string_view> columns) noexcept;

enum class NumberFault : std::uint8_t { none, empty, not_a_number, too_large };

// Digits only: no sign, no blank, no point. `value` is set when the result is `none`.
NumberFault parse_digits(std::string_view text, std::uint64_t& value) noexcept;

// "09:15:00", "09:15:00.03" … nine decimals. false if it is anything else.
bool parse_clock(std::string_view text, std::int64_t& time_ns) noexcept;

// Seconds since midnight: "34200.004241176". Up to 18 decimals, as programs print them; below a
// nanosecond they are dropped. false if it is anything else.
bool parse_seconds(std::string_view text, std::int64_t& time_ns) noexcept;

// "09:15:00.03": decimals in groups of three, as few groups as keep the value. 0 ≤ time_ns < 24 h.
std::string clock_text(std::int64_t time_ns);

// Text of an input inside a sentence: quoted, cut at 40 bytes, bytes that do not print as \x...
std::string quoted(std::string_view text);

// "a,b,c".
std::string joined(std::span<const std::string_view> words, std::string_view between = ",");

struct Range {
    std::uint64_t min = 0;
    std::uint64_t max = std::numeric_limits<std::int64_t>::max();
};

// Reads columns of the current line and remembers the first complaint, so that a reader can read
// all of them and ask once. One per line; keeps pointers to the reader and the line.
class FieldReader {
public:
    explicit FieldReader(const LineReader& lines) : lines_(lines) {}

    std::uint64_t number(std::string_view column, std::string_view text, Range range = {});
    // As number(), for fields that are signed in an Instruction.
    std::int64_t amount(std::string_view column, std::string_view text, Range range = {});
    std::int64_t clock(std::string_view column, std::string_view text);
    // 'B' or 'S'.
    char side(std::string_view column, std::string_view text);
    // The column must be empty: `why` says for which lines.
    void nothing(std::string_view column, std::string_view text, std::string_view why);
    // Complains: column 'price': "12x": expected <expected>.
    void wrong(std::string_view column, std::string_view text, std::string_view expected);

    bool ok() const noexcept { return complaint_.empty(); }
    Error error() const { return lines_.complaint(complaint_); }

private:
    const LineReader& lines_;
    std::string complaint_;
};

// The header line must be exactly these columns; the complaint names the first that differs.
Status check_header(LineReader& lines, std::span<const std::string_view> columns);

// The complaint about a line of `count` columns where the header has others.
Error wrong_column_count(const LineReader& lines, std::size_t count,
                         std::span<const std::string_view> columns);

}  // namespace pawl::cli
