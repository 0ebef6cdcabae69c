// A journal directory opened for writing: lock, manifest, and per shard head, journaler and
// segments. Knows how they are put together; not who runs them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "journal/head.hpp"
#include "journal/journaler.hpp"
#include "journal/manifest.hpp"
#include "journal/reader.hpp"
#include "journal/recovery.hpp"
#include "journal/retention.hpp"
#include "journal/segment.hpp"
#include "journal/segment_walk.hpp"
#include "journal/snapshot.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

struct DirectoryOptions {
    std::string path;
    std::uint32_t shards = 1;
    std::uint64_t router_hash = 0;
    std::string schema_text;
    // Fixed at creation; a later opening uses what the manifest says.
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t head_bytes = head_bytes_default;
    std::string heads = "/dev/shm";
    std::uint64_t session_window = 0;
    std::uint64_t random_seed = 0;  // 0: chosen by `random`
    // Of this life.
    std::uint64_t inflight_bytes_max = inflight_bytes_default;
    std::int64_t flush_interval_ns = 10'000'000;
    bool parallel_recovery = true;
    // Called during recovery, one call at a time, from the recovering threads. May be empty.
    std::function<void(std::uint32_t shard, std::uint64_t bytes_done, std::uint64_t bytes_total)>
        progress;
    // Called when every shard is recovered and nothing on disk says so yet: a life that ends in it
    // finds the same again. May be empty.
    std::function<Status(const RecoveryReport&)> recovered;
    std::function<std::uint64_t()> random;              // empty: the system's
    std::int64_t (*monotonic_ns)() noexcept = nullptr;  // null: the system's
};

// One process at a time. Destroyed without close(), it leaves the directory as kill -9 would.
class Directory {
public:
    using SinkOf = std::function<RecordSink&(std::uint32_t shard)>;

    // Creates it when there is nothing, else recovers it: sinks(shard) receives each shard's
    // records. Begins a new epoch. `storage` must outlive the directory.
    static Result<std::unique_ptr<Directory>> open(Storage& storage,
                                                   const DirectoryOptions& options,
                                                   const SinkOf& sinks);
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    const std::string& path() const noexcept;
    const Manifest& manifest() const noexcept;
    const RecoveryReport& report() const noexcept;
    std::uint64_t epoch() const noexcept { return manifest().epoch(); }
    std::uint32_t shards() const noexcept { return manifest().shards; }
    std::uint64_t record_bytes_max() const noexcept;  // no record may be larger

    Head& head(std::uint32_t shard) noexcept;
    Journaler& journaler(std::uint32_t shard) noexcept;
    SegmentPreparer& preparer(std::uint32_t shard) noexcept;
    const ShardEnd& end(std::uint32_t shard) const noexcept;  // at opening
    std::unique_ptr<StreamReader> reader(std::uint32_t shard) const;

    // Beside the running engine, from any thread, per shard one at a time:
    // A walk over what is synced; the caller sets `from` and a `bound` that is not above
    // Head::synced().
    WalkOptions walk_options(std::uint32_t shard) const;
    // Refused (disk_full) when the disk could not keep what the next segments need beside it.
    Result<std::unique_ptr<SnapshotWriter>> snapshot_writer(std::uint32_t shard,
                                                            std::uint64_t estimate_bytes);
    // In slices, or at once. The pass must not outlive the directory.
    std::unique_ptr<RetentionPass> begin_retention(std::uint32_t shard,
                                                   const RetentionOptions& options);
    Result<RetentionReport> retain(std::uint32_t shard, const RetentionOptions& options,
                                   Position lowest_needed);
    Kept kept(std::uint32_t shard) const;  // manifest().kept changes beside you: ask here instead

    // When nobody else uses the parts any more: writes everything, marks the end clean, removes the
    // heads, unlocks.
    Status close();

private:
    struct Parts;
    explicit Directory(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace pawl::journal
