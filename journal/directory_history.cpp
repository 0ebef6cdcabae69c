// What followers, snapshots and retention ask of an open directory, beside the running engine.
#include <utility>

#include "journal/directory_parts.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {

Status Directory::Parts::declare_kept(std::uint32_t shard, const Kept& kept) {
    const std::lock_guard guard(manifest_mutex);
    Manifest next = manifest;
    next.kept.resize(next.shards);
    PAWL_ASSERT(kept.segment_index >= next.kept[shard].segment_index);
    next.kept[shard] = kept;
    if (const auto status = write_manifest(storage, options.path, next); !status.ok())
        return status;
    manifest.kept = std::move(next.kept);
    return Done{};
}

const std::string& Directory::path() const noexcept {
    return parts_->options.path;
}

WalkOptions Directory::walk_options(std::uint32_t shard) const {
    PAWL_ASSERT(shard < parts_->shards.size());
    WalkOptions options;
    options.directory = parts_->options.path;
    options.shard = shard;
    options.identity = parts_->manifest.identity;
    options.segment_bytes = parts_->manifest.segment_bytes;
    options.epoch_max = parts_->manifest.epoch();
    return options;
}

Result<std::unique_ptr<SnapshotWriter>> Directory::snapshot_writer(std::uint32_t shard,
                                                                   std::uint64_t estimate_bytes) {
    PAWL_ASSERT(shard < parts_->shards.size());
    SnapshotWriterOptions options;
    options.directory = parts_->options.path;
    options.shard = shard;
    options.identity = parts_->manifest.identity;
    options.estimate_bytes = estimate_bytes;
    // Each shard may need its next segment meanwhile, and one of them the one after.
    options.reserve_bytes = (parts_->shards.size() + 1) * parts_->manifest.segment_bytes;
    return SnapshotWriter::create(parts_->storage, options);
}

std::unique_ptr<RetentionPass> Directory::begin_retention(std::uint32_t shard,
                                                          const RetentionOptions& options) {
    PAWL_ASSERT(shard < parts_->shards.size());
    Parts& parts = *parts_;
    RetentionCall call;
    call.directory = parts.options.path;
    call.shard = shard;
    call.identity = parts.manifest.identity;
    call.segment_bytes = parts.manifest.segment_bytes;
    call.epoch = parts.manifest.epoch();
    call.kept = kept(shard);
    call.options = options;
    call.declare = [&parts, shard](const Kept& kept) { return parts.declare_kept(shard, kept); };
    return std::make_unique<RetentionPass>(parts.storage, std::move(call));
}

Result<RetentionReport> Directory::retain(std::uint32_t shard, const RetentionOptions& options,
                                          Position lowest_needed) {
    const auto pass = begin_retention(shard, options);
    for (bool whole = false; !whole;) {
        const auto checked = pass->check_some(~std::uint64_t{0});
        if (!checked.ok()) return checked.error();
        whole = checked.value();
    }
    return pass->finish(lowest_needed);
}

Kept Directory::kept(std::uint32_t shard) const {
    const std::lock_guard guard(parts_->manifest_mutex);
    return parts_->manifest.kept_of(shard);
}

}  // namespace pawl::journal
