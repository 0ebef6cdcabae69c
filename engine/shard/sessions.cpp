// Windows of outcomes, one per session.
#include "engine/shard/sessions.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::detail {

namespace {
constexpr std::size_t ring_initial = 16;
}

std::uint32_t Sessions::find(SessionId id) const noexcept {
    const auto found = by_id_.find(id.value);
    return found == by_id_.end() ? 0 : found->second;
}

std::uint32_t Sessions::open(SessionId id) {
    PAWL_ASSERT(find(id) == 0);
    Session session;
    session.id = id;
    session.ring.resize(std::min<std::size_t>(ring_initial, std::bit_ceil(window_)));
    sessions_.push_back(std::move(session));
    const auto index = static_cast<std::uint32_t>(sessions_.size());
    by_id_.emplace(id.value, index);
    return index;
}

// The ring grows until no two numbers of the window share a place.
void Sessions::make_room(Session& session, std::uint64_t number) {
    for (;;) {
        const Answer& there = session.at(number);
        if (there.number == 0 || passed(session, there.number)) return;
        PAWL_ASSERT(session.ring.size() < window_);
        std::vector<Answer> larger(session.ring.size() * 2);
        for (const Answer& answer : session.ring)
            if (answer.number != 0 && !passed(session, answer.number))
                larger[answer.number & (larger.size() - 1)] = answer;
        session.ring.swap(larger);
    }
}

void Sessions::unclaim(std::uint32_t index, std::uint64_t number) noexcept {
    Session& session = at(index);
    Answer& answer = session.at(number);
    PAWL_ASSERT(answer.number == number && answer.open);
    answer = Answer{};
}

}  // namespace pawl::detail
