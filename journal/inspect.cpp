// Looking at a directory that may be open, killed or closed.
#include "journal/inspect.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "journal/block.hpp"

namespace pawl::journal {
namespace {

// Records of a head whose owner may still write: copied piece by piece, checked after each copy.
void read_live_head(ShardLook& look, RecordPoint point, RecordSink& sink) {
    Position at = look.end.tail.position;
    std::vector<std::byte> bytes;
    while (at < look.head.committed()) {
        bytes.resize(sizeof(detail::RecordHeader));
        if (!look.head.copy(at, bytes)) return;  // overwritten: the segments have it by now
        const std::uint64_t length = detail::RecordView(bytes.data()).length();
        if (length < sizeof(detail::RecordHeader) || length % detail::record_alignment != 0 ||
            length > look.head.committed().value - at.value) {
            look.head_chain_good = false;
            return;
        }
        bytes.resize(length);
        if (!look.head.copy(at, bytes)) return;
        const auto run =
            walk_records(bytes.data(), length, point, [&](const std::byte* record, std::uint64_t) {
                sink.on_record(detail::RecordView(record), at);
            });
        if (run.fault != RecordFault::none) {
            look.head_chain_good = false;
            return;
        }
        look.head_bytes += length;
        at.value += length;
    }
}

}  // namespace

Result<Looked> look_at_directory(Storage& storage, const std::string& directory) {
    Looked looked;
    looked.directory = directory;
    const auto probe = storage.probe_lock(directory + "/lock", looked.holder);
    looked.live = probe.fault == StorageFault::locked;
    if (!probe.ok() && !looked.live) return storage_error(probe, "read", directory + "/lock");
    auto manifest = read_manifest(storage, directory);
    if (!manifest.ok()) return manifest.error();
    looked.manifest = std::move(manifest).value();
    return looked;
}

Result<ShardLook> look_at_shard(Storage& storage, const Looked& looked, std::uint32_t shard,
                                RecordSink& sink) {
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
        // While it is being opened there is no head yet: then what the last opening found is what
        // holds.
        const Position begun =
            manifest.epochs.empty() ? Position{} : manifest.epochs.back().positions[shard];
        look.walk_options.bound = look.head_current ? look.head.synced() : begun;
    }
    auto walked = walk_segments(storage, look.walk_options, sink);
    if (!walked.ok()) return walked.error();
    look.end = std::move(walked).value();
    const Position p = look.end.tail.position;
    if (!look.head_current || look.head.first() > p || look.head.committed() <= p) return look;
    if (looked.live && !look.end.bound_reached) return look;
    const RecordPoint point{look.end.tail.checksum, look.end.tail.sequence.value,
                            look.end.tail.time_ns};
    read_live_head(look, point, sink);
    return look;
}

}  // namespace pawl::journal
