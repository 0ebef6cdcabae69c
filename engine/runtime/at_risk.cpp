// From memory where it reaches back far enough, from disk where it does not.
#include "engine/runtime/at_risk.hpp"

#include <algorithm>
#include <memory>

#include "engine/runtime/stream_track.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::detail {

namespace {

bool is_command(RecordKind kind) noexcept {
    return kind == RecordKind::accepted || kind == RecordKind::rejected ||
           kind == RecordKind::refused || kind == RecordKind::fact;
}

}  // namespace

AtRisk at_risk_from(journal::Directory& directory, std::uint32_t shard, Position from,
                    std::uint64_t bytes_about) {
    const journal::Head& head = directory.head(shard);
    const std::uint64_t end = head.committed().value;  // where a record ends
    const std::uint64_t enough = from.value + bytes_about;
    std::unique_ptr<journal::StreamReader> reader;
    StreamTrack track;
    track.begin_at({from.value, 0});
    AtRisk found;
    StreamRecord record;
    while (track.position() < std::min(end, enough)) {
        if (track.empty() && !track.fill_from_head(head, end)) {
            if (reader == nullptr) reader = directory.reader(shard);
            const Result<bool> filled =
                track.fill_from_segments(*reader, std::min(end, head.synced().value));
            if (!filled || !*filled) break;
        }
        track.hand_out(shard, record);
        const RecordHeader& header = RecordView(record.bytes).header();
        if (!is_command(header.kind())) continue;
        if (found.commands++ == 0) found.oldest_ns = header.decided_ns;
    }
    return found;
}

}  // namespace pawl::detail
