// A journal in memory with a few records of two reigns in each of two shards, for whoever is about
// to hear nonsense; and the same streams as plain bytes. Knows the journal; no wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/directory.hpp"
#include "tests/unit/journal/memory_storage.hpp"

namespace pawl::replication::fuzz {

// Where a record ends, and what the next one must follow.
struct Mark {
    Position position;
    std::uint32_t checksum = 0;
    std::uint64_t sequence = 0;
    std::int64_t time_ns = 0;
};

// One shard's stream as bytes; records are sealed here, or come from a journal.
class PlainStream final : public journal::RecordSink {
public:
    PlainStream() = default;
    explicit PlainStream(std::uint32_t seed) { marks.front().checksum = seed; }

    // One event with so many bytes; the epoch's; the states' (their hash).
    void add_event(std::size_t bytes);
    void add_epoch(std::uint64_t epoch);
    void add_state(std::uint64_t hash);
    // Records as they are, but each fits behind the one before: in length, number, time, checksum.
    void add_mended(std::span<const std::byte> records);

    // Without what comes behind this mark.
    void cut(std::size_t mark);

    Position begin() const { return marks.front().position; }
    Position end() const { return marks.back().position; }
    const Mark& last() const { return marks.back(); }
    journal::ShardEnd shard_end() const {
        return {last().position, last().checksum, Sequence{last().sequence}, last().time_ns,
                epochs};
    }
    std::span<const std::byte> from(Position position) const {
        return std::span(bytes).subspan(position.value - begin().value);
    }
    // The mark at this position; null: no record ends there.
    const Mark* at(Position position) const;
    bool is_beginning_of(const PlainStream& whole) const;

    // Of a journal that is opened, or follows.
    void on_record(const detail::RecordView& record, Position position) override;
    Status on_snapshot(journal::SnapshotReader& snapshot) override;

    std::vector<std::byte> bytes;
    std::vector<Mark> marks{Mark{}};
    journal::EpochLog epochs;
    std::uint64_t state_hash = 0;  // of the last state record

private:
    detail::RecordHeader& make(detail::RecordKind kind, std::size_t body_bytes);
    void seal();
};

class SmallJournal {
public:
    static constexpr std::uint32_t shards = 2;
    static constexpr std::uint64_t epoch = 2;  // the last one in it

    // Blank: a disk without a directory. Else the past is in it, on disk.
    explicit SmallJournal(bool blank = false);
    ~SmallJournal();
    SmallJournal(const SmallJournal&) = delete;
    SmallJournal& operator=(const SmallJournal&) = delete;

    static journal::DirectoryOptions options();
    Status open();  // streams are then what it gave
    Status open_as(const journal::Identity& identity) {
        identity_ = identity;
        return open();
    }
    Status close();
    void kill() { directory_.reset(); }
    void cut_power();
    // A snapshot of what is on disk.
    Status snapshot(std::uint32_t shard);
    // What the stream has beyond the journal's end.
    void commit(std::uint32_t shard);
    void write(std::uint32_t shard);  // as far as one turn goes
    void write_all(std::uint32_t shard);

    journal::testing::MemoryStorage& storage() { return storage_; }
    journal::Directory& directory() { return *directory_; }
    bool is_open() const { return directory_ != nullptr; }
    PlainStream& stream(std::uint32_t shard) { return *streams_[shard]; }
    const PlainStream& stream(std::uint32_t shard) const { return *streams_[shard]; }

private:
    journal::testing::MemoryStorage storage_;
    journal::Identity identity_{};
    std::vector<std::unique_ptr<PlainStream>> streams_;
    std::unique_ptr<journal::Directory> directory_;
};

}  // namespace pawl::replication::fuzz
