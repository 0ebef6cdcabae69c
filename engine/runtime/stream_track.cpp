// Whole records only.
#include "engine/runtime/stream_track.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "pawl/detail/assert.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::detail {

bool StreamTrack::fill_from_head(const journal::Head& head, std::uint64_t end) {
    PAWL_ASSERT(empty() && end > place_.position);
    drop();
    auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - place_.position, chunk_bytes));
    for (;;) {
        bytes_.resize(std::max(bytes_.size(), wanted));
        if (!head.copy(Position{place_.position}, std::span(bytes_.data(), wanted))) return false;
        std::size_t whole = 0;
        while (wanted - whole >= sizeof(RecordHeader)) {
            const std::size_t length = RecordView(bytes_.data() + whole).length();
            PAWL_ASSERT(length >= sizeof(RecordHeader) && length % record_alignment == 0);
            if (length > wanted - whole) break;
            whole += length;
        }
        if (whole != 0) {
            filled_ = whole;
            return true;
        }
        wanted = RecordView(bytes_.data()).length();  // one record larger than the chunk
        PAWL_ASSERT(wanted <= end - place_.position);
    }
}

Result<bool> StreamTrack::fill_from_segments(journal::StreamReader& reader, std::uint64_t end) {
    PAWL_ASSERT(empty());
    drop();
    if (reader.position().value != place_.position) reader.seek(Position{place_.position});
    while (filled_ < chunk_bytes) {
        const auto found = reader.next_run(Position{end}, chunk_bytes - filled_, filled_ == 0);
        // What is good in front of damage is handed out first.
        if (!found && filled_ == 0) return found.error();
        if (!found || found->records.empty()) break;
        const std::size_t bytes = found->records.size();
        bytes_.resize(std::max(bytes_.size(), filled_ + bytes));
        std::memcpy(bytes_.data() + filled_, found->records.data(), bytes);
        filled_ += bytes;
    }
    return filled_ != 0;
}

void StreamTrack::hand_out(std::uint32_t shard, StreamRecord& record) {
    PAWL_ASSERT(!empty());
    const RecordView view(bytes_.data() + used_);
    const RecordHeader& header = view.header();
    if (header.kind() == RecordKind::session) {
        SessionRecord session{};
        std::memcpy(&session, view.body(), sizeof session);
        if (sessions_.size() <= session.index) sessions_.resize(session.index + std::size_t{1});
        sessions_[session.index] = session.id;
    }
    record.bytes = view.bytes();
    record.shard = shard;
    record.position = place_.position;
    record.session_id = header.session < sessions_.size() ? sessions_[header.session] : 0;
    used_ += header.length;
    checksum_ = header.checksum;
    last_position_ = place_.position;
    place_ = {place_.position + header.length, 0};
}

}  // namespace pawl::detail
