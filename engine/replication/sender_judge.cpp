// Compares the peer's histories with ours: goes on, parted, or only a snapshot can help.
#include <algorithm>
#include <optional>
#include <utility>

#include "engine/replication/sender.hpp"
#include "engine/replication/sender_shard.hpp"
#include "journal/seal.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {

void Sender::judge() {
    bool all = true;
    for (std::uint32_t i = 0; i < shards_.size() && talk_.end() == TalkEnd::none; ++i)
        if (shards_[i]->verdict == Verdict::unknown && !judge_shard(i)) all = false;
    if (all && talk_.end() == TalkEnd::none) all_judged();
}

// False: not yet; or it is over.
bool Sender::judge_shard(std::uint32_t index) {
    Shard& shard = *shards_[index];
    if (!shard.history_known) return false;
    const journal::Head& head = directory_.head(index);
    if (!shard.looked) {
        shard.looked = true;
        find_candidate(shard, index);
    }
    if (!shard.candidate) {
        shard.verdict = Verdict::snapshot;
        return true;
    }
    // Only what is in segments can be asked for a checksum; the journaler will not take long.
    if (head.synced() < shard.part) {
        directory_.journaler(index).demand(shard.part);
        return false;
    }
    auto here = directory_.reader(index)->checksum_before(shard.part);
    if (!here.ok() && here.error().code == ErrorCode::mismatch) {  // below what is kept
        shard.verdict = Verdict::snapshot;
        return true;
    }
    if (!here.ok()) {
        fail(here.error());
        return false;
    }
    return compare(shard, index, *here);
}

// The highest position that may be common to both, or that only a snapshot can tell.
void Sender::find_candidate(Shard& shard, std::uint32_t index) {
    const Position mine = directory_.head(index).committed();
    const auto proved = journal::part_point(epochs_(index), mine, shard.theirs, shard.their_end);
    shard.candidate = proved.has_value() || shard.their_end <= mine;
    // Logs that prove nothing: if the peer's last checksum stands here too, all below is equal.
    shard.part = proved.value_or(shard.their_end);
    shard.proved = proved.has_value();
}

bool Sender::compare(Shard& shard, std::uint32_t index, std::optional<std::uint32_t> here) {
    const Position mine = directory_.head(index).committed();
    const bool whole = shard.part == shard.their_end;
    if (whole && here != shard.their_checksum) {
        if (!shard.proved) {
            shard.verdict = Verdict::snapshot;
            return true;
        }
        talk_.finish(TalkEnd::foreign,
                     "shard " + std::to_string(index) + ": at position " +
                         std::to_string(shard.part.value) + " checksum " +
                         (here ? std::to_string(*here) : std::string("none (inside a record)")) +
                         " here, " + std::to_string(shard.their_checksum) + " at " + talk_.peer() +
                         ", though their epochs agree: one of the two is damaged; keep both "
                         "journals",
                     Refusal::identity);
        return false;
    }
    if (!here) {
        talk_.finish(TalkEnd::foreign,
                     "shard " + std::to_string(index) + ": no record ends here at position " +
                         std::to_string(shard.part.value) + ", where the epochs of " +
                         talk_.peer() + " part from ours: one of the two is damaged",
                     Refusal::identity);
        return false;
    }
    if (!whole && shard.part == mine) {
        peer_is_ahead_ = true;
        talk_.finish(TalkEnd::foreign,
                     "shard " + std::to_string(index) + ": " + talk_.peer() + " goes on up to " +
                         std::to_string(shard.their_end.value) + " where this node ends at " +
                         std::to_string(mine.value) +
                         ": nothing of it is cut; this node must take that first",
                     Refusal::role);
        return false;
    }
    shard.part_checksum = *here;
    auto readable = is_readable(index, shard.part, *here);
    if (!readable.ok()) {
        fail(readable.error());
        return false;
    }
    shard.verdict = !*readable ? Verdict::snapshot : whole ? Verdict::goes_on : Verdict::parted;
    return true;
}

// Whether the stream can be read from there on.
Result<bool> Sender::is_readable(std::uint32_t index, Position at, std::uint32_t checksum) {
    StreamSource probe(directory_, index, sizeof(detail::RecordHeader));
    probe.begin(at, checksum);
    auto run = probe.look();
    if (run.ok()) return true;
    if (run.error().code == ErrorCode::mismatch) return false;
    return run.error();
}

void Sender::all_judged() {
    const auto any = [&](Verdict verdict) {
        return std::any_of(shards_.begin(), shards_.end(),
                           [&](const auto& shard) { return shard->verdict == verdict; });
    };
    if (any(Verdict::snapshot)) {
        choose_snapshots();
        if (talk_.end() != TalkEnd::none) return;
        state_ = SenderState::preparing;
        return;
    }
    for (const auto& shard : shards_) {
        shard->needed = shard->part;
        shard->source.begin(shard->part, shard->part_checksum);
        if (any(Verdict::parted)) continue;
        // It has this much, as it said and we have proved.
        shard->positions.received.store(shard->part.value, std::memory_order_release);
    }
    state_ = any(Verdict::parted) ? SenderState::parting : SenderState::following;
}

// The peer's directory begins anew, all of it: one that is half old would be neither. A shard
// without a snapshot begins at its first record.
void Sender::choose_snapshots() {
    for (std::uint32_t i = 0; i < shards_.size(); ++i) {
        Shard& shard = *shards_[i];
        const auto& manifest = directory_.manifest();
        auto newest = SnapshotSource::newest(storage_, directory_.path(), manifest.identity, i);
        if (!newest.ok()) return fail(newest.error());
        shard.snapshot = std::move(newest).value();
        shard.part = Position{0};
        shard.part_checksum = journal::chain_seed(manifest.identity, i);
        shard.verdict = shard.snapshot != nullptr ? Verdict::snapshot : Verdict::parted;
        shard.needed =
            shard.snapshot != nullptr ? shard.snapshot->facts().tail.position : Position{0};
        if (shard.snapshot != nullptr) continue;
        auto readable = is_readable(i, Position{0}, shard.part_checksum);
        if (readable.ok() && !*readable)
            readable = Error{ErrorCode::mismatch,
                             "shard " + std::to_string(i) +
                                 ": what this copy needs next is no longer kept, and there is no "
                                 "snapshot: make one on the primary (--snapshot-every)"};
        if (!readable.ok()) return fail(readable.error());
    }
}

}  // namespace pawl::replication
