// Tighten, then publish; publish, then loosen.
#include "engine/replication/role_machine.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {

RoleMachine::RoleMachine(const RoleOptions& options, const Holdings& holdings,
                         std::unique_ptr<Arbiter> arbiter)
    : options_(options),
      holdings_(holdings),
      arbiter_(std::move(arbiter)),
      epoch_seen_(holdings.epoch) {
    PAWL_ASSERT(arbiter_ != nullptr && options.self.boot != 0);
    for (const std::string& name : options.peers) {
        PAWL_ASSERT(is_node_name(name) && name != options.self.node);
        peers_.push_back({.name = name});
    }
}

std::optional<KnownReign> RoleMachine::known() const {
    if (!reign_ || swap_ || reign_->primary().node == options_.self.node) return std::nullopt;
    return KnownReign{*reign_, revision_};
}

// ---- what was heard ----

RoleMachine::Peer* RoleMachine::find(std::string_view name) {
    const auto found = std::find_if(peers_.begin(), peers_.end(),
                                    [&](const Peer& one) { return one.name == name; });
    return found == peers_.end() ? nullptr : &*found;
}

const RoleMachine::Peer* RoleMachine::find(std::string_view name) const {
    return const_cast<RoleMachine*>(this)->find(name);
}

RoleMachine::Peer& RoleMachine::peer(std::string_view name) {
    Peer* found = find(name);
    PAWL_ASSERT(found != nullptr && "name every node in RoleOptions::peers");
    return *found;
}

void RoleMachine::heard(std::string_view name, std::uint64_t boot, std::int64_t now_ns) {
    Peer& one = peer(name);
    one.boot = boot;
    one.heard_ns = now_ns;
}

void RoleMachine::follows(std::string_view name, bool follows, std::uint64_t reached_mark) {
    Peer& one = peer(name);
    PAWL_ASSERT(reached_mark <= one.mark);
    if (follows && !one.follows) ++one.mark;
    one.follows = follows;
    one.reached = reached_mark;
}

void RoleMachine::is_incomplete(std::string_view name, bool incomplete) {
    peer(name).incomplete = incomplete;
}

std::uint64_t RoleMachine::mark(std::string_view name) const {
    const Peer* one = find(name);
    PAWL_ASSERT(one != nullptr);
    return one->mark;
}

void RoleMachine::told(const KnownReign& known) {
    if (begun_)
        told_ = known;
    else
        settle(known.reign, known.revision);
}

void RoleMachine::heard_epoch(std::uint64_t epoch) {
    if (epoch <= epoch_seen_) return;
    epoch_seen_ = epoch;
    read_wanted_ = true;
    if (role_ == Role::waiting || role_ == Role::learner || role_ == Role::standby) return;
    if (reign_ && epoch <= reign_->epoch()) return;
    if (holds() && epoch <= named_->known.reign.epoch()) return;  // it decides nothing more
    // A take-over that was begun may still happen: then there is nothing to be lost by it, since a
    // later epoch is there.
    become(Role::waiting, "epoch " + std::to_string(epoch) + " was heard of: another node reigns");
}

void RoleMachine::opened() {
    PAWL_ASSERT(role_ == Role::opening);
    // What it begins is the history: what it lacks is in none.
    lacks_nothing();
    loss_is_accepted_ = false;
    has_reigned_ = true;
    for (Peer& one : peers_) one.followed_ns = now_ns_;
    become(Role::primary, "the epoch is open");
    if (options_.policy == Policy::strict && may_be_alone())
        events_.push_back({role_, epoch(),
                           options_.self.node + " is alone in the in-sync set and strict: nothing "
                                                "is answered as replicated until a standby has "
                                                "everything"});
}

void RoleMachine::heard_remains(std::string_view name, std::uint64_t boot, std::uint64_t epoch,
                                Remainder remainder, std::string in_words) {
    Peer& one = peer(name);
    one.remains_boot = boot;
    one.remains_epoch = epoch;
    one.remainder = remainder;
    one.remains_in_words = std::move(in_words);
}

// ---- what holds ----

// A successor that is alone has what is answered here meanwhile: its acknowledgement is required.
bool RoleMachine::may_be_alone() const noexcept {
    const auto is_alone = [this](const Reign& reign) {
        return reign.in_sync().size() == 1 && reign.primary() == options_.self;
    };
    return is_alone(*reign_) || (swap_ && is_alone(swap_->wanted));
}

bool RoleMachine::needs(std::string_view name) const {
    return (reign_ && reign_->is_in_sync(name)) || tightened_.contains(name);
}

void RoleMachine::become(Role role, const std::string& why) {
    const bool event = role != role_ || (role == Role::waiting && why != said_);
    why_ = why;
    if (event) said_ = why;
    role_ = role;
    role_ns_ = now_ns_;
    if (!leads(role) && role != Role::opening) tightened_.clear();
    if (event)
        events_.push_back(
            {role, epoch(), options_.self.node + " is " + to_string(role) + ": " + why});
}

std::size_t RoleMachine::do_work(std::int64_t now_ns) {
    now_ns_ = now_ns;
    if (!begun_) {
        begun_ = true;
        for (Peer& one : peers_) one.heard_ns = now_ns;
    }
    std::size_t work = 0;
    if (const auto known = std::exchange(told_, std::nullopt)) {
        begin(known->reign, known->revision);  // whoever tells has nothing more to deliver
        ++work;
    }
    if (const auto answer = arbiter_->do_work(now_ns)) {
        hear(*answer);
        ++work;
    }
    if (named_) wait_for_the_rest();
    act();
    ask();
    return work;
}

// ---- the arbiter ----

void RoleMachine::hear(const ArbiterAnswer& answer) {
    using Kind = ArbiterAnswer::Kind;
    if (answer.reign) {
        look_ns_ = now_ns_ + options_.look_ns;
        has_asked_ = true;
    }
    switch (answer.kind) {
        case Kind::found:
            settle(*answer.reign, answer.revision);
            return;
        case Kind::swapped:
            swap_.reset();
            settle(*answer.reign, answer.revision);
            return;
        case Kind::conflict:
            // Neither it nor an earlier copy of it can happen any more: the revision has moved on.
            swap_.reset();
            if (answer.reign)
                settle(*answer.reign, answer.revision);
            else
                settle_absent();
            return;
        case Kind::absent:
            settle_absent();
            return;
        case Kind::refused:
        case Kind::unknown:
            ask_ns_ = now_ns_ + options_.ask_again_ns;
            if (!swap_) read_wanted_ = true;
            if (role_ == Role::waiting) why_ = answer.why;
            if (role_ == Role::handing_over && swap_) why_ = asks_to_name() + ": " + answer.why;
            return;
    }
}

void RoleMachine::settle_absent() {
    look_ns_ = now_ns_ + options_.look_ns;
    named_.reset();
    absent_ = !reign_.has_value();
    if (reign_)
        become(Role::waiting,
               "the arbiter's key was there and is gone: stop every node and find "
               "out who removed it");
}

// The reign as it was at some moment after it was asked for.
void RoleMachine::settle(const Reign& reign, std::uint64_t revision) {
    if (revision >= revision_ && waits_for_the_rest(reign)) return name({reign, revision});
    begin(reign, revision);
}

// From here on this node acts in it.
void RoleMachine::begin(const Reign& reign, std::uint64_t revision) {
    // Once a swap is under way a read may tell what was before it.
    if (revision < revision_ || (named_ && revision < named_->known.revision)) return;
    if (swap_ && revision == swap_->expected_revision) return;
    swap_.reset();
    named_.reset();
    if (reign_) {
        if (const Status follows = may_follow(*reign_, reign); !follows) {
            become(Role::waiting, follows.error().sentence);
            return;
        }
    }
    const bool news = revision != revision_;
    absent_ = false;
    reign_ = reign;
    revision_ = revision;
    epoch_seen_ = std::max(epoch_seen_, reign.epoch());
    for (const std::string& node : reign.in_sync()) tightened_.erase(node);
    look_for_strangers();

    if (reign.primary() == options_.self) {
        const bool reigns = role_ == Role::opening || leads(role_);
        if (reign.epoch() < epoch_seen_)
            become(Role::waiting, "epoch " + std::to_string(epoch_seen_) +
                                      " was heard of, and the arbiter does not know it yet");
        else if (!reigns)
            become(Role::opening, describe(reign));
        else if (news)
            events_.push_back({role_, reign.epoch(), describe(reign) + why_the_set_changed()});
        return;
    }
    if (const std::string other = namesake(); !other.empty()) return become(Role::waiting, other);
    if (reign.primary().node == options_.self.node) {  // an earlier life of this node
        become(Role::waiting,
               holdings_.blank ? "this node was primary and its journal is gone: give "
                                 "it back, or an operator accepts the loss"
               : holdings_.may_have_lost && reign.in_sync().size() > 1
                   ? "this node was primary and may have lost what it acknowledged: "
                     "a node of the in-sync set takes over, or an operator accepts "
                     "the loss"
               : never_opened_it() ? "this node was to be primary and may have lost what was "
                                     "acknowledged before it began: an operator accepts the loss"
                                   : "this node was primary before it was started again");
        return;
    }
    const Role follower = reign.is_in_sync(options_.self.node) ? Role::standby : Role::learner;
    if (role_ == follower && !news) return;
    // What was heard of an earlier primary says nothing about this one.
    Peer* primary = find(reign.primary().node);
    if (primary != nullptr && primary->boot != reign.primary().boot) {
        primary->boot = 0;
        primary->heard_ns = now_ns_;
    }
    const bool falls_out = role_ == Role::standby && follower == Role::learner;
    become(follower, describe(reign) +
                         (falls_out ? ": this node is out of the set: its primary did not hear it, "
                                      "or it could not follow"
                                    : ""));
}

// What an operator reads when the set is another one.
std::string RoleMachine::why_the_set_changed() {
    std::string why = std::exchange(set_changes_, {});
    if (!why.empty()) why = ": " + why;
    if (reign_->in_sync().size() == 1)
        why += ": from now on what is answered as replicated is on this node alone";
    return why;
}

void RoleMachine::look_for_strangers() {
    const bool before = counts_on_a_stranger_;
    counts_on_a_stranger_ = false;
    for (const std::string& node : reign_->in_sync()) {
        if (node == options_.self.node || find(node) != nullptr) continue;
        counts_on_a_stranger_ = true;
        if (!before && reign_->primary() == options_.self)
            events_.push_back({role_, reign_->epoch(),
                               node + " is in the in-sync set and no peer of " +
                                   options_.self.node +
                                   ": nothing is answered as replicated; name it in the options"});
    }
}

void RoleMachine::want(Result<Reign> next) {
    if (!next.ok()) {
        read_wanted_ = true;
        ask_ns_ = now_ns_ + options_.ask_again_ns;
        return;
    }
    swap_ = Swap{std::move(next).value(), revision_};
}

void RoleMachine::ask() {
    if (arbiter_->busy() || now_ns_ < ask_ns_) return;
    if (swap_) {
        arbiter_->compare_and_swap(swap_->expected_revision, swap_->wanted);
    } else if (read_wanted_ || now_ns_ >= look_ns_) {
        arbiter_->read();
        read_wanted_ = false;  // what is heard until the answer comes may be newer than it
        look_ns_ = now_ns_ + options_.look_ns;
    }
}

// ---- the roles ----

void RoleMachine::act() {
    if (swap_ || named_ || !life_is_noted_) return;  // one step at a time
    switch (role_) {
        case Role::waiting:
            return act_as_waiting();
        case Role::learner:
        case Role::standby:
            return act_as_follower();
        case Role::taking_over:
        case Role::opening:
            return;
        case Role::primary:
            return act_as_primary();
        case Role::handing_over:
            return act_as_handing_over();
    }
}

void RoleMachine::act_as_waiting() {
    if (absent_) {
        if (options_.may_begin && (!holdings_.may_have_lost || loss_is_accepted_))
            want(first(options_.self, epoch_seen_));
        else
            why_ =
                "the arbiter has no key: open the node that shall be the first primary with "
                "may_begin";
        return;
    }
    if (!reign_ || reign_->epoch() < epoch_seen_) return;
    if (!has_asked_) return;  // what was told may be older than what an earlier life has answered
    if (reign_->primary().node != options_.self.node || reign_->primary() == options_.self) return;
    if (!namesake().empty() && (has_reigned_ || !loss_is_accepted_)) return;
    if (!loss_is_accepted_) {
        if (holdings_.blank) return;
        if (holdings_.may_have_lost && reign_->in_sync().size() > 1) return go_on_with_loss();
        if (never_opened_it()) return;
        holdings_.may_have_lost = false;  // alone in its reign: what it answered is on its disk
    }
    want(take_over(*reign_, options_.self));
}

// In the life in which it reigns; nothing heard yet is no silence for a while.
bool RoleMachine::is_heard(const Peer& primary) const noexcept {
    if (primary.boot != 0 && primary.boot != reign_->primary().boot) return false;
    return spoke_lately(primary);
}

bool RoleMachine::spoke_lately(const Peer& peer) const noexcept {
    return now_ns_ - peer.heard_ns <= options_.fail_after_ns;
}

void RoleMachine::act_as_learner(bool heard) {
    // The last that its primary did may have been to put it into the set.
    const bool looks = !heard && !looked_for_silence_;
    if (looks) read_wanted_ = true;
    looked_for_silence_ = !heard;
    if (!loss_is_accepted_ || holdings_.blank || heard || looks) return;
    if (reign_->epoch() < epoch_seen_) return;
    become(Role::taking_over, "primary " + reign_->primary().node +
                                  " is not there, and an operator accepts the loss of what this "
                                  "node has not");
    want(take_over_at_a_loss(*reign_, options_.self));
}

void RoleMachine::act_as_follower() {
    const Peer* primary = find(reign_->primary().node);
    const bool heard = primary != nullptr && is_heard(*primary);
    const bool is_there = primary != nullptr && primary->boot != 0 && spoke_lately(*primary);
    // In whichever life, where this node is not counted on: that one goes on by itself.
    if (is_there && (heard || role_ == Role::learner)) loss_is_accepted_ = false;
    // Whoever counts on it, now or later, does so for this and requires it for all that came after:
    // also a primary that has put it into the set and was not heard any more.
    if (level_) lacks_nothing();
    if (role_ == Role::learner) return act_as_learner(heard);
    if (incomplete() && (holdings_.blank || !loss_is_accepted_)) {
        if (!heard || primary->boot == 0) return go_on_with_loss();
        look_ns_ = std::min(look_ns_, now_ns_ + options_.ask_again_ns);  // is it out of the set?
        return;
    }
    if (heard) return;
    if (primary == nullptr) {
        why_ = "primary " + reign_->primary().node +
               " is no peer of this node, so whether it is silent is not known: name it in the "
               "options";
        return;
    }
    if (reign_->epoch() < epoch_seen_) return;  // somebody else has: look first
    become(Role::taking_over, "primary " + reign_->primary().node + " was not heard for " +
                                  std::to_string(options_.fail_after_ns / 1'000'000) + " ms");
    want(take_over(*reign_, options_.self));
}

void RoleMachine::act_as_primary() {
    PAWL_ASSERT(reign_->primary() == options_.self);
    for (Peer& one : peers_)
        if (one.follows) one.followed_ns = now_ns_;
    for (const Peer& one : peers_) {
        const bool silent = now_ns_ - one.heard_ns > options_.degrade_after_ns;
        if (reign_->is_in_sync(one.name)) {
            // Who calls and cannot follow holds up every reply like one that is silent.
            const bool follows = now_ns_ - one.followed_ns <= options_.degrade_after_ns;
            const bool is_there = !silent && follows && !one.incomplete;
            if (is_there || options_.policy == Policy::strict) continue;
            if (reign_->in_sync().size() == 2 && !all_on_disk_) continue;
            const std::string patience =
                std::to_string(options_.degrade_after_ns / 1'000'000) + " ms";
            set_changes_ = one.name + (silent    ? " was not heard for " + patience
                                       : follows ? " may have lost something"
                                                 : " could not follow for " + patience);
            want(remove_standby(*reign_, options_.self, one.name));
            return;
        }
        if (silent || !one.follows) {
            tightened_.erase(one.name);  // it is not in the set, and nothing is under way
            continue;
        }
        if (!one.has_everything()) continue;
        // From now on nothing is acknowledged that it does not have; then what was before.
        if (tightened_.insert(one.name).second) {
            ++peer(one.name).mark;
            continue;
        }
        set_changes_ = one.name + " has everything";
        want(add_standby(*reign_, options_.self, one.name));
        return;
    }
}

}  // namespace pawl::replication
