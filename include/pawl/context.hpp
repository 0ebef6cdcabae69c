// What a decision may see and do: journaled time and chance, its own identity, emit, then, peek.
// Knows no clock, no thread, no journal file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "pawl/aggregate.hpp"
#include "pawl/archive.hpp"
#include "pawl/detail/decision.hpp"
#include "pawl/types.hpp"

namespace pawl {

// Handed to decide(); lives as long as that call. Only the shard's thread. Everything it says is
// the same when the decision is made again from the journal.
template <class Aggregate>
class Context {
public:
    explicit Context(detail::Decision& decision) noexcept : decision_(decision) {}
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    // Adds one event to what this command will journal. It is applied after decide has accepted, in
    // the order of the calls; a rejection forgets it. The value is copied. Leaves decide when the
    // record is full (Refusal::record_too_large).
    template <class Event>
    void emit(const Event& event) {
        constexpr int index = detail::index_in<Event, typename Aggregate::Events>;
        static_assert(index >= 0,
                      "emit takes an event of the aggregate's Events list: a command cannot be "
                      "journaled as an event");
        decision_.stage_own(static_cast<std::uint16_t>(index), event);
    }

    // Adds an event to another aggregate of the same shard, in the same record: both or neither.
    // Leaves decide with Refusal::foreign_shard when another shard owns `id`.
    template <class Other, class Event>
    void emit_to(Id id, const Event& event) {
        constexpr int index = detail::index_in<Event, typename Other::Events>;
        static_assert(index >= 0, "emit_to takes an event of the other aggregate's Events list");
        const std::uint8_t type = decision_.type_of(&detail::type_key<Other>, route<Other>(id));
        decision_.stage(static_cast<std::uint16_t>(index), type, &id, &event,
                        detail::payload_bytes<Event>);
    }

    // The state of another aggregate of the same shard as it is before this command's events; null
    // when nothing ever happened to it. Valid during this decide. Leaves decide with
    // Refusal::foreign_shard as emit_to does.
    template <class Other>
    const Other* peek(Id id) const {
        const std::uint8_t type = decision_.type_of(&detail::type_key<Other>, route<Other>(id));
        return static_cast<const Other*>(decision_.peek(type, id));
    }

    // Decides one more command of this aggregate on the state after these events, inside the same
    // record. Runs only when this decide accepts, after the follow-ups asked before. A follow-up
    // that is rejected or throws leaves nothing; what came before it stands.
    template <class Command>
    void then(const Command& command) {
        constexpr int index = detail::index_in<Command, typename Aggregate::Commands>;
        static_assert(index >= 0, "then takes a command of the aggregate's Commands list");
        decision_.follow_ups->push(static_cast<std::uint16_t>(index), &command,
                                   detail::payload_bytes<Command>);
    }

    Time now() const noexcept {
        return decision_.now();
    }  // journal time of this command, monotone per shard
    Time captured() const noexcept {
        return decision_.captured();
    }  // when the command entered the engine
    Id id() const noexcept { return decision_.id(); }
    Version version() const noexcept {
        return decision_.version;
    }  // of this aggregate, before these events
    Sequence sequence() const noexcept {
        return decision_.sequence;
    }  // of this command's first event
    SessionId session() const noexcept { return decision_.session(); }    // 0 = anonymous
    CommandNumber number() const noexcept { return decision_.number(); }  // 0 = anonymous
    std::uint64_t correlation() const noexcept { return decision_.correlation(); }

    // Chance that the journal knows: the same numbers when the same command is decided again at the
    // same sequence.
    std::uint64_t random() noexcept { return decision_.draw(); }

private:
    detail::Decision& decision_;
};

}  // namespace pawl
