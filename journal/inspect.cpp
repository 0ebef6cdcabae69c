// Looking at a directory that may be open, killed or closed.
#include "journal/inspect.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "journal/block.hpp"
#include "journal/interrupted.hpp"

namespace pawl::journal {

Result<Looked> look_at_directory(Storage& storage, const std::string& directory) {
    Looked looked;
    looked.directory = directory;
    const auto probe = storage.probe_lock(directory + "/lock", looked.holder);
    looked.live = probe.fault == StorageFault::locked;
    if (!probe.ok() && !looked.live) return storage_error(probe, "read", directory + "/lock");
    auto unfinished = interrupted_change(storage, directory);
    if (!unfinished.ok()) return unfinished.error();
    if (!unfinished->empty())
        return Error{ErrorCode::mismatch, "journal " + directory + ": a change ('" + *unfinished +
                                              "') was interrupted: open it once with its program, "
                                              "which finishes it"};
    auto manifest = read_manifest(storage, directory);
    if (!manifest.ok()) return manifest.error();
    looked.manifest = std::move(manifest).value();
    return looked;
}

bool same_life(const Looked& earlier, const Looked& later) noexcept {
    return earlier.live == later.live && earlier.manifest.identity == later.manifest.identity &&
           earlier.manifest.epoch() == later.manifest.epoch() &&
           earlier.manifest.clean.empty() == later.manifest.clean.empty();
}

ShardLook look_at_head(Storage& storage, const Looked& looked, std::uint32_t shard) {
    const Manifest& manifest = looked.manifest;
    PAWL_ASSERT(shard < manifest.shards);
    ShardLook look;
    look.head =
        HeadRemains::find(storage, manifest.heads + "/" + head_name(manifest.identity, shard),
                          manifest.identity, shard, RingMode::look);
    look.head_current =
        look.head.state() == HeadRemains::State::ours && look.head.epoch() == manifest.epoch();
    look.walk_options.directory = looked.directory;
    look.walk_options.shard = shard;
    look.walk_options.identity = manifest.identity;
    look.walk_options.segment_bytes = manifest.segment_bytes;
    look.walk_options.epoch_max = manifest.epoch();
    if (looked.live) {
        // While it is being opened or closed there is no head: then what the last opening found, or
        // the end that was marked, is what holds.
        Position known;
        if (!manifest.epochs.empty()) known = manifest.epochs.back().positions[shard];
        if (!manifest.clean.empty()) known = std::max(known, manifest.clean[shard].position);
        look.walk_options.bound = look.head_current ? look.head.synced() : known;
    }
    return look;
}

Result<std::optional<WalkFrom>> first_place(Storage& storage, const WalkOptions& options) {
    auto listed = list_readable_segments(storage, options.directory, options.shard);
    if (!listed.ok()) return listed.error();
    const auto& indexes = listed.value();
    std::size_t first = indexes.empty() ? 0 : indexes.size() - 1;
    while (first != 0 && indexes[first - 1] + 1 == indexes[first]) --first;
    if (indexes.empty() || indexes[first] == 1) return std::optional<WalkFrom>{};
    auto place = place_in_segment(storage, options, indexes[first]);
    if (!place.ok()) return place.error();
    return std::optional<WalkFrom>(std::move(place).value());
}

HeadEnd read_live_head(const HeadRemains& head, Position& position, Position end,
                       RecordPoint& point, RecordSink& sink) {
    PAWL_ASSERT(head.state() == HeadRemains::State::ours);
    PAWL_ASSERT(end <= head.committed());
    std::vector<std::byte> bytes;
    while (position < end) {
        bytes.resize(sizeof(detail::RecordHeader));
        if (position < head.first() || !head.copy(position, bytes)) return HeadEnd::overwritten;
        const std::uint64_t length = detail::RecordView(bytes.data()).length();
        if (length < sizeof(detail::RecordHeader) || length % detail::record_alignment != 0 ||
            length > head.committed().value - position.value)
            return HeadEnd::bad;
        bytes.resize(length);
        if (!head.copy(position, bytes)) return HeadEnd::overwritten;
        const auto run =
            walk_records(bytes.data(), length, point, [&](const std::byte* record, std::uint64_t) {
                sink.on_record(detail::RecordView(record), position);
            });
        if (run.fault != RecordFault::none) return HeadEnd::bad;
        position.value += length;
    }
    return HeadEnd::all;
}

Result<ShardLook> look_at_shard(Storage& storage, const Looked& looked, std::uint32_t shard,
                                RecordSink& sink) {
    ShardLook look = look_at_head(storage, looked, shard);
    auto from = first_place(storage, look.walk_options);
    if (!from.ok()) return from.error();
    look.walk_options.from = from.value();
    auto walked = walk_segments(storage, look.walk_options, sink);
    if (!walked.ok()) return walked.error();
    look.end = std::move(walked).value();
    Position position = look.end.tail.position;
    if (!look.head_current || look.head.first() > position || look.head.committed() <= position)
        return look;
    if (looked.live && !look.end.bound_reached) return look;
    RecordPoint point{look.end.tail.checksum, look.end.tail.sequence.value, look.end.tail.time_ns};
    const HeadEnd ended = read_live_head(look.head, position, look.head.committed(), point, sink);
    look.head_chain_good = ended != HeadEnd::bad;
    look.head_bytes = position.value - look.end.tail.position.value;
    return look;
}

}  // namespace pawl::journal
