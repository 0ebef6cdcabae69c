// Counts what a directory holds.
#include <string>
#include <utility>

#include "journal/inspect.hpp"
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
                break;
        }
    }

private:
    StatShard& stat_;
};

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
    report.closed_clean = !manifest.clean.empty();
    report.segment_bytes = manifest.segment_bytes;
    report.head_bytes = manifest.head_bytes;
    report.heads = manifest.heads;
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard) {
        StatShard stat;
        stat.shard = shard;
        Tally tally(stat);
        auto look = look_at_shard(storage, looked.value(), shard, tally);
        if (!look.ok()) return look.error();
        stat.end = look->end.tail.position;
        stat.committed = Position{stat.end.value + look->head_bytes};
        stat.segments = look->end.segments;
        stat.blocks = look->end.blocks;
        auto files = list_segments(storage, directory, shard);
        if (!files.ok()) return files.error();
        stat.disk_bytes = files->size() * manifest.segment_bytes;
        report.shards.push_back(stat);
    }
    return report;
}

}  // namespace pawl
