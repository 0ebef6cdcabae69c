// Cursors as text.
#include <charconv>

#include "pawl/subscription.hpp"

namespace pawl {

std::string Cursor::to_string() const {
    std::string text;
    for (std::size_t shard = 0; shard < places_.size(); ++shard) {
        if (shard != 0) text += ' ';
        text += std::to_string(shard) + ":" + std::to_string(places_[shard].position) + "+" +
                std::to_string(places_[shard].events_done);
    }
    return text;
}

Result<Cursor> Cursor::parse(std::string_view text) {
    std::vector<Place> places;
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto number = [&](std::uint64_t& value, char behind) {
        const auto [next, error] = std::from_chars(at, end, value);
        if (error != std::errc() || (behind != 0 && (next == end || *next != behind))) return false;
        at = next + (behind != 0 ? 1 : 0);
        return true;
    };
    while (at != end) {
        std::uint64_t shard = 0;
        std::uint64_t position = 0;
        std::uint64_t done = 0;
        if (!number(shard, ':') || shard != places.size() || !number(position, '+') ||
            !number(done, 0) || done > 0xFFFF || (at != end && *at != ' '))
            return Error{ErrorCode::bad_input,
                         "cursor '" + std::string(text) + "': shard " +
                             std::to_string(places.size()) +
                             " is not written shard:position+events: keep it as it was given"};
        places.push_back({position, static_cast<std::uint32_t>(done)});
        if (at != end) ++at;
    }
    return Cursor(std::move(places));
}

}  // namespace pawl
