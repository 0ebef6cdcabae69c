// Strict parsing of text. Every refusal says the column, the text and what was expected.
#include "cli/input/fields.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace pawl::cli {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

bool two_digits(std::string_view text, std::size_t at, std::int64_t max, std::int64_t& value) {
    const char high = text[at];
    const char low = text[at + 1];
    if (high < '0' || high > '9' || low < '0' || low > '9') return false;
    value = (high - '0') * 10 + (low - '0');
    return value <= max;
}

// ".5" → 500,000,000. An empty text is 0. Digits below a nanosecond are dropped.
bool fraction(std::string_view text, std::size_t digits_max, std::int64_t& ns) {
    ns = 0;
    if (text.empty()) return true;
    if (text[0] != '.' || text.size() < 2 || text.size() > 1 + digits_max) return false;
    std::int64_t unit = second_ns;
    for (const char digit : text.substr(1)) {
        if (digit < '0' || digit > '9') return false;
        unit /= 10;
        ns += (digit - '0') * unit;
    }
    return true;
}

}  // namespace

std::size_t split(std::string_view line, std::span<std::string_view> columns) noexcept {
    std::size_t count = 0;
    while (true) {
        const std::size_t comma = line.find(',');
        if (count < columns.size()) columns[count] = line.substr(0, comma);
        ++count;
        if (comma == std::string_view::npos) return count;
        line.remove_prefix(comma + 1);
    }
}

NumberFault parse_digits(std::string_view text, std::uint64_t& value) noexcept {
    if (text.empty()) return NumberFault::empty;
    std::uint64_t parsed = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (result.ptr != text.data() + text.size()) return NumberFault::not_a_number;
    if (result.ec == std::errc::result_out_of_range) return NumberFault::too_large;
    if (result.ec != std::errc()) return NumberFault::not_a_number;
    value = parsed;
    return NumberFault::none;
}

bool parse_clock(std::string_view text, std::int64_t& time_ns) noexcept {
    if (text.size() < 8 || text[2] != ':' || text[5] != ':') return false;
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    std::int64_t rest = 0;
    if (!two_digits(text, 0, 23, hours) || !two_digits(text, 3, 59, minutes) ||
        !two_digits(text, 6, 59, seconds) || !fraction(text.substr(8), 9, rest)) {
        return false;
    }
    time_ns = ((hours * 60 + minutes) * 60 + seconds) * second_ns + rest;
    return true;
}

bool parse_seconds(std::string_view text, std::int64_t& time_ns) noexcept {
    const std::size_t point = text.find('.');
    const auto whole_text = text.substr(0, point);
    std::uint64_t whole = 0;
    std::int64_t rest = 0;
    if (parse_digits(whole_text, whole) != NumberFault::none || whole >= 86'400) return false;
    if (point != std::string_view::npos && !fraction(text.substr(point), 18, rest)) return false;
    time_ns = static_cast<std::int64_t>(whole) * second_ns + rest;
    return true;
}

std::string clock_text(std::int64_t time_ns) {
    PAWL_ASSERT(time_ns >= 0);
    const std::int64_t seconds = time_ns / second_ns;
    std::string text =
        fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    const std::int64_t rest = time_ns % second_ns;
    if (rest == 0) return text;
    if (rest % 1'000'000 == 0) return text + fmt::format(".{:03}", rest / 1'000'000);
    if (rest % 1'000 == 0) return text + fmt::format(".{:06}", rest / 1'000);
    return text + fmt::format(".{:09}", rest);
}

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 40;
    std::string out = "\"";
    for (const char letter : text.substr(0, shown_max)) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte >= 0x20 && byte < 0x7f) {
            out += letter;
        } else {
            out += fmt::format("\\x{:02x}", byte);
        }
    }
    return out + (text.size() > shown_max ? "…\"" : "\"");
}

std::string joined(std::span<const std::string_view> words, std::string_view between) {
    std::string out;
    for (const std::string_view word : words) {
        if (!out.empty()) out += between;
        out += word;
    }
    return out;
}

void FieldReader::wrong(std::string_view column, std::string_view text, std::string_view expected) {
    if (!ok()) return;
    complaint_ = fmt::format("column '{}': {}: expected {}", column,
                             text.empty() ? "nothing" : quoted(text), expected);
}

std::uint64_t FieldReader::number(std::string_view column, std::string_view text, Range range) {
    std::uint64_t value = 0;
    switch (parse_digits(text, value)) {
        case NumberFault::none:
            if (value >= range.min && value <= range.max) return value;
            [[fallthrough]];
        case NumberFault::too_large:
            wrong(column, text, fmt::format("a number from {} to {}", range.min, range.max));
            return 0;
        case NumberFault::empty:
        case NumberFault::not_a_number:
            break;
    }
    wrong(column, text, "a whole number in digits, without sign or blank");
    return 0;
}

std::int64_t FieldReader::amount(std::string_view column, std::string_view text, Range range) {
    PAWL_ASSERT(range.max <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
    return static_cast<std::int64_t>(number(column, text, range));
}

std::int64_t FieldReader::clock(std::string_view column, std::string_view text) {
    std::int64_t time_ns = 0;
    if (!parse_clock(text, time_ns)) wrong(column, text, "a time of day like 09:15:00.030");
    return time_ns;
}

char FieldReader::side(std::string_view column, std::string_view text) {
    if (text == "B" || text == "S") return text[0];
    wrong(column, text, "B or S");
    return '-';
}

void FieldReader::nothing(std::string_view column, std::string_view text, std::string_view why) {
    if (!text.empty()) wrong(column, text, fmt::format("an empty column {}", why));
}

Error wrong_column_count(const LineReader& lines, std::size_t count,
                         std::span<const std::string_view> columns) {
    return lines.complaint(fmt::format("{} column{} instead of {}: expected {}", count,
                                       count == 1 ? "" : "s", columns.size(), joined(columns)));
}

Status check_header(LineReader& lines, std::span<const std::string_view> columns) {
    std::string_view line;
    const auto got = lines.next(line);
    if (!got.ok()) return got.error();
    if (!got.value()) {
        return Error{ErrorCode::bad_input, fmt::format("{}: is empty: expected the header line {}",
                                                       lines.name(), joined(columns))};
    }
    std::array<std::string_view, 16> found;
    PAWL_ASSERT(columns.size() <= found.size());
    const std::size_t count = split(line, found);
    for (std::size_t i = 0; i < columns.size() && i < count; ++i) {
        if (found[i] == columns[i]) continue;
        return lines.complaint(fmt::format("column {} of the header is {}, not '{}': expected {}",
                                           i + 1, quoted(found[i]), columns[i], joined(columns)));
    }
    if (count != columns.size()) return wrong_column_count(lines, count, columns);
    return Done{};
}

}  // namespace pawl::cli
