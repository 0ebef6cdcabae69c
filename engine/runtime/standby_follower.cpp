// Looks at the node only when there is something to take; reads the disk while nobody waits.
#include "engine/runtime/standby_follower.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::detail {

StandbyFollower::StandbyFollower(std::shared_ptr<StandbyStage> stage, std::uint32_t shards,
                                 const FollowOptions& options)
    : stage_(std::move(stage)),
      progress_(*stage_->progress),
      durability_(options.durability),
      from_end_(options.from_end),
      tracks_(shards) {
    if (!options.durable_name.empty())
        begun_ = Error{ErrorCode::usage, "cursor '" + options.durable_name +
                                             "': a standby keeps no cursors: keep "
                                             "Subscription::cursor() with the effect"};
    else if (options.from.size() > shards)
        begun_ =
            Error{ErrorCode::bad_input, "cursor of " + std::to_string(options.from.size()) +
                                            " shards: the standby has " + std::to_string(shards) +
                                            ": it belongs to another directory; begin anew"};
    else if (!from_end_)
        for (std::uint32_t shard = 0; shard < options.from.size(); ++shard)
            tracks_[shard].stream.begin_at(options.from[shard]);
    if (!from_end_ || !begun_.ok()) return;
    // The end is where it is now, if there is a copy.
    for (std::uint32_t shard = 0; shard < shards; ++shard)
        if (const Result<bool> filled = fill(shard); !filled) begun_ = filled.error();
}

Result<bool> StandbyFollower::next(StreamRecord& record) {
    if (engines_ != nullptr) return engines_->next(record);
    if (!begun_) return begun_.error();
    const auto count = static_cast<std::uint32_t>(tracks_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t shard = (turn_ + i) % count;
        StreamTrack& stream = tracks_[shard].stream;
        if (stream.empty()) {
            const Result<bool> filled = fill(shard);
            if (!filled) begun_ = filled.error();
            if (!filled) return filled;
            if (engines_ != nullptr) return engines_->next(record);
            if (!*filled) continue;
        }
        stream.hand_out(shard, record);
        turn_ = stream.empty() ? (shard + 1) % count : shard;
        return true;
    }
    note_age();
    return false;
}

// Without a look at the node: its agent shall not meet a reader that has nothing to do.
bool StandbyFollower::nothing_new(std::uint32_t shard) const noexcept {
    if (progress_.over.load(std::memory_order_acquire)) return false;
    const std::uint64_t copy = progress_.copy.load(std::memory_order_acquire);
    if (copy == 0) return true;
    const Track& track = tracks_[shard];
    const CopyProgress::Shard& here = progress_.of(shard);
    const std::uint64_t on_disk = here.on_disk.load(std::memory_order_acquire);
    if (track.copy == copy)
        return track.stream.position() >= (durability_ >= Durability::synced
                                               ? on_disk
                                               : here.applied.load(std::memory_order_acquire));
    // A cursor of another node may be ahead of this copy, which grows.
    return !from_end_ && track.stream.position() > on_disk &&
           !progress_.was_cut.load(std::memory_order_acquire);
}

// The copy is as fresh as the node says, and everything of it is handed out.
void StandbyFollower::note_age() noexcept {
    // acquire: the positions that are read next are at least those of that moment.
    const std::int64_t fresh = progress_.fresh_ns.load(std::memory_order_acquire);
    const std::uint64_t copy = progress_.copy.load(std::memory_order_acquire);
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard) {
        const Track& track = tracks_[shard];
        if (track.copy != copy ||
            track.stream.position() < progress_.of(shard).applied.load(std::memory_order_acquire))
            return;
    }
    fresh_ns_ = std::max(fresh_ns_, fresh);
}

// False: nothing at present. Also false when the engine has taken over; engines_ is there then.
Result<bool> StandbyFollower::fill(std::uint32_t shard) {
    if (nothing_new(shard)) return false;
    const Result<Look> looked = look(shard);
    if (!looked) return looked.error();
    switch (looked->found) {
        case Look::Found::nothing:
            return false;
        case Look::Found::records:
            return true;
        case Look::Found::on_disk:
            return read_from_disk(shard, *looked);
        case Look::Found::another_copy: {
            const Result<bool> placed = find_place(shard, *looked);
            if (!placed || !*placed) return placed;
            return fill(shard);
        }
        case Look::Found::engine:
            if (const Status gone_on = go_on_with(looked->engine); !gone_on) return gone_on.error();
            return false;
    }
    return false;
}

Result<StandbyFollower::Look> StandbyFollower::look(std::uint32_t shard) {
    Look look;
    const std::lock_guard lock(stage_->mutex);
    if (stage_->node != nullptr) {
        stage_->node->visit([&](StandbyCopy& copy) { look_at(copy, shard, look); });
        return look;
    }
    if (stage_->closed)
        return Error{ErrorCode::stopped,
                     "standby: it is closed: open it again and subscribe with the cursor"};
    if (!stage_->promoted) return look;  // it is under way
    look.engine = stage_->engine.lock();
    if (look.engine == nullptr)
        return Error{ErrorCode::stopped,
                     "standby: the engine that it became is closed: open it again and subscribe "
                     "with the cursor"};
    look.found = Look::Found::engine;
    return look;
}

// Between two steps of the agent.
void StandbyFollower::look_at(StandbyCopy& copy, std::uint32_t shard, Look& look) {
    if (!copy.is_open()) return;
    Track& track = tracks_[shard];
    const journal::Head& head = copy.journal().directory->head(shard);
    look.copy = progress_.copy.load(std::memory_order_relaxed);
    look.applied = copy.streams()->applied(shard).value;
    look.on_disk = std::min(look.applied, head.synced().value);
    if (track.copy != look.copy) {
        track.reader = copy.journal().directory->reader(shard);
        track.stream.drop();
        track.stream.know_sessions(copy.journal().folds[shard]->sessions().ids());
        look.found = Look::Found::another_copy;
        return;
    }
    const std::uint64_t end = durability_ >= Durability::synced ? look.on_disk : look.applied;
    if (track.stream.position() >= end) return;
    look.found =
        track.stream.fill_from_head(head, end) ? Look::Found::records : Look::Found::on_disk;
}

bool StandbyFollower::is_still(std::uint64_t copy) const {
    const std::lock_guard lock(stage_->mutex);
    if (stage_->node == nullptr) return false;
    bool still = false;
    stage_->node->visit([&](StandbyCopy& here) {
        still = here.is_open() && progress_.copy.load(std::memory_order_relaxed) == copy;
    });
    return still;
}

// What is read while the copy changes may be of either: it is not used.
Result<bool> StandbyFollower::read_from_disk(std::uint32_t shard, const Look& look) {
    Track& track = tracks_[shard];
    const Result<bool> filled = track.stream.fill_from_segments(*track.reader, look.on_disk);
    if (is_still(look.copy)) return filled;
    track.stream.drop();
    return false;
}

// False: not yet.
Result<bool> StandbyFollower::find_place(std::uint32_t shard, const Look& look) {
    Track& track = tracks_[shard];
    StreamTrack& stream = track.stream;
    if (from_end_ && !stream.checksum() && stream.position() == 0) {
        stream.begin_at({look.applied, 0});
        track.copy = look.copy;
        return true;
    }
    if (stream.position() == 0) {
        track.copy = look.copy;
        return true;
    }
    if (stream.position() > look.applied) {
        if (stream.checksum() && progress_.was_cut.load(std::memory_order_acquire))
            return lost(shard, "this copy was cut at position " + std::to_string(look.applied));
        return false;  // it grows
    }
    if (stream.position() > look.on_disk) return false;  // the journaler is not far
    const auto there = track.reader->checksum_before(Position{stream.position()});
    if (!is_still(look.copy)) return false;
    if (!there) return there.error();
    if (!*there) return lost(shard, "no record ends there: keep cursors as they were given");
    if (stream.checksum() && *stream.checksum() != **there)
        return lost(shard, "another record ends there now");
    track.copy = look.copy;
    return true;
}

// The engine goes on where the copy was; what was seen in it is looked for.
Status StandbyFollower::go_on_with(const std::shared_ptr<Core>& engine) {
    const std::uint64_t copy = progress_.copy.load(std::memory_order_acquire);
    FollowOptions options;
    options.durability = durability_;
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard) {
        const Track& track = tracks_[shard];
        options.from.push_back(track.stream.place());
        // Not placed yet: the end is where the copy ended.
        if (from_end_ && track.copy == 0)
            options.from.back().position =
                progress_.of(shard).applied.load(std::memory_order_acquire);
        if (track.copy == copy || !track.stream.checksum()) continue;
        std::vector<std::byte> last;
        const Status read = engine->read_record(shard, track.stream.last_position(), last);
        if (!read || RecordView(last.data()).header().checksum != *track.stream.checksum())
            return lost(shard, "another record ends there now");
    }
    engines_ = engine->follow(options);
    return Done{};
}

Error StandbyFollower::lost(std::uint32_t shard, const std::string& why) const {
    return Error{ErrorCode::mismatch,
                 "subscription of a standby: shard " + std::to_string(shard) + ", position " +
                     std::to_string(tracks_[shard].stream.position()) + ": " + why +
                     ": events it has seen belong to no history any more; begin anew"};
}

std::vector<StreamPlace> StandbyFollower::places() const {
    if (engines_ != nullptr) return engines_->places();
    std::vector<StreamPlace> places;
    for (const Track& track : tracks_) places.push_back(track.stream.place());
    return places;
}

std::uint64_t StandbyFollower::lag_bytes() const {
    if (engines_ != nullptr) return engines_->lag_bytes();
    std::uint64_t lag = 0;
    for (std::uint32_t shard = 0; shard < tracks_.size(); ++shard) {
        const std::uint64_t end = progress_.of(shard).applied.load(std::memory_order_acquire);
        if (end > tracks_[shard].stream.position()) lag += end - tracks_[shard].stream.position();
    }
    return lag;
}

std::chrono::nanoseconds StandbyFollower::age() const {
    if (engines_ != nullptr) return engines_->age();
    if (fresh_ns_ < 0) return std::chrono::nanoseconds(-1);
    return std::chrono::nanoseconds(
        std::max<std::int64_t>(stage_->clock->monotonic_ns() - fresh_ns_, 0));
}

Status StandbyFollower::keep(const std::vector<StreamPlace>& places) {
    if (engines_ != nullptr) return engines_->keep(places);
    if (!begun_) return begun_;
    return Error{ErrorCode::usage,
                 "subscription: a standby keeps no cursors: keep cursor() with the effect"};
}

}  // namespace pawl::detail
