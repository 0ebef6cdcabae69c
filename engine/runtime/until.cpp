// Cuts as words.
#include "pawl/until.hpp"

#include <charconv>
#include <optional>

namespace pawl {

namespace {

template <class Value>
std::optional<Value> number(std::string_view text) {
    Value value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

}  // namespace

Result<Until> Until::parse(std::string_view text) {
    if (text == "end") return end();
    if (text == "beginning") return beginning();
    const std::size_t colon = text.find(':');
    const std::string_view kind = text.substr(0, colon);
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    if (kind == "sequence") {
        const std::size_t at = value.find('@');
        const auto last = number<std::uint64_t>(value.substr(0, at));
        const auto shard = at == std::string_view::npos
                               ? std::optional<std::uint32_t>{0}
                               : number<std::uint32_t>(value.substr(at + 1));
        if (last && shard) return sequence(Sequence{*last}, *shard);
    }
    if (kind == "time")
        if (const auto ns = number<std::int64_t>(value)) return time(Time{*ns});
    if (kind == "mark" && !value.empty()) return mark(std::string(value));
    return Error{ErrorCode::usage,
                 "'" + std::string(text) +
                     "' is no cut: use end, beginning, sequence:N, sequence:N@SHARD, "
                     "time:NANOSECONDS or mark:NAME"};
}

std::string Until::to_string() const {
    switch (kind_) {
        case Kind::beginning:
            return "beginning";
        case Kind::end:
            return "end";
        case Kind::sequence:
            return "sequence:" + std::to_string(value_) + "@" + std::to_string(shard_);
        case Kind::time:
            return "time:" + std::to_string(time_.ns);
        case Kind::mark:
            return "mark:" + name_;
    }
    return "?";
}

}  // namespace pawl
