// Looks into a journal directory: prints, verifies, counts. Read-only, safe beside a running
// engine; knows nothing of the program that wrote it. Only journal_heal changes anything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl {

// Which records. A record is wanted when it meets every condition that is set; a list is met by any
// of its names. Names are those of the journal's own schema.
struct DumpOptions {
    std::optional<std::uint32_t> shard;
    std::optional<std::string> session;         // by name, however it was opened
    std::optional<std::uint64_t> number;        // of the command in its session
    std::optional<std::string> aggregate_type;  // of the record or of one of its events
    std::optional<Id> aggregate;                // the same
    std::vector<std::string> commands;          // types
    std::vector<std::string> events;            // types: the record has one of them
    std::vector<std::string> kinds;  // accepted rejected refused fact schema session epoch mark
    std::optional<Time> time_min;    // when it was decided, both included
    std::optional<Time> time_max;
    std::uint64_t sequence_min = 0;
    std::uint64_t sequence_max = ~std::uint64_t{0};
    Position position_end{~std::uint64_t{0}};  // records below it
    std::uint64_t records_max = ~std::uint64_t{0};
    std::function<bool(std::string_view json_line)> matches;  // empty: every line
    // Gets what a reader should know and no record says. May be empty.
    std::function<void(const std::string& sentence)> on_sentence;
};

// Appends the text as a JSON string with its quotes. Whatever its bytes, what comes out is valid
// JSON in UTF-8: a byte that is not part of UTF-8 becomes the character of its number.
void append_json_string(std::string_view text, std::string& out);

using PrintLine = std::function<void(std::string_view json_line)>;

// Calls `print` with one JSON object per record, shard by shard, in order; returns how many. What a
// running or killed engine has committed but not yet written to segments is included, and so are
// archived segments. An error (damage, a name that no schema here has) comes after everything
// before it was printed.
Result<std::uint64_t> journal_dump(const std::string& directory, const DumpOptions& options,
                                   const PrintLine& print);

// What verifying one shard found.
struct VerifyShard {
    std::uint32_t shard = 0;
    bool clean = true;             // nothing that was durable is wrong
    std::string found;             // clean_end, torn_tail, live_tail, suspect, damage, divergent
    Position begin;                // of the first record that is here
    Position end;                  // everything below is good and in segments
    std::uint64_t durable = 0;     // highest position that is known to have been on disk
    std::uint64_t head_bytes = 0;  // good bytes that only the head has yet
    std::uint64_t torn_bytes = 0;  // behind the end, within the bound: the next opening cuts them
    std::uint64_t records = 0;
    std::uint64_t events = 0;
    std::uint64_t segments = 0;
    std::uint64_t blocks = 0;
    std::uint64_t snapshots = 0;         // whole, and of this history
    std::vector<std::string> sentences;  // what, where, how to go on
};

struct VerifyReport {
    bool clean = true;
    bool live = false;  // a process holds the directory
    std::string holder;
    std::vector<VerifyShard> shards;
};

// Checks every hash, checksum and position. Damage is a finding in the report; an error only when
// the directory cannot be read as a journal at all.
Result<VerifyReport> journal_verify(const std::string& directory);

// ---- heal ----

// Whole records [from, to) of a shard from where they are whole. `checksum_before`: of the record
// that ends at `from`; (position, checksum) names one history. An error: they are not there.
using FetchRecords = std::function<Result<std::vector<std::byte>>(
    std::uint32_t shard, Position from, std::uint32_t checksum_before, Position to)>;

// From another copy of the directory, which may be in use.
FetchRecords records_of_directory(const std::string& directory);

// A block, or the header page of a segment, that is what it was.
struct HealedBlock {
    std::uint32_t shard = 0;
    Position begin, end;  // of its records; equal: a segment's header
    std::string path;     // of the segment
    std::uint64_t offset_bytes = 0;
    std::uint64_t bytes = 0;
    bool fetched = false;         // false: from what was readable here
    std::string quarantine_file;  // what stood there before
};

struct HealReport {
    std::vector<HealedBlock> healed;
    std::vector<std::string> left;  // sentences: what is damaged still, and why
};

// Puts back every damaged block that can be put back byte for byte: its records chain on, and its
// name is the one that the next block knows (of the last block: its checksum is the one that the
// manifest knows). Nothing else is changed; what stood there is kept in quarantine/. May be killed
// and begun again at any moment. An error: somebody has it open (locked), or files cannot be read
// or written. What is not damage, a torn tail for one, is left to the next opening.
Result<HealReport> journal_heal(const std::string& directory, const FetchRecords& fetch);

struct StatShard {
    std::uint32_t shard = 0;
    Position begin;      // of the first record that is here, archived or not
    Position end;        // in segments
    Position committed;  // in the head; the same as end when there is none
    std::uint64_t records = 0;
    std::uint64_t rejected = 0;
    std::uint64_t events = 0;
    std::uint64_t sessions = 0;
    std::uint64_t segments = 0;  // in use, archived ones too
    std::uint64_t blocks = 0;
    std::uint64_t disk_bytes = 0;  // of the segment files in the shard's folder
    std::uint64_t archived_segments = 0;
    std::uint64_t archived_bytes = 0;
    std::uint64_t snapshots = 0;  // whose header is intact
    std::uint64_t snapshot_bytes = 0;
    Position snapshot;  // of the newest one
    Time first, last;
};

// Where a named reader stands.
struct StatCursor {
    std::string name;
    std::vector<Position> places;    // one per shard
    std::uint64_t behind_bytes = 0;  // what it has not read, all shards together
    std::string fault;               // why it cannot be read, empty when it can
};

struct StatReport {
    std::string identity;
    std::uint32_t format = 0;
    std::uint64_t epoch = 0;
    bool live = false;
    std::string holder;
    bool closed_clean = false;
    std::uint64_t segment_bytes = 0;
    std::uint64_t head_bytes = 0;
    std::string heads;
    std::vector<StatShard> shards;
    std::vector<StatCursor> cursors;
};

Result<StatReport> journal_stat(const std::string& directory);

// ---- tail ----

struct TailOptions {
    DumpOptions filter;       // records_max is not looked at
    std::uint64_t last = 10;  // so many of the records that are there at first, of all shards
};

// Follows a journal from outside. One thread. Nothing of it stands in the way of an engine that
// runs on the directory: the engine may be killed, closed and opened again, and retention may
// archive what was read.
class JournalTail {
public:
    static Result<JournalTail> open(const std::string& directory, const TailOptions& options);
    JournalTail(JournalTail&&) noexcept;
    JournalTail& operator=(JournalTail&&) noexcept;
    ~JournalTail();

    // Prints what was not printed yet; returns how many. The first call prints the last records in
    // the order of their time; later ones shard by shard. Waits for nobody: 0 when nothing is new.
    Result<std::uint64_t> poll(const PrintLine& print);

private:
    struct Parts;
    explicit JournalTail(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

// ---- diff ----

struct DiffOptions {
    std::optional<std::uint32_t> shard;
    bool times = true;     // false: when commands came and were decided may differ
    bool openings = true;  // false: what openings write is passed over: one of the two was opened
                           // more often
    std::function<void(const std::string& sentence)> on_sentence;  // as in DumpOptions
};

struct DiffField {
    std::string path;  // "events[0].data.price"
    std::string a, b;  // as JSON; empty: it has none
};

// What comparing one shard found, up to its first difference.
struct DiffShard {
    enum class Found : std::uint8_t { same, differs, a_ends, b_ends };
    std::uint32_t shard = 0;
    Found found = Found::same;
    std::uint64_t records_same = 0;
    Position begin;                   // where comparing began: the first record both have
    Position position_a, position_b;  // of the first difference, or the ends
    std::string record_a, record_b;   // as JSON; empty: it ends there
    std::vector<DiffField> fields;    // which differ; "bytes" is what JSON does not show
    std::uint64_t records_more = 0;   // in the one that goes on
};

struct DiffReport {
    bool same = true;
    std::vector<DiffShard> shards;
};

// Compares two journals shard by shard, record by record. What must differ is not looked at:
// identities, checksums (they are chained from the identity) and the random number of each opening.
Result<DiffReport> journal_diff(const std::string& a, const std::string& b,
                                const DiffOptions& options);

}  // namespace pawl
