// The language of the journal's tests: append, sync, snapshot, retain, kill, cut the power, open
// again, compare with a plain list.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/block.hpp"
#include "journal/directory.hpp"
#include "journal/seal.hpp"
#include "memory_storage.hpp"

namespace pawl::journal::testing {

inline constexpr const char* schema_of_tests =
    "pawl-schema 1\naggregate 0 Box\ncommand 0 0 Put value:u64\nevent 0 0 Filled "
    "value:u64 rest:bytes<6000>\n";

// Sanitizers are slow: where a test tries everything, it may try a part of it there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

// One record as the naive model keeps it.
struct Entry {
    Position position;
    std::uint64_t sequence = 0;
    std::vector<std::byte> bytes;
};
using History = std::vector<Entry>;

// Keeps every record; so the fold of a journal is its whole history, and that is a snapshot's body.
class Collector final : public RecordSink {
public:
    void on_record(const detail::RecordView& record, Position position) override {
        history.push_back(
            {position, record.header().sequence,
             std::vector<std::byte>(record.bytes(), record.bytes() + record.length())});
    }
    Status on_snapshot(SnapshotReader& snapshot) override {
        if (!refusal.empty()) return Error{ErrorCode::mismatch, refusal};
        History loaded;
        std::uint64_t begin[2];
        while (snapshot.left() != 0) {
            if (auto status = snapshot.read(std::as_writable_bytes(std::span(begin))); !status.ok())
                return status;
            Entry entry{Position{begin[0]}, 0, std::vector<std::byte>(begin[1])};
            if (auto status = snapshot.read(entry.bytes); !status.ok()) return status;
            entry.sequence = detail::RecordView(entry.bytes.data()).header().sequence;
            loaded.push_back(std::move(entry));
        }
        history = std::move(loaded);
        return Done{};
    }
    Status save(SnapshotWriter& writer) const {
        for (const auto& entry : history) {
            const std::uint64_t begin[2] = {entry.position.value, entry.bytes.size()};
            if (auto status = writer.write(std::as_bytes(std::span(begin))); !status.ok())
                return status;
            if (auto status = writer.write(entry.bytes); !status.ok()) return status;
        }
        return Done{};
    }
    // Of the whole history: naive, from its records.
    EpochLog epochs() const {
        EpochLog log;
        for (const auto& entry : history)
            static_cast<void>(log.note(detail::RecordView(entry.bytes.data()), entry.position));
        return log;
    }
    History history;
    std::string refusal;  // not empty: it takes no snapshot
};

inline std::int64_t standing_clock() noexcept {
    return 0;
}

inline DirectoryOptions small_options(const std::string& path = "dir") {
    DirectoryOptions options;
    options.path = path;
    options.heads = "heads";
    options.segment_bytes = segment_bytes_min;
    options.head_bytes = head_bytes_min;
    options.inflight_bytes_max = 16384;
    options.schema_text = schema_of_tests;
    options.parallel_recovery = false;
    options.random = [state = std::uint64_t{7}]() mutable {
        return state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    };
    options.monotonic_ns = &standing_clock;
    return options;
}

// Builds one record with one event into `to`; returns its bytes.
inline std::size_t build_record(std::byte* to, std::uint64_t sequence, std::size_t payload_bytes,
                                std::uint32_t previous_checksum) {
    const std::size_t length =
        sizeof(detail::RecordHeader) + sizeof(detail::EventHeader) + detail::padded(payload_bytes);
    std::memset(to, 0, length);
    auto& header = *reinterpret_cast<detail::RecordHeader*>(to);
    header.length = static_cast<std::uint32_t>(length);
    header.sequence = sequence;
    header.aggregate = sequence % 10;
    header.version = sequence;
    header.decided_ns = static_cast<std::int64_t>(sequence);
    header.event_count = 1;
    header.kind_and_flags = static_cast<std::uint8_t>(detail::RecordKind::accepted);
    auto& event = *reinterpret_cast<detail::EventHeader*>(to + sizeof header);
    event.size = static_cast<std::uint32_t>(payload_bytes);
    for (std::size_t i = 0; i < payload_bytes; ++i)
        to[sizeof header + sizeof event + i] = static_cast<std::byte>(sequence * 31 + i);
    seal(header, previous_checksum);
    return length;
}

// A directory with one shard whose records are counted by a plain list.
class Life {
public:
    explicit Life(DirectoryOptions options = small_options()) : options_(std::move(options)) {}

    MemoryStorage storage;
    History written;                 // everything that was ever committed and not known to be lost
    std::uint64_t synced_count = 0;  // of them, acknowledged as synced

    DirectoryOptions& options() { return options_; }
    Directory& directory() { return *directory_; }
    Head& head() { return directory_->head(0); }
    Journaler& journaler() { return directory_->journaler(0); }
    SegmentPreparer& preparer() { return directory_->preparer(0); }
    const ShardReport& report() const { return directory_->report().shards.at(0); }
    const Error& error() const { return error_; }
    bool is_open() const { return directory_ != nullptr; }

    // Opens; keeps what was replayed in `replayed`.
    bool open() {
        storage.make_directory("heads").ok();
        Collector collector;
        collector.refusal = snapshot_refusal;
        auto opened = Directory::open(storage, options_,
                                      [&](std::uint32_t) -> RecordSink& { return collector; });
        replayed = std::move(collector.history);
        if (!opened.ok()) {
            error_ = opened.error();
            return false;
        }
        directory_ = std::move(opened).value();
        const ShardEnd& end = directory_->end(0);
        position_ = end.end;
        checksum_ = end.last_checksum;
        sequence_ = end.last_sequence.value;
        return true;
    }
    History replayed;
    std::string snapshot_refusal;  // not empty: the next opening takes no snapshot, and says this

    // Folds what is synced, from the newest snapshot on, into a new one.
    Status snapshot() {
        WalkOptions walk = directory_->walk_options(0);
        walk.bound = head().synced();
        Collector fold;
        auto there = list_snapshots(storage, options_.path, 0);
        if (!there.ok()) return there.error();
        if (!there->empty()) {
            auto reader =
                SnapshotReader::open(storage, there->front(), directory_->manifest().identity, 0);
            if (!reader.ok()) return reader.error();
            if (auto status = fold.on_snapshot(**reader); !status.ok()) return status;
            walk.from = (*reader)->facts().from();
        }
        auto end = walk_segments(storage, walk, fold);
        if (!end.ok()) return end.error();
        EXPECT_TRUE(end->bound_reached);
        if (end->tail.segment_index == 0) return Done{};  // nothing yet
        auto writer = directory_->snapshot_writer(0, 100);
        if (!writer.ok()) return writer.error();
        if (auto status = fold.save(**writer); !status.ok()) return status;
        const WalkFrom place = continued(*end);
        SnapshotFacts facts;
        facts.tail = place.tail;
        facts.last_offset_bytes = place.last_offset_bytes;
        facts.last_bytes = place.last_bytes;
        facts.epoch = place.epoch;
        facts.records = fold.history.size();
        facts.events = facts.records;
        facts.epochs = fold.epochs();
        return (*writer)->finish(facts);
    }
    Result<RetentionReport> retain(Retention segments,
                                   Position lowest_needed = Position{~std::uint64_t{0}}) {
        return directory_->retain(0, {.segments = segments}, lowest_needed);
    }
    std::vector<std::string> snapshots() {
        auto paths = list_snapshots(storage, options_.path, 0);
        return paths.ok() ? paths.value() : std::vector<std::string>{};
    }

    // Commits one record in the head. False when the head is full.
    bool append(std::size_t payload_bytes = 24) {
        const std::size_t length = sizeof(detail::RecordHeader) + sizeof(detail::EventHeader) +
                                   detail::padded(payload_bytes);
        const Position end{position_.value + length};
        if (end > head().writable_end()) return false;
        head().announce(end);
        std::byte* const at = head().at(position_);
        build_record(at, sequence_ + 1, payload_bytes, checksum_);
        checksum_ = reinterpret_cast<detail::RecordHeader*>(at)->checksum;
        head().publish(end, checksum_);
        written.push_back({position_, ++sequence_, std::vector<std::byte>(at, at + length)});
        position_ = end;
        return true;
    }
    // Commits the record that begins an epoch. False when the head is full.
    bool append_epoch(std::uint64_t epoch) {
        const std::size_t length = sizeof(detail::RecordHeader) + sizeof(detail::EpochRecord);
        const Position end{position_.value + length};
        if (end > head().writable_end()) return false;
        head().announce(end);
        std::byte* const at = head().at(position_);
        std::memset(at, 0, length);
        auto& header = *reinterpret_cast<detail::RecordHeader*>(at);
        header.length = static_cast<std::uint32_t>(length);
        header.sequence = sequence_;
        header.decided_ns = static_cast<std::int64_t>(sequence_);
        header.command_type = detail::no_command_type;
        header.kind_and_flags = static_cast<std::uint8_t>(detail::RecordKind::epoch);
        const detail::EpochRecord body{epoch, 77};
        std::memcpy(at + sizeof header, &body, sizeof body);
        seal(header, checksum_);
        checksum_ = header.checksum;
        head().publish(end, checksum_);
        written.push_back({position_, sequence_, std::vector<std::byte>(at, at + length)});
        position_ = end;
        return true;
    }
    Position end() const { return position_; }
    std::uint32_t checksum() const { return checksum_; }
    // Makes everything durable. False when the journaler cannot.
    bool sync() {
        const auto status = journaler().drain(0);
        count_synced();
        return status.ok();
    }
    // Appends n records, syncing whenever the head is full.
    bool append_many(int n, std::size_t payload_bytes = 24) {
        for (int i = 0; i < n; ++i)
            if (!append(payload_bytes) && !(sync() && append(payload_bytes))) return false;
        return true;
    }
    // Blocks of 20 records each, all of them durable.
    bool append_blocks(int n) {
        for (int i = 0; i < n; ++i)
            if (!append_many(20) || !sync()) return false;
        return true;
    }
    void count_synced() {
        while (synced_count < written.size() &&
               written[synced_count].position.value + written[synced_count].bytes.size() <=
                   head().synced().value)
            ++synced_count;
    }
    Status close() {
        const auto status = directory_->close();
        if (status.ok()) synced_count = written.size();
        directory_.reset();
        return status;
    }
    void kill() {
        if (directory_ != nullptr) count_synced();
        directory_.reset();
        storage.revive();
    }
    void cut_power(Unsynced unsynced = Unsynced::lost) {
        kill();
        storage.cut_power(unsynced);
    }
    // After an opening: the journal is the truth about what was not acknowledged.
    void believe_replayed() {
        written = replayed;
        synced_count = written.size();
    }

    std::string segment(std::uint64_t index) const { return segment_path(options_.path, 0, index); }
    std::vector<std::byte>& bytes(std::uint64_t segment_number) {
        return storage.bytes_of(segment(segment_number));
    }

private:
    DirectoryOptions options_;
    std::unique_ptr<Directory> directory_;
    Error error_;
    Position position_;
    std::uint32_t checksum_ = 0;
    std::uint64_t sequence_ = 0;
};

inline bool says(const Life& life, const std::string& words) {
    for (const auto& sentence : life.report().sentences)
        if (sentence.find(words) != std::string::npos) return true;
    return false;
}

// Where the blocks of a segment begin.
inline std::vector<std::uint64_t> blocks_of(const std::vector<std::byte>& segment) {
    std::vector<std::uint64_t> offsets;
    for (std::uint64_t at = block_alignment_bytes; at < segment.size();) {
        BlockHeader header{};
        std::memcpy(&header, segment.data() + at, sizeof header);
        if (!intact(header, segment.size() - at)) break;
        offsets.push_back(at);
        at += header.block_bytes;
    }
    return offsets;
}

// `found` is the first `found.size()` records of `all`, and at least `least` of them.
inline ::testing::AssertionResult is_prefix(const History& found, const History& all,
                                            std::size_t least) {
    if (found.size() > all.size() || found.size() < least)
        return ::testing::AssertionFailure()
               << found.size() << " records of " << all.size() << ", expected at least " << least;
    for (std::size_t i = 0; i < found.size(); ++i)
        if (found[i].position != all[i].position || found[i].bytes != all[i].bytes)
            return ::testing::AssertionFailure() << "record " << i << " differs";
    return ::testing::AssertionSuccess();
}

}  // namespace pawl::journal::testing
