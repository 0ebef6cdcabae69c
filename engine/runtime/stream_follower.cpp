// Reading live streams without standing in their way.
#include "engine/runtime/stream_follower.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pawl::detail {

namespace {
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
                                 const FollowOptions& options)
    : owner_(std::move(owner)),
      core_(core),
      durability_(options.durability),
      tracks_(core.shard_count()),
      durable_name_(options.durable_name) {
    std::vector<StreamPlace> from = options.from;
    bool is_new = false;
    if (!durable_name_.empty()) begun_ = claim(from, is_new);
    if (begun_.ok()) {
        if (options.from_end)
            for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard)
                tracks_[shard].stream.begin_at({bound(shard), 0});
        begun_ = begin_at(from);
    }
    // From now on retention spares what it has not seen.
    if (begun_.ok() && is_new) begun_ = keep(places());
    // Sessions opened before the place where it begins are asked for; later ones stand in the
    // stream. Who begins at the first record asks nobody: agents may, which the shards' answer or
    // close() would wait for.
    if (std::all_of(tracks_.begin(), tracks_.end(),
                    [](const Track& track) { return track.stream.position() == 0; }))
        return;
    std::vector<std::vector<std::uint64_t>> known = core.session_ids();
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard)
        tracks_[shard].stream.know_sessions(std::move(known[shard]));
}

JournalFollower::~JournalFollower() {
    if (!durable_name_.empty()) core_.kept_cursors()->release(durable_name_);
}

Status JournalFollower::claim(std::vector<StreamPlace>& from, bool& is_new) {
    const std::string name = std::exchange(durable_name_, {});
    if (core_.kept_cursors() == nullptr)
        return Error{ErrorCode::usage, "cursor '" + name +
                                           "': a transient engine keeps no cursors: open a "
                                           "directory, or subscribe without durable_name"};
    const auto kept = core_.kept_cursors()->claim(name);
    if (!kept) return kept.error();
    durable_name_ = name;
    is_new = !kept->has_value();
    if (is_new) return Done{};
    from.clear();
    for (const journal::CursorPlace& place : (*kept)->places)
        from.push_back({place.position.value, place.events_done});
    return Done{};
}

Status JournalFollower::begin_at(const std::vector<StreamPlace>& from) {
    if (from.size() > tracks_.size())
        return Error{ErrorCode::bad_input, "cursor of " + std::to_string(from.size()) +
                                               " shards: the engine has " +
                                               std::to_string(tracks_.size()) +
                                               ": it belongs to another directory; begin anew"};
    for (std::uint32_t shard = 0; shard < from.size(); ++shard)
        tracks_[shard].stream.begin_at(from[shard]);
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard)
        if (Status good = check_place(shard); !good) return good;
    return Done{};
}

// A cursor comes from the outside: what it names must be the beginning of a record, or the end.
Status JournalFollower::check_place(std::uint32_t shard) const {
    const std::uint64_t position = tracks_[shard].stream.position();
    // Not bound(): a cursor of a journaled reader may be ahead of the disk.
    const std::uint64_t end = core_.part(shard).head->committed().value;
    if (position == end) return Done{};
    const auto wrong = [&](const std::string& why) {
        return Error{ErrorCode::bad_input, "cursor: shard " + std::to_string(shard) +
                                               ", position " + std::to_string(position) + ": " +
                                               why};
    };
    if (position > end)
        return wrong("the stream ends at " + std::to_string(end) +
                     ": events it has seen are lost or of another directory; begin anew");
    std::vector<std::byte> bytes;
    const Position first =
        core_.directory() != nullptr ? core_.directory()->kept(shard).position : Position{};
    if (position < first.value && !core_.read_record(shard, position, bytes).ok())
        return wrong("what is kept begins at position " + std::to_string(first.value) +
                     ", the history before is removed: begin there, or at the end");
    if (position == 0) return Done{};
    if (!core_.read_record(shard, position, bytes).ok() ||
        !looks_like_a_record(bytes, end - position))
        return wrong("no record begins there: keep cursors as they were given");
    return Done{};
}

std::uint64_t JournalFollower::bound(std::uint32_t shard) const noexcept {
    const ShardPart& part = core_.part(shard);
    const std::uint64_t end = durability_ >= Durability::synced && part.journaler != nullptr
                                  ? part.head->synced().value
                                  : part.head->committed().value;
    return std::min(end, part.last_position.load(std::memory_order_acquire));
}

Result<bool> JournalFollower::next(StreamRecord& record) {
    if (!begun_) return begun_.error();
    const auto count = static_cast<std::uint32_t>(tracks_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        // Stays with a shard while its chunk lasts, then the next one has its turn.
        const std::uint32_t shard = (turn_ + i) % count;
        StreamTrack& stream = tracks_[shard].stream;
        if (stream.empty()) {
            const Result<bool> filled = fill(shard);
            if (!filled) return filled;
            if (!*filled) continue;
        }
        stream.hand_out(shard, record);
        turn_ = stream.empty() ? (shard + 1) % count : shard;
        return true;
    }
    const std::int64_t now_ns = core_.clock().monotonic_ns();
    if (lag_bytes() == 0) fresh_ns_ = now_ns;
    return false;
}

std::chrono::nanoseconds JournalFollower::age() const {
    if (fresh_ns_ < 0) return std::chrono::nanoseconds(-1);
    return std::chrono::nanoseconds(core_.clock().monotonic_ns() - fresh_ns_);
}

// False: nothing at present.
Result<bool> JournalFollower::fill(std::uint32_t shard) {
    Track& track = tracks_[shard];
    const std::uint64_t end = bound(shard);
    if (track.stream.position() >= end) return false;
    const ShardPart& part = core_.part(shard);
    if (track.stream.fill_from_head(*part.head, end)) return true;
    if (core_.directory() == nullptr)
        return Error{ErrorCode::io,
                     "transient engine: this subscription fell " +
                         std::to_string(end - track.stream.position()) +
                         " bytes behind, farther than memory reaches: poll it more often, or use a "
                         "journal"};
    if (track.reader == nullptr) track.reader = core_.directory()->reader(shard);
    return track.stream.fill_from_segments(*track.reader, std::min(end, part.head->synced().value));
}

std::vector<StreamPlace> JournalFollower::places() const {
    std::vector<StreamPlace> places;
    for (const Track& track : tracks_) places.push_back(track.stream.place());
    return places;
}

// The journal first: a cursor must never be ahead of what survives with it.
Status JournalFollower::keep(const std::vector<StreamPlace>& places) {
    if (!begun_) return begun_;
    if (durable_name_.empty())
        return Error{ErrorCode::usage,
                     "subscription: it has no name to be kept under: give it a durable_name"};
    PAWL_ASSERT(places.size() == tracks_.size());
    constexpr auto patience = std::chrono::seconds(60);
    const auto give_up = std::chrono::steady_clock::now() + patience;
    journal::KeptCursor cursor;
    cursor.name = durable_name_;
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard) {
        const Position position{places[shard].position};
        // What was begun of a record needs all of it.
        const Position needed{position.value + (places[shard].events_done != 0 ? 1U : 0U)};
        if (Status synced = core_.sync_shard(shard, needed, give_up); !synced) return synced;
        cursor.places.push_back({position, places[shard].events_done});
    }
    if (core_.closed())
        return Error{ErrorCode::stopped, "cursor '" + durable_name_ +
                                             "': the engine is closed: keep it before close()"};
    return core_.kept_cursors()->keep(cursor);
}

std::uint64_t JournalFollower::lag_bytes() const {
    std::uint64_t lag = 0;
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard) {
        const std::uint64_t end = bound(shard);
        const std::uint64_t position = tracks_[shard].stream.position();
        if (end > position) lag += end - position;
    }
    return lag;
}

}  // namespace pawl::detail
