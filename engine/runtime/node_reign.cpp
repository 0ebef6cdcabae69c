// A node that is primary: its peers' copies, and what may be answered because of them.
#include <algorithm>
#include <utility>

#include "engine/runtime/node.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

using replication::Role;
using replication::SenderState;
using replication::TalkEnd;

void Node::reign(Reigning reigning) {
    PAWL_ASSERT(ready_to_reign() && reigning.directory != nullptr);
    reigning_ = std::move(reigning);
    roles_->opened();
    if (copy_->may_have_lost())
        if (Status forgiven = copy_->forgive_loss(); !forgiven) fail(forgiven.error().sentence);
    for (Peer& peer : peers_) peer.remains.reset();
    // Until a peer says more, what was before this reign is what everybody of the set has.
    for (std::uint32_t shard = 0; shard < gates_.size(); ++shard) {
        const Position begin = reigning_.epochs[shard].starts().back().begin;
        safe_[shard]->store(begin.value);
        gates_[shard]->disk_wanted.store(0, std::memory_order_relaxed);
        let_go_.push_back(begin.value);
        // What was answered because this node has it may be nowhere else from now on.
        reigning_.directory->journaler(shard).demand(reigning_.directory->head(shard).committed());
    }
    ready_.store(false, std::memory_order_relaxed);
    move_gates();
    note_marks();
}

std::size_t Node::serve() {
    std::size_t work = 0;
    for (Peer& peer : peers_) {
        if (peer.sender == nullptr) continue;
        for (std::uint32_t shard = 0; shard < gates_.size(); ++shard) {
            const auto& wanted = gates_[shard]->disk_wanted;
            peer.sender->want_on_disk(shard, Position{wanted.load(std::memory_order_relaxed)});
        }
        work += peer.sender->do_work(now_ns_);
        hear_peer(peer);
    }
    return work;
}

void Node::hear_peer(Peer& peer) {
    replication::Sender& sender = *peer.sender;
    roles_->heard_epoch(sender.epoch_seen());
    const replication::Talk& talk = sender.talk();
    if (talk.counters().frames != peer.frames) {
        peer.frames = talk.counters().frames;
        roles_->heard(peer.name, talk.peer_boot(), now_ns_);
    }
    const bool follows = sender.state() == SenderState::following;
    bool reached = follows && peer.mark != 0;
    for (std::uint32_t shard = 0; reached && shard < gates_.size(); ++shard)
        reached = Position{sender.positions(shard).received.load(std::memory_order_relaxed)} >=
                      peer.mark_at[shard] &&
                  (!holding_ || disks_have_what_was_asked_for(sender, shard));
    roles_->follows(peer.name, follows, reached ? peer.mark : 0);
    roles_->is_incomplete(peer.name, sender.peer_is_incomplete());
    if (sender.state() == SenderState::over) {
        if (sender.peer_is_ahead())
            fail(peer.name +
                 " has records that this node has lost, in no other history: stop this "
                 "node and let " +
                 peer.name + " take over");
        peer.sender.reset();
    }
}

// Nobody decides any more: what waits for disks is answered before the reign ends.
bool Node::disks_have_what_was_asked_for(const replication::Sender& peer,
                                         std::uint32_t shard) const {
    const std::uint64_t there = peer.positions(shard).synced.load(std::memory_order_relaxed);
    const journal::Journaler& here = reigning_.directory->journaler(shard);
    return there >= gates_[shard]->disk_wanted.load(std::memory_order_relaxed) &&
           here.synced() >= here.demanded();
}

// What is released later than this was written here by move_gates(), or is not above what is
// committed now: in both cases who reaches the mark has it.
void Node::note_marks() {
    const bool hold = roles_->holds();
    if (hold != holding_) {
        holding_ = hold;
        if (hold)
            reigning_.hold();
        else
            reigning_.go_on();
    }
    for (Peer& peer : peers_) {
        const std::uint64_t mark = roles_->mark(peer.name);
        if (mark == peer.mark || (hold && !reigning_.held())) continue;
        peer.mark = mark;
        peer.mark_at.clear();
        for (std::uint32_t shard = 0; shard < gates_.size(); ++shard)
            peer.mark_at.push_back(reigning_.directory->head(shard).committed());
    }
}

// What the peers have of one shard. Who counts and is not there has nothing.
Node::Copies Node::copies_of(std::uint32_t shard) const {
    Copies copies;
    for (const Peer& peer : peers_) {
        const auto got = [&](auto positions) {
            return peer.sender == nullptr
                       ? std::uint64_t{0}
                       : (peer.sender->positions(shard).*positions).load(std::memory_order_relaxed);
        };
        const std::uint64_t received = got(&journal::ReplicatedPositions::received);
        if (peer.sender != nullptr) {
            copies.needed = std::min(copies.needed, peer.sender->needed(shard).value);
            if (peer.sender->state() == SenderState::following)
                copies.slowest = std::min(copies.slowest, received);
        }
        if (!roles_->needs(peer.name)) continue;
        copies.any_counts = true;
        copies.received = std::min(copies.received, received);
        copies.synced = std::min(copies.synced, got(&journal::ReplicatedPositions::synced));
        copies.applied = std::min(copies.applied, got(&journal::ReplicatedPositions::applied));
        copies.one_is_gone = copies.one_is_gone || peer.sender == nullptr;
        copies.one_has_lost =
            copies.one_has_lost || (peer.sender != nullptr && peer.sender->peer_is_incomplete());
    }
    return copies;
}

void Node::open_gate(std::uint32_t shard, const Copies& copies, bool only_here) {
    journal::ReplicatedPositions& gate = *gates_[shard];
    const bool moved = gate.received.load(std::memory_order_relaxed) != copies.received ||
                       gate.synced.load(std::memory_order_relaxed) != copies.synced;
    gate.alone.store(only_here, std::memory_order_relaxed);
    gate.received.store(copies.received, std::memory_order_release);
    gate.synced.store(copies.synced, std::memory_order_release);
    gate.applied.store(copies.applied, std::memory_order_release);
    if (moved && reigning_.gate_moved) reigning_.gate_moved(shard);
}

void Node::move_gates() {
    // Who comes into the set has to have it, and may yet not come; who is taken out may have it and
    // be out already: it has to be here as well.
    const bool only_here = roles_->may_be_alone();
    const bool answers_alone = options_.replication.policy != ReplicationPolicy::strict;
    bool on_disk = true;
    for (std::uint32_t shard = 0; shard < gates_.size(); ++shard) {
        const std::uint64_t mine = reigning_.directory->head(shard).synced().value;
        Copies copies = copies_of(shard);
        if (!copies.any_counts) copies.received = copies.synced = copies.applied = mine;
        if (only_here) copies.received = std::min(copies.received, mine);
        if (only_here) copies.synced = std::min(copies.synced, mine);
        const bool answers =
            !roles_->counts_on_a_stranger() && (copies.any_counts || answers_alone);
        open_gate(shard, answers ? copies : Copies::none(), only_here);
        needed_[shard]->store(copies.needed, std::memory_order_relaxed);
        slowest_[shard]->store(copies.slowest, std::memory_order_release);
        // A peer whose connection was lost has what it had, unless it says that it may not.
        if (only_here || copies.one_has_lost ||
            copies.received > safe_[shard]->load(std::memory_order_relaxed))
            safe_[shard]->store(copies.received, std::memory_order_release);
        if (answers) let_go_[shard] = std::max(let_go_[shard], copies.received);
        on_disk = on_disk && mine >= let_go_[shard];
        // It may have to go on alone.
        if (copies.one_is_gone || copies.one_has_lost)
            reigning_.directory->journaler(shard).demand(Position{let_go_[shard]});
    }
    roles_->has_on_disk(on_disk);
}

// Nothing is released any more: the gates stay where they are. The peers hear of the new epoch.
void Node::end_reign() {
    if (over_.exchange(true, std::memory_order_acq_rel)) return;
    // It is counted on, and goes on as a standby at once; until then it does nothing in its name.
    steps_down_ = holding_ && !roles_->leaves();
    // Otherwise it does not take over again before it is opened again.
    if (!steps_down_) roles_->lost();
    const auto known = roles_->known();
    for (Peer& peer : peers_) {
        if (peer.sender == nullptr) continue;
        if (known) peer.sender->tell(*known);
        peer.sender->raise_epoch(roles_->epoch_seen());
        peer.sender->stop(roles_->why());
        peer.sender.reset();
    }
}

}  // namespace pawl::detail
