// Layout of records and events: the bytes of a shard's stream. Knows no disk, no thread, no user
// type. Blocks, segments and the manifest are in journal/layout.hpp; the prose twin is
// docs/journal-format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pawl/detail/assert.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

inline constexpr std::size_t record_alignment = 8;

constexpr std::size_t padded(std::size_t bytes) noexcept {
    return (bytes + (record_alignment - 1)) & ~(record_alignment - 1);
}

// What a record is. Numbers on disk: never reused.
enum class RecordKind : std::uint8_t {
    accepted = 1,  // a command's events
    rejected = 2,  // a named session's command that the aggregate rejected: no events
    refused = 3,   // a named session's command that the engine refused: no events
    fact = 4,      // events recorded without a decision
    schema = 5,    // names and types of every event's fields, as text; holds for what follows
    session = 6,   // opens a session in this shard: SessionRecord and its name
    epoch = 7,     // a new reign begins: EpochRecord
    mark = 8,      // a named position in every shard: MarkRecord and its name
    state = 9,     // what all states of the shard hash to here: StateRecord
};
inline constexpr std::uint8_t record_kind_max = 9;

// What is kept of a command, or of a fact.
constexpr bool is_answer(RecordKind kind) noexcept {
    return kind >= RecordKind::accepted && kind <= RecordKind::fact;
}
// Of those, the ones that change states.
constexpr bool has_events(RecordKind kind) noexcept {
    return kind == RecordKind::accepted || kind == RecordKind::fact;
}

// Sections that may stand between the header and the events, in this order. High nibble of
// kind_and_flags.
inline constexpr std::uint8_t record_has_links = 0x10;  // RecordLinks
inline constexpr std::uint8_t record_has_entered =
    0x20;  // std::int64_t captured_ns, when waited_ns is too small

inline constexpr std::uint16_t no_command_type = 0xFFFF;
inline constexpr std::uint8_t no_aggregate_type = 0xFF;
inline constexpr std::uint32_t waited_ns_unknown = 0xFFFF'FFFF;

// One command's outcome. 64 bytes, then sections, then events or text; padded with zeros to 8
// bytes.
struct RecordHeader {
    std::uint32_t length;  // bytes of the whole record: a multiple of 8, at least 64
    std::uint32_t
        checksum;  // crc32c of everything but this field, seeded with the previous record's
    std::uint64_t sequence;       // of the first event; without events: of the last event so far
    std::uint64_t aggregate;      // Id
    std::uint64_t version;        // of the aggregate after this record
    std::uint64_t number;         // of the command in its session; 0 = anonymous
    std::int64_t decided_ns;      // journal time: monotone within a shard
    std::uint32_t waited_ns;      // decided - captured; waited_ns_unknown: see record_has_entered
    std::uint32_t session;        // index of the session in this shard, from 1; 0 = anonymous
    std::uint16_t command_type;   // index over all aggregates' commands; no_command_type = none
    std::uint16_t event_count;    // events in this record
    std::uint8_t aggregate_type;  // index in Engine<...>'s list; no_aggregate_type = none
    std::uint8_t kind_and_flags;  // RecordKind in the low nibble, sections in the high one
    std::uint16_t reason;         // why a command was rejected or refused; 0 otherwise

    RecordKind kind() const noexcept { return static_cast<RecordKind>(kind_and_flags & 0x0F); }
    bool has(std::uint8_t section) const noexcept { return (kind_and_flags & section) != 0; }
};
static_assert(sizeof(RecordHeader) == 64);
static_assert(offsetof(RecordHeader, checksum) == 4);
static_assert(offsetof(RecordHeader, decided_ns) == 40);
static_assert(offsetof(RecordHeader, kind_and_flags) == 61);

// Who asked, and what caused it. Present only when the command carried one of them.
struct RecordLinks {
    std::uint64_t correlation;
    std::uint64_t cause;
};
static_assert(sizeof(RecordLinks) == 16);

// One event inside a record: this header, [the target's id], the payload, zeros up to 8 bytes.
struct EventHeader {
    std::uint32_t size;           // bytes of the payload, without padding
    std::uint16_t type;           // index in the aggregate's Events list
    std::uint8_t aggregate_type;  // index in Engine<...>'s list
    std::uint8_t flags;           // event_has_target
};
static_assert(sizeof(EventHeader) == 8);
inline constexpr std::uint8_t event_has_target =
    1;  // another aggregate than the record's: its id follows

// Payload of RecordKind::session, followed by name_bytes of name.
struct SessionRecord {
    std::uint64_t id;
    std::uint32_t index;
    std::uint32_t name_bytes;
};
static_assert(sizeof(SessionRecord) == 16);

// Payload of RecordKind::epoch.
struct EpochRecord {
    std::uint64_t epoch;
    std::uint64_t boot;  // random number of this opening
};
static_assert(sizeof(EpochRecord) == 16);

// Payload of RecordKind::mark, followed by name_bytes of name.
struct MarkRecord {
    std::uint64_t id;  // the same in every shard: a mark that is not in all of them is none
    std::uint32_t name_bytes;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(MarkRecord) == 16);
inline constexpr std::size_t mark_name_bytes_max = 255;

// Payload of RecordKind::state: written by a primary that others follow, who compare.
struct StateRecord {
    std::uint64_t hash;   // Machine::state_hash()
    std::uint64_t way;    // StateHash::take_way(): of every event since
    std::uint64_t since;  // last event below the state record before, or below the reign
};
static_assert(sizeof(StateRecord) == 24);

// Payload of RecordKind::schema: text_bytes of text follow.
struct SchemaRecord {
    std::uint64_t hash;
    std::uint32_t text_bytes;
    std::uint32_t version;
};
static_assert(sizeof(SchemaRecord) == 16);

// One event as it stands in a record. Points into the record's bytes; lives as long as they do.
struct EventView {
    const EventHeader* header = nullptr;
    std::uint64_t target = 0;  // id of the aggregate it belongs to
    const std::byte* payload = nullptr;
};

// Reads one record whose length has been checked against the bytes at hand. Points; owns nothing.
class RecordView {
public:
    explicit RecordView(const std::byte* bytes) noexcept : bytes_(bytes) {
        PAWL_ASSERT(bytes != nullptr);
    }

    const RecordHeader& header() const noexcept {
        return *reinterpret_cast<const RecordHeader*>(bytes_);
    }
    const std::byte* bytes() const noexcept { return bytes_; }
    std::size_t length() const noexcept { return header().length; }

    std::size_t body_offset() const noexcept {
        return sizeof(RecordHeader) + (header().has(record_has_links) ? sizeof(RecordLinks) : 0) +
               (header().has(record_has_entered) ? sizeof(std::int64_t) : 0);
    }
    const std::byte* body() const noexcept { return bytes_ + body_offset(); }
    std::size_t body_bytes() const noexcept { return length() - body_offset(); }

    RecordLinks links() const noexcept {
        RecordLinks links{};
        if (header().has(record_has_links))
            std::memcpy(&links, bytes_ + sizeof(RecordHeader), sizeof links);
        return links;
    }
    std::int64_t captured_ns() const noexcept {
        if (!header().has(record_has_entered)) return header().decided_ns - header().waited_ns;
        std::int64_t ns = 0;
        std::memcpy(&ns, body() - sizeof ns, sizeof ns);
        return ns;
    }

    // Calls visit(const EventView&) for each event, in order. False when the events do not fit the
    // record exactly: only foreign or damaged bytes can do that; events before the bad one were
    // visited.
    template <class Visit>
    bool for_each_event(Visit&& visit) const {
        if (header().length < body_offset()) return false;
        const std::byte* cursor = body();
        std::size_t left = body_bytes();
        for (unsigned i = 0; i < header().event_count; ++i) {
            if (left < sizeof(EventHeader)) return false;
            EventView event;
            event.header = reinterpret_cast<const EventHeader*>(cursor);
            event.target = header().aggregate;
            std::size_t used = sizeof(EventHeader);
            if ((event.header->flags & event_has_target) != 0) {
                if (left < used + sizeof event.target) return false;
                std::memcpy(&event.target, cursor + used, sizeof event.target);
                used += sizeof event.target;
            }
            const std::size_t payload = padded(event.header->size);
            if (left - used < payload) return false;
            event.payload = cursor + used;
            visit(static_cast<const EventView&>(event));
            cursor += used + payload;
            left -= used + payload;
        }
        return left == 0;
    }

private:
    const std::byte* bytes_;
};

}  // namespace pawl::detail
