// Counts what a directory holds.
#include <algorithm>
#include <string>
#include <utility>

#include "journal/cursor_file.hpp"
#include "journal/inspect.hpp"
#include "journal/snapshot.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

using namespace journal;

class Tally final : public RecordSink {
public:
    explicit Tally(StatShard& stat) : stat_(stat) {}
    void on_record(const detail::RecordView& record, Position) override {
        const auto& header = record.header();
        if (stat_.records == 0) stat_.first = Time{header.decided_ns};
        stat_.last = Time{header.decided_ns};
        ++stat_.records;
        stat_.events += header.event_count;
        switch (header.kind()) {
            case detail::RecordKind::rejected:
            case detail::RecordKind::refused:
                ++stat_.rejected;
                break;
            case detail::RecordKind::session:
                ++stat_.sessions;
                break;
            case detail::RecordKind::accepted:
            case detail::RecordKind::fact:
            case detail::RecordKind::schema:
            case detail::RecordKind::epoch:
            case detail::RecordKind::mark:
            case detail::RecordKind::state:
                break;
        }
    }

private:
    StatShard& stat_;
};

// Retention may move or remove files between the lists: figures, not a judgement.
Status count_files(Storage& storage, const WalkOptions& options, StatShard& stat) {
    auto segments = list_segments(storage, options.directory, options.shard);
    if (!segments.ok()) return segments.error();
    auto archived = list_archived_segments(storage, options.directory, options.shard);
    if (!archived.ok()) return archived.error();
    stat.disk_bytes = segments->size() * options.segment_bytes;
    stat.archived_segments = archived->size();
    stat.archived_bytes = archived->size() * options.segment_bytes;
    auto snapshots = list_snapshots(storage, options.directory, options.shard);
    if (!snapshots.ok()) return snapshots.error();
    for (const std::string& path : snapshots.value()) {
        const auto facts = SnapshotReader::look(storage, path, options.identity, options.shard);
        if (!facts.ok()) continue;
        ++stat.snapshots;
        stat.snapshot_bytes += facts->body_bytes;
        stat.snapshot = std::max(stat.snapshot, facts->tail.position);
    }
    return Done{};
}

Result<StatShard> stat_shard(Storage& storage, const Looked& looked, std::uint32_t shard) {
    StatShard stat;
    stat.shard = shard;
    Tally tally(stat);
    auto look = look_at_shard(storage, looked, shard, tally);
    if (!look.ok()) return look.error();
    if (look->walk_options.from) stat.begin = look->walk_options.from->tail.position;
    stat.end = look->end.tail.position;
    stat.committed = Position{stat.end.value + look->head_bytes};
    stat.segments = look->end.segments;
    stat.blocks = look->end.blocks;
    if (const auto status = count_files(storage, look->walk_options, stat); !status.ok())
        return status.error();
    return stat;
}

Status read_cursors(Storage& storage, const Looked& looked, StatReport& report) {
    auto names = list_cursors(storage, looked.directory);
    if (!names.ok()) return names.error();
    for (const std::string& name : names.value()) {
        StatCursor stat;
        stat.name = name;
        bool found = true;
        auto cursor = read_cursor(storage, looked.directory, looked.manifest.identity, name, found);
        if (cursor.ok() && !found) continue;  // forgotten meanwhile
        if (!cursor.ok()) stat.fault = cursor.error().sentence;
        const std::size_t places = cursor.ok() ? cursor->places.size() : 0;
        for (std::size_t shard = 0; shard < std::min(places, report.shards.size()); ++shard) {
            const Position place = cursor->places[shard].position;
            const Position end = report.shards[shard].committed;
            stat.places.push_back(place);
            if (place < end) stat.behind_bytes += end.value - place.value;
        }
        report.cursors.push_back(std::move(stat));
    }
    return Done{};
}

}  // namespace

Result<StatReport> journal_stat(const std::string& directory) {
    PosixStorage storage;
    auto looked = look_at_directory(storage, directory);
    if (!looked.ok()) return looked.error();
    const Manifest& manifest = looked->manifest;
    StatReport report;
    report.identity = to_hex(manifest.identity);
    report.format = manifest.format;
    report.epoch = manifest.epoch();
    report.live = looked->live;
    report.holder = looked->holder;
    report.closed_clean = !manifest.clean.empty();
    report.segment_bytes = manifest.segment_bytes;
    report.head_bytes = manifest.head_bytes;
    report.heads = manifest.heads;
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard) {
        auto stat = stat_shard(storage, looked.value(), shard);
        // Removed by retention between looking and reading: once more.
        if (!stat.ok() && looked->live) stat = stat_shard(storage, looked.value(), shard);
        if (!stat.ok()) return stat.error();
        report.shards.push_back(std::move(stat).value());
    }
    if (const auto status = read_cursors(storage, looked.value(), report); !status.ok())
        return status.error();
    return report;
}

}  // namespace pawl
