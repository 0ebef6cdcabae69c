// A planned switchover. The old primary goes on deciding while the arbiter is asked; when that has
// named the successor it decides nothing more, delivers the rest and tells. Until then both act as
// if the arbiter had not answered yet, which is always safe: only time depends on it.
#include <algorithm>
#include <utility>

#include "engine/replication/role_machine.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

// A successor has caught up when it needs no more of `hand_over_ns` than this part for what was
// decided while it did so before.
constexpr std::int64_t catch_up_part = 8;

}  // namespace

Status RoleMachine::hand_over(std::string_view name, OldPrimary then, std::int64_t now_ns) {
    const auto no = [&](const std::string& why) {
        return Error{ErrorCode::usage, "switchover to " + std::string(name) + ": " + why};
    };
    if (role_ != Role::primary)
        return no(std::string("this node is ") + to_string(role_) + ": ask the primary");
    const Peer* successor = find(name);
    if (successor == nullptr) return no("no node of this name is configured");
    if (!reign_->is_in_sync(name))
        return no("it is not in the in-sync set: wait until it has caught up");
    if (successor->incomplete) return no("it may have lost something: wait until it has caught up");
    now_ns_ = now_ns;
    successor_ = std::string(name);
    then_ = options_.policy == Policy::strict ? OldPrimary::stays : then;
    ++peer(name).mark;
    marked_ns_ = now_ns;
    become(Role::handing_over, "an operator wants " + successor_ + " to be primary");
    return Done{};
}

void RoleMachine::act_as_handing_over() {
    Peer& successor = peer(successor_);
    const bool in_time = now_ns_ - role_ns_ <= options_.hand_over_ns;
    const bool is_there = now_ns_ - successor.heard_ns <= options_.degrade_after_ns;
    if (!reign_->is_in_sync(successor_) || !in_time || !is_there) {
        become(Role::primary, "the switchover to " + successor_ +
                                  " was called off: it did not have "
                                  "everything in time");
        return;
    }
    if (!successor.has_everything() || successor.boot == 0) return;
    // Who needed long for it would need as long for the rest, and nothing would be decided.
    if (now_ns_ - std::exchange(marked_ns_, now_ns_) > options_.hand_over_ns / catch_up_part) {
        ++successor.mark;
        return;
    }
    why_ = asks_to_name();
    want(replication::hand_over(*reign_, options_.self, {successor.name, successor.boot}, then_));
}

std::string RoleMachine::asks_to_name() const {
    return "the arbiter is asked to name " + successor_;
}

// The old primary: for its successor, while that is there. Every other node of the set: for what
// the old primary has decided meanwhile, while that is heard in the same life and nobody is known
// to act in the new epoch.
bool RoleMachine::waits_for_the_rest(const Reign& next) const {
    if (!reign_ || next.epoch() != reign_->epoch() + 1) return false;
    if (named_ && now_ns_ - named_->since_ns > options_.hand_over_ns) return false;
    if (role_ == Role::handing_over) {
        const Peer* successor = find(successor_);
        const bool rest_is_there = named_ && named_->rest_is_there;
        return next.primary().node == successor_ && !rest_is_there && spoke_lately(*successor);
    }
    if (role_ != Role::standby || epoch_seen_ >= next.epoch()) return false;
    if (!next.is_in_sync(options_.self.node)) return false;
    const Peer* old = find(reign_->primary().node);
    return old != nullptr && old->boot == reign_->primary().boot && spoke_lately(*old);
}

void RoleMachine::name(const KnownReign& known) {
    swap_.reset();
    if (named_) {
        named_->known = known;
        return;
    }
    named_ = Named{known, now_ns_};
    if (role_ != Role::handing_over) return;
    for (Peer& one : peers_)
        if (needs(one.name)) ++one.mark;
    why_ = "the arbiter has named " + successor_ + ": it gets what was decided meanwhile";
}

void RoleMachine::wait_for_the_rest() {
    if (!waits_for_the_rest(named_->known.reign)) {
        const KnownReign known = named_->known;  // begin() forgets it
        return begin(known.reign, known.revision);
    }
    // The gates move before the next step: what the successor has is answered.
    if (role_ != Role::handing_over) return;
    named_->rest_is_there = std::all_of(peers_.begin(), peers_.end(), [this](const Peer& one) {
        return !needs(one.name) || one.has_everything() ||
               (one.name != successor_ && !spoke_lately(one));
    });
}

}  // namespace pawl::replication
