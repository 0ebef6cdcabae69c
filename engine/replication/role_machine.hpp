// Which role this node has, from what the arbiter says, what was heard of the peers and what its
// own journal holds. Knows reigns, and time-outs for progress; no link, no stream, no thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/replication/arbiter.hpp"
#include "engine/replication/reign.hpp"
#include "pawl/role.hpp"

namespace pawl::replication {

using pawl::Role;

// What a primary does when a standby of the in-sync set is silent.
enum class Policy : std::uint8_t {
    available = 0,  // takes it out of the set, then goes on without it: the default
    strict = 1,     // waits: what asked for a standby's acknowledgement gets none without one
};

// No time here is for safety: another choice costs waiting, or a take-over that was not needed.
struct RoleOptions {
    NodeBoot self;
    std::vector<std::string> peers;
    Policy policy = Policy::available;
    // Nobody has ever acknowledged anything: where the arbiter has no key this node makes one.
    bool may_begin = false;
    // A standby takes over when its primary was not heard for so long. Five signs of life.
    std::int64_t fail_after_ns = 100'000'000;
    // A primary goes on without a standby that was not heard for so long. Longer than fail_after,
    // so that a standby that is alive and hears nothing acts first.
    std::int64_t degrade_after_ns = 200'000'000;
    // Before the same question is asked again, when there was no answer or a refusal.
    std::int64_t ask_again_ns = 20'000'000;
    // How often a node that is not primary looks whether the reign has changed.
    std::int64_t look_ns = 500'000'000;
    // A switchover whose successor has not caught up by then is called off; when it is named, the
    // rest is waited for so long again.
    std::int64_t hand_over_ns = 1'000'000'000;
};

// Among the lives of a node: whichever it had.
inline constexpr std::uint64_t any_life = 0;

// What this node's journal was found to be when it was opened.
struct Holdings {
    std::uint64_t epoch = 0;  // the highest in it
    // Something that this node has acknowledged may be gone (its memory was, not only its process).
    // Whoever keeps it remembers it over further restarts, until may_have_lost() says otherwise.
    bool may_have_lost = false;
    // There is no journal: it may begin one where nobody ever has, and else only follow.
    bool blank = false;
    // The last one that each of its streams has begun; none: `epoch`.
    std::optional<std::uint64_t> begun_epoch{};
    // The boots of the lives that have been there: what they asked the arbiter for is this node's
    // past.
    std::vector<std::uint64_t> lives{any_life};
};

// What a peer has left, beside what this node has left: both may have lost something.
enum class Remainder : std::uint8_t {
    unknown,       // it cannot be compared
    nothing_more,  // all that the peer has stands here too
    more,          // the peer has something that this node has not
};

// For operators: a role or the in-sync set has changed.
struct RoleEvent {
    Role role{};
    std::uint64_t epoch = 0;
    std::string sentence;
};

// One thread. Everything that is heard is told first, then do_work() decides. What the getters say
// holds until the next do_work(); the runtime obeys before it does anything else: a node whose
// acknowledges() is false acknowledges nothing, one that does not lead answers nothing.
class RoleMachine {
public:
    RoleMachine(const RoleOptions& options, const Holdings& holdings,
                std::unique_ptr<Arbiter> arbiter);

    // Nothing: the arbiter has not been heard yet, says that this node is primary, or has not said
    // what became of a swap.
    std::optional<KnownReign> known() const;
    // The reign is one of another process of this node's name, which is no earlier life of it: a
    // sentence; empty: there is none.
    std::string namesake() const;

    // ---- what was heard ----
    // Somebody else has asked the arbiter and tells: an earlier life of this node, the primary that
    // has handed over. As good as a read that took long, and nothing more is to be waited for.
    void told(const KnownReign& known);
    // A sign of life of this peer's process.
    void heard(std::string_view peer, std::uint64_t boot, std::int64_t now_ns);
    // An epoch in any frame: a higher one than ours ends our reign before anything else is done.
    void heard_epoch(std::uint64_t epoch);
    // Primary: does this peer follow, and the highest mark() that it has reached: it has received
    // everything that was committed here when that mark was first seen, and obeyed.
    void follows(std::string_view peer, bool follows, std::uint64_t reached_mark);
    // compares(): this life of the peer may have lost something too, and has said in the reign of
    // `epoch` what it has left. `in_words`: for operators.
    void heard_remains(std::string_view peer, std::uint64_t boot, std::uint64_t epoch,
                       Remainder remainder, std::string in_words);
    // Primary: this life of the peer says that it is incomplete(). It is taken out of the set, or
    // waited for, as the policy says.
    void is_incomplete(std::string_view peer, bool incomplete);
    // A later life will know of this one. Before that it asks for nothing; true at the beginning.
    void life_is_noted(bool noted) noexcept { life_is_noted_ = noted; }
    // What this node holds begins anew as somebody's copy.
    void lost() noexcept {
        holdings_.may_have_lost = true;
        holdings_.blank = level_ = false;
    }
    // Follower: everything that its primary said in this life to have had at some moment is here.
    void is_level() noexcept { level_ = true; }
    // Primary: what it has let go so far is on its disk. Before that it does not go on alone.
    void has_on_disk(bool all) noexcept { all_on_disk_ = all; }
    // Role::opening: the tail is applied and the epoch record is in the journal.
    void opened();
    // An operator wants this in-sync peer to be primary; with the policy strict this node stays in
    // the set. Why not, or done: then role() tells. This node goes on deciding until the arbiter
    // has named the successor; what that one lacks then is delivered, and only then it begins.
    Status hand_over(std::string_view peer, OldPrimary then, std::int64_t now_ns);
    // With the swap that hands over this node gets itself out of the set.
    bool leaves() const noexcept { return then_ == OldPrimary::leaves; }
    // An operator says that nobody who will come back has more than this node, although it may have
    // lost something, or is not in the in-sync set: what is gone is accepted as gone. Means nothing
    // where the primary is heard, now or later: this node then knows what it may have lost.
    void accept_loss() noexcept { loss_is_accepted_ = true; }

    // Asks and hears the arbiter. Returns how much it did.
    std::size_t do_work(std::int64_t now_ns);

    // ---- what holds ----
    Role role() const noexcept { return role_; }
    const std::string& why() const noexcept { return why_; }
    // Of the reign this node acts in; 0: none.
    std::uint64_t epoch() const noexcept { return reign_ ? reign_->epoch() : 0; }
    std::uint64_t epoch_seen() const noexcept { return epoch_seen_; }
    const std::optional<Reign>& reign() const noexcept { return reign_; }
    bool may_have_lost() const noexcept { return holdings_.may_have_lost || holdings_.blank; }
    bool serves() const noexcept { return role_ == Role::primary; }
    // Primary that decides nothing any more: the arbiter has named its successor, which gets the
    // rest.
    bool holds() const noexcept { return role_ == Role::handing_over && named_; }
    bool waits_for_arbiter() const noexcept { return arbiter_->busy(); }
    bool knows_what_it_said() const noexcept { return reign_.has_value() || absent_; }
    // The reign is that of this earlier life of the node; nothing: it is not.
    std::optional<std::uint64_t> earlier_life_that_reigns() const;
    bool acknowledges() const noexcept { return role_ == Role::learner || role_ == Role::standby; }
    // It is in the set for what an earlier life of it had. Until it has caught up in this one it
    // says so to its primary, and acknowledges nothing.
    bool incomplete() const noexcept { return role_ == Role::standby && may_have_lost(); }
    // Primary: in the arbiter it is alone in the set, or that was asked for. What is answered then
    // has to be on its own disk.
    bool may_be_alone() const noexcept;
    // This node may have lost something, and so may those who could know better: let each of them
    // say what it has left.
    bool compares() const noexcept;
    // A primary's `replicated` reply waits for this peer's acknowledgement.
    bool needs(std::string_view peer) const;
    // Primary: somebody is in the set whom nobody has named to this node, so nobody can wait for
    // its acknowledgement.
    bool counts_on_a_stranger() const noexcept { return counts_on_a_stranger_; }
    // Grows when it matters what this peer has: note what is committed then, after needs() and
    // serves() were obeyed by every shard.
    std::uint64_t mark(std::string_view peer) const;
    std::vector<RoleEvent> take_events() { return std::exchange(events_, {}); }

private:
    struct Peer {
        std::string name;
        std::uint64_t boot = 0;
        std::int64_t heard_ns = 0;
        std::int64_t followed_ns = 0;  // primary: that it was seen to, or that the reign began
        bool follows = false;
        std::uint64_t mark = 1;
        std::uint64_t reached = 0;
        bool incomplete = false;
        bool has_everything() const noexcept { return follows && !incomplete && reached >= mark; }
        std::uint64_t remains_boot = 0;  // of who said what it has left
        std::uint64_t remains_epoch = 0;
        Remainder remainder{};
        std::string remains_in_words{};
    };
    // The one swap that was begun and whose fate is not known. The same one is asked for until it
    // is: at most one of the copies can happen.
    struct Swap {
        Reign wanted;
        std::uint64_t expected_revision;
    };
    // A reign that a switchover has begun in the arbiter, and not yet among the nodes.
    struct Named {
        KnownReign known;
        std::int64_t since_ns = 0;
        bool rest_is_there = false;  // the old primary: its successor has everything
    };

    bool is_earlier_life(std::uint64_t boot) const noexcept;
    void lacks_nothing() noexcept { holdings_.may_have_lost = holdings_.blank = false; }
    void act_as_learner(bool heard);
    Peer* find(std::string_view name);
    const Peer* find(std::string_view name) const;
    Peer& peer(std::string_view name);
    bool is_heard(const Peer& primary) const noexcept;
    bool spoke_lately(const Peer& peer) const noexcept;
    bool has_most() const noexcept;
    void go_on_with_loss();
    void hear(const ArbiterAnswer& answer);
    void settle(const Reign& reign, std::uint64_t revision);
    void begin(const Reign& reign, std::uint64_t revision);
    bool waits_for_the_rest(const Reign& next) const;
    void name(const KnownReign& known);
    void wait_for_the_rest();
    void look_for_strangers();
    std::string why_the_set_changed();
    void settle_absent();
    void act();
    bool never_opened_it() const noexcept;
    void act_as_waiting();
    void act_as_follower();
    void act_as_primary();
    void act_as_handing_over();
    std::string asks_to_name() const;
    void ask();
    void want(Result<Reign> next);
    void become(Role role, const std::string& why);

    const RoleOptions options_;
    Holdings holdings_;
    const std::unique_ptr<Arbiter> arbiter_;
    std::vector<Peer> peers_;
    std::int64_t now_ns_ = 0;
    bool begun_ = false;

    Role role_ = Role::waiting;
    std::string why_ = "the arbiter was not asked yet";
    std::string said_;  // why_, as operators know it
    std::uint64_t epoch_seen_ = 0;
    std::optional<Reign> reign_;  // the arbiter's, as last read or told
    std::uint64_t revision_ = 0;  // 0: no key was ever read
    std::optional<KnownReign> told_;
    bool has_asked_ = false;  // in this life, and was answered
    bool absent_ = false;     // there is no key
    std::optional<Swap> swap_;
    bool read_wanted_ = true;
    bool looked_for_silence_ = false;  // a learner: its primary is silent, and that was asked about
    std::int64_t ask_ns_ = 0;          // not before
    std::int64_t look_ns_ = 0;         // the next look
    std::int64_t role_ns_ = 0;         // since when
    std::string set_changes_;          // why this primary has asked for another set
    bool counts_on_a_stranger_ = false;             // of reign_
    std::set<std::string, std::less<>> tightened_;  // required before they are in the set
    bool all_on_disk_ = true;
    bool level_ = false;
    bool life_is_noted_ = true;
    bool has_reigned_ = false;       // in this life
    bool loss_is_accepted_ = false;  // used up by a reign's begin, or by a primary that is there
    std::optional<Named> named_;
    std::string successor_;
    std::int64_t marked_ns_ = 0;  // when it was last asked to catch up
    OldPrimary then_ = OldPrimary::stays;
    std::vector<RoleEvent> events_;
};

}  // namespace pawl::replication
