// What recovery found and did, and who receives the records. Knows reports; the work is in
// recovery.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journal/epoch_log.hpp"
#include "journal/judge.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

class SnapshotReader;

// So many are best handed to a sink together: they are still near when it looks at them again.
inline constexpr std::size_t records_at_once = 64;

// Receives a shard's records at recovery, in order, once each, on that shard's recovery thread.
struct RecordSink {
    virtual ~RecordSink() = default;
    // Before the first record, perhaps several times until one is taken: load this snapshot, whose
    // bytes are intact. Done: the records that follow begin at its position. An error says why it
    // cannot be used; the sink is then as blank as before. Without this function: never used.
    virtual Status on_snapshot(SnapshotReader& snapshot);
    virtual void on_record(const detail::RecordView& record, Position position) = 0;
    // Any number in a row, for who has more to do with them together: on_record() for each.
    virtual void on_records(std::span<const std::byte> records, Position first);
};

// Where a shard's stream goes on.
struct ShardEnd {
    Position end;
    std::uint32_t last_checksum = 0;
    Sequence last_sequence;
    std::int64_t last_time_ns = 0;
    EpochLog epochs;  // of the stream below end
};

enum class HeadFound : std::uint8_t {
    not_needed,  // a new directory, or closed in order
    used,        // it continued the segments (by nothing or more), and what it had is written down
    absent,      // gone after an end that was not clean: what was not yet on disk is lost
    stale,       // of an earlier life: never applied
    foreign,     // of another directory: never applied
    damaged,     // not readable as what it should be: never applied
};
const char* to_string(HeadFound) noexcept;

// One command that was cut with a torn tail: it was never on disk as a whole block.
struct CutCommand {
    Position position;
    Sequence sequence;
    std::uint32_t session_index = 0;
    std::uint64_t number = 0;
    std::uint64_t aggregate = 0;
    std::uint16_t command_type = 0;
    std::uint8_t kind = 0;
};

// A snapshot that recovery did not use.
struct PassedOver {
    std::string path;
    std::string why;
};

struct ShardReport {
    std::uint32_t shard = 0;
    Case found = Case::clean_end;
    HeadFound head = HeadFound::not_needed;
    // What only memory had is not all here. An old head that ends before the segments do is one of
    // an opening that was not finished: all it had had been written down.
    bool memory_lost = false;
    std::uint64_t records = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;       // of the stream that was replayed, records and events too
    std::uint64_t head_bytes = 0;  // of them, written down from the head
    std::uint64_t cut_bytes = 0;   // set aside, in the file below
    double seconds = 0;
    Position snapshot_position;  // replayed from here; 0: from the beginning
    std::string snapshot_path;   // empty: none was used
    std::vector<PassedOver> passed_over;
    std::vector<CutCommand> cut;
    std::string quarantine_file;         // empty: nothing was cut
    std::vector<std::string> sentences;  // for people: anything that is not ordinary
};

struct RecoveryReport {
    bool created = false;  // there was nothing: a new directory
    std::vector<ShardReport> shards;
};

}  // namespace pawl::journal
