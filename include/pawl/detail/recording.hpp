// How a decision becomes a record: what every machine does the same way, whatever its states are.
// Knows no user type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pawl/archive.hpp"
#include "pawl/detail/decision.hpp"
#include "pawl/detail/machine.hpp"

namespace pawl::detail {

// Most commands are plain (Work::plain), and a twentieth of a command's time went by with
// looking for what they do not have: it is looked for once, and `plain` says so.

// Bytes before the first event of this command's record.
template <bool plain = false>
std::size_t header_bytes(const Work& work) noexcept {
    if constexpr (plain) return sizeof(RecordHeader);
    return sizeof(RecordHeader) + (work.message.has(message_has_links) ? sizeof(RecordLinks) : 0) +
           (work.long_wait ? sizeof(std::int64_t) : 0);
}

// The caller fills in aggregate_type, follow_ups and neighbours.
inline Decision open_decision(const Work& work, const Stage& stage, std::byte* events,
                              Version before, std::uint32_t shard) noexcept {
    stage.fetch_ahead();
    Decision decision;
    decision.cursor = events;
    decision.limit = stage.cursor + stage.record_bytes_max;
    decision.shard = shard;
    decision.work = &work;
    decision.stage_of = &stage;
    decision.version = before;
    decision.sequence = Sequence{stage.last_sequence.value + 1};
    return decision;
}

// Writes the header of a record whose events end at `end`, and moves the stage behind it. The
// checksum is the shard's.
template <bool plain = false>
void close_record(Work& work, Stage& stage, RecordKind kind, std::byte* end) noexcept {
    const MessageHeader& message = work.message.header();
    const bool long_wait = !plain && work.long_wait;
    const auto length = static_cast<std::size_t>(end - stage.cursor);
    PAWL_ASSERT(length % record_alignment == 0 && length >= sizeof(RecordHeader));
    PAWL_ASSERT(length <= stage.record_bytes_max);
    std::uint8_t flags = 0;
    std::byte* to = stage.cursor + sizeof(RecordHeader);
    if (!plain && work.message.has(message_has_links)) {
        const RecordLinks links = work.message.links();
        std::memcpy(to, &links, sizeof links);
        to += sizeof links;
        flags |= record_has_links;
    }
    if (long_wait) {
        std::memcpy(to, &message.captured_ns, sizeof message.captured_ns);
        flags |= record_has_entered;
    }
    auto& header = *reinterpret_cast<RecordHeader*>(stage.cursor);
    header.length = static_cast<std::uint32_t>(length);
    header.sequence = work.sequence.value;
    header.aggregate = message.aggregate;
    header.version = work.version.value;
    header.number = message.number;
    header.decided_ns = stage.now.ns;
    header.waited_ns = long_wait ? waited_ns_unknown
                                 : static_cast<std::uint32_t>(stage.now.ns - message.captured_ns);
    header.session = work.session_index;
    header.command_type =
        !plain && message.kind == MessageKind::fact ? no_command_type : message.command_type;
    header.event_count = work.event_count;
    header.aggregate_type = message.aggregate_type;
    header.reason = work.reason;
    header.kind_and_flags = static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) | flags);
    work.record = stage.cursor;
    stage.cursor = end;
}

// Only a named session's outcome is kept: its retry must hear the same answer after a restart.
inline void close_without_events(Work& work, Stage& stage, RecordKind kind, std::uint16_t reason,
                                 Version version) noexcept {
    work.outcome = static_cast<Outcome>(kind);
    work.reason = reason;
    work.version = version;
    work.sequence = stage.last_sequence;
    work.event_count = 0;
    if (work.session_index == 0 || work.message.header().kind == MessageKind::trial) return;
    close_record(work, stage, kind, stage.cursor + header_bytes(work));
}
static_assert(static_cast<int>(Outcome::accepted) == static_cast<int>(RecordKind::accepted));
static_assert(static_cast<int>(Outcome::rejected) == static_cast<int>(RecordKind::rejected));
static_assert(static_cast<int>(Outcome::refused) == static_cast<int>(RecordKind::refused));

inline void refuse(Work& work, Stage& stage, Refusal refusal, Version version) noexcept {
    close_without_events(work, stage, RecordKind::refused, static_cast<std::uint16_t>(refusal),
                         version);
}
inline void reject(Work& work, Stage& stage, std::uint16_t reason, Version version) noexcept {
    close_without_events(work, stage, RecordKind::rejected, reason, version);
}

// A command that would be accepted: nothing is kept.
inline void close_trial(Work& work, const Stage& stage, const Decision& decision,
                        Version version) noexcept {
    work.outcome = Outcome::accepted;
    work.version = version;
    work.sequence = stage.last_sequence;
    work.event_count = static_cast<std::uint16_t>(decision.event_count);
}

// After the events have been applied; `after` is the aggregate's version then.
template <bool plain = false>
void close_accepted(Work& work, Stage& stage, const Decision& decision, Version after) noexcept {
    const bool fact = !plain && work.message.header().kind == MessageKind::fact;
    work.outcome = Outcome::accepted;
    work.version = after;
    work.sequence = Sequence{stage.last_sequence.value + (decision.event_count != 0 ? 1U : 0U)};
    work.event_count = static_cast<std::uint16_t>(decision.event_count);
    stage.last_sequence.value += decision.event_count;
    if (decision.event_count == 0 && work.session_index == 0)
        return;  // nothing happened, nobody will ask again
    close_record<plain>(work, stage, fact ? RecordKind::fact : RecordKind::accepted,
                        decision.cursor);
}

}  // namespace pawl::detail
