// What a node was before: which reigns were its own, what it may have lost of them, and whether
// anybody has more.
#include <algorithm>
#include <string>

#include "engine/replication/role_machine.hpp"

namespace pawl::replication {

std::string RoleMachine::namesake() const {
    if (!reign_ || reign_->primary().node != options_.self.node ||
        reign_->primary() == options_.self)
        return {};
    const std::string text = "another process calls itself node " + options_.self.node +
                             " and is primary now (" + describe(*reign_) +
                             "): end one of the two, or give it another --node";
    if (has_reigned_) return text;
    if (holdings_.blank || is_earlier_life(reign_->primary().boot)) return {};
    return text +
           "; or this directory is an older copy of that one: give the newer one back, or "
           "an operator accepts the loss";
}

std::optional<std::uint64_t> RoleMachine::earlier_life_that_reigns() const {
    if (!reign_ || reign_->primary().node != options_.self.node) return std::nullopt;
    if (reign_->primary() == options_.self || !namesake().empty()) return std::nullopt;
    return reign_->primary().boot;
}

bool RoleMachine::is_earlier_life(std::uint64_t boot) const noexcept {
    return std::any_of(holdings_.lives.begin(), holdings_.lives.end(),
                       [&](std::uint64_t life) { return life == boot || life == any_life; });
}

// An earlier life of this node asked for the reign and did not begin it on this disk. Alone in the
// set it would have answered from there; but what was answered before was in two memories, of which
// this one is gone.
bool RoleMachine::never_opened_it() const noexcept {
    return holdings_.may_have_lost &&
           reign_->epoch() > holdings_.begun_epoch.value_or(holdings_.epoch);
}

// Never while somebody may have lost nothing: an earlier primary that was started again says so by
// its new life, a standby by calling it.
bool RoleMachine::compares() const noexcept {
    if (!holdings_.may_have_lost || holdings_.blank || !reign_ || absent_ || swap_) return false;
    if (reign_->epoch() < epoch_seen_ || !reign_->is_in_sync(options_.self.node)) return false;
    if (reign_->in_sync().size() < 2 || reign_->primary() == options_.self) return false;
    if (role_ == Role::waiting)
        return reign_->primary().node == options_.self.node && namesake().empty();
    const Peer* primary = find(reign_->primary().node);
    return role_ == Role::standby && primary != nullptr && primary->boot != 0 &&
           primary->boot != reign_->primary().boot;
}

// Every other node of the set has told, in its present life and in this reign, that it may have
// lost something too; and nothing of what they have left is missing here. Nobody of them grows or
// takes over meanwhile without a swap from the same revision.
bool RoleMachine::has_most() const noexcept {
    if (!compares()) return false;
    return std::all_of(
        reign_->in_sync().begin(), reign_->in_sync().end(), [&](const std::string& name) {
            if (name == options_.self.node) return true;
            const Peer* one = find(name);
            return one != nullptr && one->boot != 0 && one->remains_boot == one->boot &&
                   one->remains_epoch == reign_->epoch() &&
                   one->remainder == Remainder::nothing_more;
        });
}

void RoleMachine::go_on_with_loss() {
    if (!compares()) return;
    std::string others;
    bool spoken = false;
    for (const Peer& one : peers_) {
        if (!reign_->is_in_sync(one.name) || one.remains_epoch != reign_->epoch()) continue;
        others += "; " + one.remains_in_words;
        spoken = true;
    }
    if (!has_most()) {
        if (spoken)
            why_ =
                "every node of the in-sync set may have lost something, and none has all that is "
                "left: look at them, and accept the loss on the one that shall go on" +
                others;
        return;
    }
    become(Role::taking_over,
           "every node of the in-sync set may have lost something, and this one has all that is "
           "left of it: what was answered as replicated and was on no disk is lost" +
               others);
    want(take_over(*reign_, options_.self));
}

}  // namespace pawl::replication
