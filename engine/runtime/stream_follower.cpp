// Reading live streams without standing in their way.
#include "engine/runtime/stream_follower.hpp"

#include <algorithm>
#include <cstring>

namespace pawl::detail {

namespace {
constexpr std::size_t chunk_bytes = 64U << 10;

// What can be said of one record without the one before it.
bool looks_like_a_record(const std::vector<std::byte>& bytes, std::uint64_t room) {
    if (bytes.size() < sizeof(RecordHeader) || bytes.size() > room) return false;
    const RecordView record(bytes.data());
    const auto kind = static_cast<std::uint8_t>(record.header().kind());
    if (record.length() != bytes.size() || bytes.size() % record_alignment != 0) return false;
    if (kind < 1 || kind > record_kind_max || record.body_offset() > bytes.size()) return false;
    if (record.header().event_count == 0) return true;
    return record.for_each_event([](const EventView&) {});
}
}  // namespace

JournalFollower::JournalFollower(std::shared_ptr<EngineCore> owner, EngineCore& core,
                                 const std::vector<StreamPlace>& from, bool from_end,
                                 Durability durability)
    : owner_(std::move(owner)), core_(core), durability_(durability), tracks_(core.shard_count()) {
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard) {
        Track& track = tracks_[shard];
        if (from_end) track.position = bound(shard);
        if (shard < from.size()) track.position = from[shard].position;
    }
    if (from.size() > tracks_.size())
        wrong_cursor_ = "cursor of " + std::to_string(from.size()) + " shards: the engine has " +
                        std::to_string(tracks_.size()) +
                        ": it belongs to another directory; begin anew";
    for (std::uint32_t shard = 0; shard < tracks_.size() && wrong_cursor_.empty(); ++shard)
        check_place(shard);
    // Sessions opened before the place where it begins are asked for; later ones stand in the
    // stream.
    std::vector<std::vector<std::uint64_t>> known = core.session_ids();
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard)
        tracks_[shard].sessions = std::move(known[shard]);
}

// A cursor comes from the outside: what it names must be the beginning of a record, or the end.
void JournalFollower::check_place(std::uint32_t shard) {
    const std::uint64_t position = tracks_[shard].position;
    // Not bound(): a cursor of a journaled reader may be ahead of the disk.
    const std::uint64_t end = core_.part(shard).head->committed().value;
    if (position == 0 || position == end) return;
    const std::string place =
        "cursor: shard " + std::to_string(shard) + ", position " + std::to_string(position);
    std::vector<std::byte> bytes;
    if (position > end)
        wrong_cursor_ = place + ": the stream ends at " + std::to_string(end) +
                        ": events it has seen are lost or of another directory; begin anew";
    else if (!core_.read_record(shard, position, bytes).ok() ||
             !looks_like_a_record(bytes, end - position))
        wrong_cursor_ = place + ": no record begins there: keep cursors as they were given";
}

std::uint64_t JournalFollower::bound(std::uint32_t shard) const noexcept {
    const ShardPart& part = core_.part(shard);
    return durability_ >= Durability::synced && part.journaler != nullptr
               ? part.head->synced().value
               : part.head->committed().value;
}

Result<bool> JournalFollower::next(StreamRecord& record) {
    if (!wrong_cursor_.empty()) return Error{ErrorCode::bad_input, wrong_cursor_};
    const auto count = static_cast<std::uint32_t>(tracks_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        // Stays with a shard while its chunk lasts, then the next one has its turn.
        const std::uint32_t shard = (turn_ + i) % count;
        Result<bool> found = next_of(shard, record);
        if (!found) return found;
        if (!*found) continue;
        turn_ = tracks_[shard].used < tracks_[shard].filled ? shard : (shard + 1) % count;
        return true;
    }
    return false;
}

Result<bool> JournalFollower::next_of(std::uint32_t shard, StreamRecord& record) {
    Track& track = tracks_[shard];
    if (track.used == track.filled) {
        track.used = track.filled = 0;
        const std::uint64_t end = bound(shard);
        if (track.position >= end) return false;
        if (!fill_from_head(shard, track, end)) {
            const std::byte* bytes = nullptr;
            Result<bool> found = next_from_segments(shard, track, end, bytes);
            if (!found || !*found) return found;
            hand_out(shard, track, bytes, record);
            return true;
        }
    }
    const std::byte* bytes = track.bytes.data() + track.used;
    track.used += RecordView(bytes).length();
    hand_out(shard, track, bytes, record);
    return true;
}

// Copies a run of whole records. False: they are not (safely) in the head any more.
bool JournalFollower::fill_from_head(std::uint32_t shard, Track& track, std::uint64_t end) {
    const journal::Head& head = *core_.part(shard).head;
    std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - track.position, chunk_bytes));
    for (;;) {
        track.bytes.resize(std::max(track.bytes.size(), wanted));
        if (!head.copy(Position{track.position}, std::span(track.bytes.data(), wanted)))
            return false;
        std::size_t whole = 0;
        while (wanted - whole >= sizeof(RecordHeader)) {
            const std::size_t length = RecordView(track.bytes.data() + whole).length();
            PAWL_ASSERT(length >= sizeof(RecordHeader) && length % record_alignment == 0);
            if (length > wanted - whole) break;
            whole += length;
        }
        if (whole != 0) {
            track.filled = whole;
            return true;
        }
        wanted = RecordView(track.bytes.data()).length();  // one record larger than the chunk
        PAWL_ASSERT(wanted <= end - track.position);
    }
}

Result<bool> JournalFollower::next_from_segments(std::uint32_t shard, Track& track,
                                                 std::uint64_t end, const std::byte*& bytes) {
    const ShardPart& part = core_.part(shard);
    if (core_.directory() == nullptr)
        return Error{
            ErrorCode::io,
            "transient engine: this subscription fell " + std::to_string(end - track.position) +
                " bytes behind, farther than memory reaches: poll it more often, or use a journal"};
    if (track.reader == nullptr) track.reader = core_.directory()->reader(shard);
    if (track.reader->position().value != track.position)
        track.reader->seek(Position{track.position});
    Result<journal::RecordAt> found =
        track.reader->next(std::min(Position{end}, part.head->synced()));
    if (!found) return found.error();
    bytes = found->bytes;
    return bytes != nullptr;
}

void JournalFollower::hand_out(std::uint32_t shard, Track& track, const std::byte* bytes,
                               StreamRecord& record) {
    const RecordView view(bytes);
    const RecordHeader& header = view.header();
    if (header.kind() == RecordKind::session) {
        SessionRecord session{};
        std::memcpy(&session, view.body(), sizeof session);
        if (track.sessions.size() <= session.index)
            track.sessions.resize(session.index + std::size_t{1});
        track.sessions[session.index] = session.id;
    }
    record.bytes = bytes;
    record.shard = shard;
    record.position = track.position;
    record.session_id = header.session < track.sessions.size() ? track.sessions[header.session] : 0;
    track.position += header.length;
}

std::vector<StreamPlace> JournalFollower::places() const {
    std::vector<StreamPlace> places;
    for (const Track& track : tracks_) places.push_back({track.position});
    return places;
}

std::uint64_t JournalFollower::lag_bytes() const {
    std::uint64_t lag = 0;
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard) {
        const std::uint64_t end = bound(shard);
        if (end > tracks_[shard].position) lag += end - tracks_[shard].position;
    }
    return lag;
}

}  // namespace pawl::detail
