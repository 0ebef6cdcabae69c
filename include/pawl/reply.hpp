// What a command was answered. Knows one outcome and where its record lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/detail/core.hpp"
#include "pawl/detail/raw_reply.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/types.hpp"
#include "pawl/verdict.hpp"

namespace pawl {

namespace detail {

// Calls visit(event) when it takes events of this type; says whether it did.
template <class Visit, class E>
bool offer_event(Visit& visit, const EventView& event) {
    if constexpr (std::is_invocable_v<Visit&, const E&>) {
        visit(*reinterpret_cast<const E*>(event.payload));
        return true;
    }
    return false;
}

template <class Visit, class... E>
bool offer_event_of(Visit& visit, const EventView& event, Events<E...>) {
    std::size_t i = 0;
    bool taken = false;
    static_cast<void>((
        (i++ == event.header->type && (taken = offer_event<Visit, E>(visit, event), true)) || ...));
    return taken;
}

}  // namespace detail

// A plain value. The engine must be open while visit() is called; everything else needs nothing.
class Reply {
public:
    Reply() = default;
    Reply(const detail::RawReply& raw, detail::Core* core) noexcept : raw_(raw), core_(core) {}

    Outcome outcome() const noexcept { return raw_.outcome; }
    bool accepted() const noexcept { return raw_.outcome == Outcome::accepted; }
    bool rejected() const noexcept {
        return raw_.outcome == Outcome::rejected;
    }  // by the aggregate: see reason()
    bool refused() const noexcept {
        return raw_.outcome == Outcome::refused;
    }  // by the engine: see refusal()

    // Neither done nor not done as far as anybody here can tell.
    bool unknown() const noexcept {
        return refused() && (raw_.reason == static_cast<std::uint16_t>(Refusal::engine_failed) ||
                             raw_.reason == static_cast<std::uint16_t>(Refusal::outcome_unknown));
    }

    // The aggregate's own reason. Only when rejected().
    template <class Reason>
    Reason reason() const {
        PAWL_ASSERT(rejected());
        return static_cast<Reason>(raw_.reason);
    }
    std::uint16_t reason_number() const noexcept { return raw_.reason; }
    Refusal refusal() const {
        PAWL_ASSERT(refused());
        return static_cast<Refusal>(raw_.reason);
    }

    Version version() const noexcept {
        return Version{raw_.version};
    }  // of the aggregate after the command
    Sequence sequence() const noexcept { return Sequence{raw_.sequence}; }  // of its first event
    std::uint16_t event_count() const noexcept { return raw_.event_count; }
    std::uint32_t shard() const noexcept { return raw_.shard; }
    CommandNumber number() const noexcept { return CommandNumber{raw_.number}; }
    bool repeat() const noexcept {
        return raw_.repeat;
    }  // the first outcome of a command that was sent again

    // Calls visit(event) for each event that the command caused on its own aggregate, if visit
    // takes that type; others are passed over. The events live during the call. False: the command
    // left no record, or it cannot be read.
    template <class A, class Visit>
    bool visit(Visit&& visit) const {
        if (core_ == nullptr || raw_.position == detail::RawReply::no_record) return false;
        std::vector<std::byte> bytes;
        if (!core_->read_record(raw_.shard, raw_.position, bytes)) return false;
        return detail::RecordView(bytes.data()).for_each_event([&](const detail::EventView& event) {
            if ((event.header->flags & detail::event_has_target) == 0)
                detail::offer_event_of(visit, event, typename A::Events{});
        });
    }

    const detail::RawReply& raw() const noexcept { return raw_; }

private:
    detail::RawReply raw_;
    detail::Core* core_ = nullptr;
};

// What is known of a command that was sent earlier, by (session, number).
struct CommandStatus {
    enum class Known : std::uint8_t {
        unknown = 0,    // this shard has not decided it: it never arrived, or is on its way
        pending = 1,    // decided, not yet as safe as asked
        answered = 2,   // see reply
        forgotten = 3,  // older than the session's window
    };
    Known known = Known::unknown;
    Reply reply;  // for pending and answered: what it was, or will be, answered
};

}  // namespace pawl
