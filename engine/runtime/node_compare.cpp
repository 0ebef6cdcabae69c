// A node that may have lost something, among nodes that all may: each tells what it has left, and
// who has all of it may go on. Who may is the roles' to say.
#include <string>
#include <utility>

#include "engine/runtime/node.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

using replication::Remainder;
using replication::Remains;

// An admitted peer. It hears what this node has left, and tells its own if it compares as well.
void Node::tell_remains(Peer& peer, Greeting greeting) {
    PAWL_ASSERT(roles_->compares());
    if (!copy_->is_open()) return;
    Remains mine;
    mine.fixed.epoch = roles_->reign()->epoch();
    mine.fixed.only_memory = copy_->lost_only_memory() ? 1 : 0;
    mine.ends = copy_->streams()->ends();
    // What is compared is read from the disk.
    for (std::uint32_t shard = 0; shard < copy_->options().shards; ++shard)
        copy_->streams()->want_on_disk(shard, copy_->streams()->received(shard));
    peer.remains_boot = greeting.handshake->peer().boot;
    peer.remains = std::make_unique<replication::RemainsTalk>(std::move(greeting.link),
                                                              talk_options(), std::move(mine));
}

std::size_t Node::compare() {
    std::size_t work = 0;
    for (Peer& peer : peers_) {
        if (peer.remains == nullptr) continue;
        work += peer.remains->do_work(now_ns_);
        roles_->heard_epoch(peer.remains->epoch_seen());
        if (const auto theirs = peer.remains->take_theirs()) weigh(peer, *theirs);
        if (peer.remains->is_over()) peer.remains.reset();
    }
    return work;
}

void Node::weigh(const Peer& peer, const Remains& theirs) {
    if (!roles_->compares() || !copy_->is_open()) return;
    Remainder all = Remainder::nothing_more;
    std::string in_words;
    if (theirs.fixed.only_memory == 0 || !copy_->lost_only_memory()) {
        all = Remainder::unknown;
        in_words = "the disk of " +
                   (theirs.fixed.only_memory == 0 ? peer.name : options_.replication.node) +
                   " does not have all that this node once had";
    } else if (theirs.ends.size() != copy_->options().shards) {
        all = Remainder::unknown;
        in_words = peer.name + " has another number of shards";
    }
    for (std::uint32_t shard = 0; all != Remainder::unknown && shard < copy_->options().shards;
         ++shard) {
        const Remainder one = weigh_shard(shard, theirs.ends[shard], in_words);
        if (one != Remainder::nothing_more) all = one;
    }
    roles_->heard_remains(peer.name, peer.remains_boot, theirs.fixed.epoch, all,
                          peer.name + ": " + in_words);
}

// Equal up to the end of the shorter one, or they cannot be compared.
Remainder Node::weigh_shard(std::uint32_t shard, const replication::StreamEnd& theirs,
                            std::string& in_words) {
    const Position mine = copy_->streams()->received(shard);
    const Position end{theirs.position};
    if (!in_words.empty()) in_words += ", ";
    in_words += "shard " + std::to_string(shard) + " ends at " + std::to_string(end.value) +
                ", here at " + std::to_string(mine.value);
    if (end > mine) return Remainder::more;
    const auto there = copy_->journal().directory->reader(shard)->checksum_before(end);
    if (there.ok() && *there == theirs.checksum) return Remainder::nothing_more;
    in_words += " with another history";
    return Remainder::unknown;
}

}  // namespace pawl::detail
