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

Sessions::Found Sessions::look(std::uint32_t index, std::uint64_t number,
                               const Answer*& answer) const noexcept {
    PAWL_ASSERT(number != 0);
    const Session& session = at(index);
    if (passed(session, number)) return Found::forgotten;
    const Answer& known = session.at(number);
    if (known.number != number) return Found::fresh;
    answer = &known;
    return known.open ? Found::open : Found::repeat;
}

// The ring grows until no two numbers of the window share a place.
Sessions::Answer& Sessions::place(Session& session, std::uint64_t number) {
    while (session.ring.size() < window_) {
        const Answer& there = session.at(number);
        const bool taken =
            there.number != 0 && there.number != number && !passed(session, there.number);
        if (!taken) break;
        std::vector<Answer> larger(session.ring.size() * 2);
        for (const Answer& answer : session.ring)
            if (answer.number != 0 && !passed(session, answer.number))
                larger[answer.number & (larger.size() - 1)] = answer;
        session.ring.swap(larger);
    }
    return session.at(number);
}

bool Sessions::touch(std::uint32_t index, std::uint64_t number) noexcept {
    Session& session = at(index);
    if (session.batch != batch_) {
        session.batch = batch_;
        session.oldest = number;
        return true;
    }
    if (number >= session.oldest && number - session.oldest >= window_) return false;
    session.oldest = std::min(session.oldest, number);
    return true;
}

void Sessions::claim(std::uint32_t index, std::uint64_t number) {
    Session& session = at(index);
    PAWL_ASSERT(!passed(session, number));
    session.frontier = std::max(session.frontier, number);
    Answer& answer = place(session, number);
    answer = Answer{};
    answer.number = number;
    answer.open = true;
}

void Sessions::unclaim(std::uint32_t index, std::uint64_t number) noexcept {
    Session& session = at(index);
    Answer& answer = session.at(number);
    PAWL_ASSERT(answer.number == number && answer.open);
    answer = Answer{};
}

void Sessions::settle(std::uint32_t index, const Answer& answer) {
    PAWL_ASSERT(answer.number != 0 && !answer.open);
    Session& session = at(index);
    session.frontier = std::max(session.frontier, answer.number);
    session.highest = std::max(session.highest, answer.number);
    if (passed(session, answer.number)) return;
    place(session, answer.number) = answer;
}

}  // namespace pawl::detail
