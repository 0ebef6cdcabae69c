// Reading and writing RFC 3339.
#include "cli/report/moment.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>

namespace pawl::cli {

namespace {

namespace chrono = std::chrono;

constexpr std::int64_t second_ns = 1'000'000'000;

Error not_a_time(std::string_view text) {
    return Error{ErrorCode::usage,
                 "'" + std::string(text) +
                     "' is no point in time: write 2026-03-02T09:30:00Z, with a fraction or an "
                     "offset if need be, or nanoseconds since 1970"};
}

// Takes the text apart from the front; `ok` turns false at the first thing that is not right.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool ok = true;
    bool at_end() const { return text_.empty(); }

    // Exactly so many digits, at most `highest`.
    int digits(std::size_t count, int highest) {
        int value = 0;
        if (text_.size() < count) return fail();
        for (std::size_t i = 0; i < count; ++i) {
            if (text_[i] < '0' || text_[i] > '9') return fail();
            value = value * 10 + (text_[i] - '0');
        }
        text_.remove_prefix(count);
        return value > highest ? fail() : value;
    }
    // One of these letters; which.
    char letter(std::string_view wanted) {
        if (text_.empty() || wanted.find(text_.front()) == std::string_view::npos) {
            ok = false;
            return 0;
        }
        const char found = text_.front();
        text_.remove_prefix(1);
        return found;
    }
    bool next_is(char wanted) const { return !text_.empty() && text_.front() == wanted; }
    // The digits behind a point; more than nine are finer than a nanosecond, and cut.
    std::int64_t fraction_ns() {
        std::int64_t value = 0;
        std::int64_t unit = second_ns;
        std::size_t count = 0;
        for (; count < text_.size() && text_[count] >= '0' && text_[count] <= '9'; ++count) {
            unit /= 10;
            value += unit * (text_[count] - '0');
        }
        if (count == 0) ok = false;
        text_.remove_prefix(count);
        return value;
    }

private:
    int fail() {
        ok = false;
        return 0;
    }
    std::string_view text_;
};

// Minutes east of Greenwich.
int offset_of(Reader& reader) {
    const char sign = reader.letter("Zz+-");
    if (sign == 'Z' || sign == 'z' || !reader.ok) return 0;
    const int hours = reader.digits(2, 23);
    reader.letter(":");
    const int minutes = hours * 60 + reader.digits(2, 59);
    return sign == '-' ? -minutes : minutes;
}

}  // namespace

Result<Time> time_from(std::string_view text) {
    std::int64_t ns = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, ns);
    if (fault == std::errc{} && stop == end) return Time{ns};

    Reader reader(text);
    const int year = reader.digits(4, 9999);
    reader.letter("-");
    const auto month = static_cast<unsigned>(reader.digits(2, 12));
    reader.letter("-");
    const auto day = static_cast<unsigned>(reader.digits(2, 31));
    reader.letter("Tt ");
    const int hour = reader.digits(2, 23);
    reader.letter(":");
    const int minute = reader.digits(2, 59);
    reader.letter(":");
    const int second = reader.digits(2, 60);  // 60: a leap second is the next minute's first
    std::int64_t fraction = 0;
    if (reader.next_is('.')) {
        reader.letter(".");
        fraction = reader.fraction_ns();
    }
    const int offset = offset_of(reader);
    const chrono::year_month_day date{chrono::year{year}, chrono::month{month}, chrono::day{day}};
    if (!reader.ok || !reader.at_end() || !date.ok()) return not_a_time(text);
    const std::int64_t days = chrono::sys_days{date}.time_since_epoch().count();
    const std::int64_t seconds = days * 86'400 + hour * 3600 + (minute - offset) * 60 + second;
    std::int64_t whole = 0;
    if (__builtin_mul_overflow(seconds, second_ns, &whole) ||
        __builtin_add_overflow(whole, fraction, &ns))
        return not_a_time(text);
    return Time{ns};
}

std::string time_text(Time time) {
    // In seconds first: the first day that 64 bits reach is not whole in nanoseconds.
    const std::int64_t fraction = (time.ns % second_ns + second_ns) % second_ns;
    const chrono::sys_seconds at{chrono::seconds{time.ns / second_ns - (time.ns % second_ns < 0)}};
    const auto midnight = chrono::floor<chrono::days>(at);
    const chrono::year_month_day date{midnight};
    const chrono::hh_mm_ss clock{at - midnight};
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), static_cast<int>(fraction));
    return text;
}

}  // namespace pawl::cli
