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

std::vector<std::uint64_t> Sessions::ids() const {
    std::vector<std::uint64_t> ids{0};
    ids.reserve(sessions_.size() + 1);
    for (const Session& session : sessions_) ids.push_back(session.id.value);
    return ids;
}

std::uint32_t Sessions::open(SessionId id) {
    PAWL_ASSERT(find(id) == 0);
    Session session;
    session.id = id;
    session.take_ring(
        std::vector<Answer>(std::min<std::size_t>(ring_initial, std::bit_ceil(window_))));
    sessions_.push_back(std::move(session));
    const auto index = static_cast<std::uint32_t>(sessions_.size());
    by_id_.emplace(id.value, index);
    return index;
}

// The ring grows until no two numbers of the window share a place.
void Sessions::make_room(Session& session, std::uint64_t number) {
    for (;;) {
        const Answer& there = session.at(number);
        if (there.number == 0 || session.passed(there.number)) return;
        PAWL_ASSERT(session.ring.size() < window_);
        std::vector<Answer> larger(session.ring.size() * 2);
        for (const Answer& answer : session.ring)
            if (answer.number != 0 && !session.passed(answer.number))
                larger[answer.number & (larger.size() - 1)] = answer;
        session.take_ring(std::move(larger));
    }
}

void Sessions::unclaim(std::uint32_t index, std::uint64_t number) noexcept {
    Session& session = at(index);
    Answer& answer = session.at(number);
    PAWL_ASSERT(answer.number == number && answer.open);
    answer = Answer{};
}

void Sessions::save(SaveArchive& archive, std::uint32_t index) const {
    const Session& session = at(index);
    PAWL_ASSERT(session.frontier == session.highest);
    const std::uint64_t first = session.lowest;
    std::size_t count = 0;
    const auto for_each_answer = [&](auto&& visit) {
        // Not in the order of the ring: that depends on how it grew.
        const std::uint64_t span = session.highest - first;  // the last number may be the largest
        for (std::uint64_t i = 0; i <= span; ++i)
            if (const Answer& answer = session.at(first + i);
                answer.number == first + i && answer.number != 0)
                visit(answer);
    };
    for_each_answer([&](const Answer&) { ++count; });
    archive.value(session.id.value);
    archive.value(session.highest);
    archive.value(first);
    archive.count(count);
    for_each_answer([&](const Answer& answer) {
        PAWL_ASSERT(!answer.open);
        archive.value(answer.number);
        archive.value(answer.version);
        archive.value(answer.sequence);
        archive.value(answer.position);
        archive.value(answer.end);
        archive.value(answer.reason);
        archive.value(answer.event_count);
        archive.value(static_cast<std::uint8_t>(answer.outcome));
    });
}

void Sessions::load_next(LoadArchive& archive) {
    SessionId id;
    archive.value(id.value);
    if (id.value == 0 || find(id) != 0) archive.fail();
    if (archive.failed()) return;
    const std::uint32_t index = open(id);
    {
        Session& session = at(index);
        archive.value(session.highest);
        archive.value(session.lowest);
        if (session.lowest > session.highest) archive.fail();
        if (!archive.failed()) reach(session, session.highest);
    }
    const std::size_t count = archive.count(0);
    for (std::size_t i = 0; i < count && !archive.failed(); ++i) {
        Answer answer;
        std::uint8_t outcome = 0;
        archive.value(answer.number);
        archive.value(answer.version);
        archive.value(answer.sequence);
        archive.value(answer.position);
        archive.value(answer.end);
        archive.value(answer.reason);
        archive.value(answer.event_count);
        archive.value(outcome);
        answer.outcome = static_cast<Outcome>(outcome);
        if (answer.number == 0 || answer.number > at(index).highest ||
            outcome < static_cast<std::uint8_t>(Outcome::accepted) ||
            outcome > static_cast<std::uint8_t>(Outcome::refused))
            archive.fail();
        if (!archive.failed()) settle(index, answer);
    }
}

}  // namespace pawl::detail
