// What a shard's journal amounts to at a position: states, sessions and their names. Knows machine,
// records and snapshots; not who asks, no thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/platform/memory.hpp"
#include "engine/shard/replayer.hpp"
#include "engine/shard/sessions.hpp"
#include "journal/epoch_log.hpp"
#include "journal/recovery.hpp"
#include "journal/segment_walk.hpp"
#include "journal/snapshot.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

struct FoldOptions {
    const Domain* domain = nullptr;  // outlives the fold
    std::uint32_t shard = 0;
    std::uint32_t shards = 1;
    std::uint32_t session_window = 1024;
    std::uint32_t sessions_max = 4096;
    // Compares what state records say; the shard that goes on with it writes such records. Takes
    // some nanoseconds per event and a MiB.
    bool carries_hash = false;
};

// A state record says another hash than the states have here.
struct StateDifference {
    Position position;  // of that record
    std::uint64_t there = 0;
    std::uint64_t here = 0;
    Position from;   // of the first record that may have made it: behind the last that agreed
    Sequence since;  // last event below `from`
    Sequence until;  // last event below `position`
    std::vector<std::string> late;  // states that were hashed once between the two, some of them
};

// One thread at a time. Blank at first; a shard runs on the one that recovery has filled.
class Fold final : public journal::RecordSink {
public:
    explicit Fold(const FoldOptions& options);
    Fold(const Fold&) = delete;
    Fold& operator=(const Fold&) = delete;

    // ---- filled by a walk ----
    // The first record that does not fit stops it: see failed().
    void on_record(const RecordView& record, Position position) override;
    void on_records(std::span<const std::byte> records, Position first) override;
    // Loads the snapshot, or is blank again: see journal::RecordSink.
    Status on_snapshot(journal::SnapshotReader& snapshot) override;

    bool failed() const noexcept { return failed_; }
    Position failed_at() const noexcept { return failed_at_; }
    const char* why() const noexcept { return parts_->replayer.why(); }

    // The first one since it was blank, or since it was forgotten.
    const std::optional<StateDifference>& difference() const noexcept { return difference_; }
    void forget_difference() noexcept { difference_.reset(); }

    // ---- moved on by a shard ----
    // A shard has run on its parts and has ended, in order: from here on records come again.
    struct WentOn {
        journal::ShardEnd end;
        std::uint64_t records = 0;  // the shard's own
        std::uint64_t events = 0;
        std::uint64_t schema_hash = 0;  // of the last schema in the stream
    };
    void went_on(const WentOn& so_far);

    // ---- moved on by itself ----
    // Folds the blocks from where it stands up to the first block boundary at or behind `bound`,
    // which is not above what is synced. Only a fold that was never given a record by others.
    // `walk` says where the segments are; its `from` and `bound` are set here. An error: damage, a
    // record that is not this domain's, or segments that are gone; only clear() makes sense then.
    Status advance(journal::Storage& storage, journal::WalkOptions walk, Position bound);
    // Behind the last block that was folded, or where the snapshot was made; none: still blank, or
    // filled by others.
    const std::optional<journal::WalkFrom>& place() const noexcept { return place_; }

    // ---- what it amounts to ----
    Machine& machine() noexcept { return *parts_->machine; }
    const Machine& machine() const noexcept { return *parts_->machine; }
    Sessions& sessions() noexcept { return parts_->sessions; }
    const Sessions& sessions() const noexcept { return parts_->sessions; }
    // Of the session with this index, from 1; empty when it was opened by its id alone, or by a
    // shard.
    const std::string& session_name(std::uint32_t index) const noexcept;
    std::uint64_t schema_hash() const noexcept { return parts_->replayer.schema_hash(); }
    Position end() const noexcept { return end_; }  // behind the last record
    // Since the journal's first record, those that a snapshot stands for included.
    std::uint64_t records() const noexcept { return records_; }
    std::uint64_t events() const noexcept { return events_; }
    // The stream's epochs below end().
    const journal::EpochLog& epochs() const noexcept { return epochs_; }

    // ---- snapshots ----
    std::uint64_t layout_hash() const;
    // How many of this program's aggregate types a snapshot with that layout holds: the first ones,
    // unchanged; 0: its layout is another.
    std::uint32_t tables_of(std::uint64_t layout_hash) const;
    // As new.
    void clear();

private:
    friend class LoadBody;
    struct Parts {
        explicit Parts(const FoldOptions& options);
        std::unique_ptr<ShardHeap> heap;
        std::unique_ptr<Machine> machine;
        Sessions sessions;
        Replayer replayer;
        std::vector<std::string> names;  // by session index - 1
    };
    std::size_t take_some(std::span<const std::byte> records);
    void take_other(const RecordView& record);
    void fail() noexcept;
    void note_name(const RecordView& record);
    void compare(const RecordView& record, Position position);
    void stand_at(std::optional<journal::WalkFrom> place) {
        place_ = std::move(place);
        walk_.reset();
    }

    // What StateHash remembers: some state records' worth.
    static constexpr std::size_t events_traced = (std::size_t{1} << 18) - 2;

    const FoldOptions options_;
    std::unique_ptr<Parts> parts_;
    std::optional<journal::WalkFrom> place_;
    std::unique_ptr<journal::SegmentWalk> walk_;  // stands there, while it goes well
    Position end_;
    std::uint64_t records_ = 0;
    std::uint64_t events_ = 0;
    journal::EpochLog epochs_;
    Position agreed_;  // behind the last state record that was compared, or where it began
    Sequence agreed_at_;
    std::optional<StateDifference> difference_;
    bool failed_ = false;
    Position failed_at_;
};

}  // namespace pawl::detail
