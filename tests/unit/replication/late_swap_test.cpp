// Swaps that are asked for in one life of a node and happen in a later one: what they say of the
// node is not true of its present life.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/replication/role_kit.hpp"

namespace pawl::replication {
namespace {

class LateSwap : public ::testing::Test {
protected:
    LateSwap()
        : store_(1),
          a_(roles_of(store_, "a", 1, Holdings{.blank = true}, true)),
          b_(roles_of(store_, "b", 2, Holdings{.blank = true})) {}

    // Until `done`, for three seconds at most. a, if it is there, serves with b beside it, and they
    // hear each other.
    template <class Done>
    bool live(const Done& done) {
        for (int i = 0; i < 3'000 && !done(); ++i, now_ += ms) {
            store_.advance_to(now_);
            if (a_ != nullptr) {
                const bool follows = b_->role() == Role::learner || b_->role() == Role::standby;
                if (follows) a_->heard("b", b_boot_, now_);
                if (follows) b_->heard("a", 1, now_);
                if (follows && catches_up_) b_->is_level();
                if (leads(a_->role())) a_->follows("b", follows, follows ? a_->mark("b") : 0);
                a_->is_incomplete("b", b_->incomplete());
                a_->do_work(now_);
                if (a_->role() == Role::opening) a_->opened();
            }
            b_->do_work(now_);
        }
        return done();
    }
    // What is asked for from now on takes up to two seconds, though nobody waits for it so long.
    void be_late(bool late) {
        store_.weather.late_one_in = late ? 1 : 0;
        store_.weather.late_ns_max = late ? 2'000 * ms : 0;
    }
    void begin_b_again(const Holdings& holdings) {
        b_boot_ = 12;
        b_ = roles_of(store_, "b", b_boot_, holdings);
    }
    const Reign& reign() const { return store_.history().back().reign; }

    // b, alone, asks to take over, and its process ends; what it asked for is on its way.
    void ask_for_the_reign_and_die() {
        ASSERT_TRUE(live([this] { return b_->role() == Role::standby; }));
        a_.reset();
        be_late(true);
        ASSERT_TRUE(
            live([this] { return b_->role() == Role::taking_over && store_.may_still_swap(); }));
        be_late(false);
    }
    bool took_over_long_ago() const { return reign().epoch() == 2; }

    sim::ArbiterStore store_;
    std::int64_t now_ = 0;
    std::uint64_t b_boot_ = 2;
    bool catches_up_ = true;
    std::unique_ptr<RoleMachine> a_, b_;
};

TEST_F(LateSwap, a_reign_of_an_earlier_life_is_begun_by_who_has_everything) {
    ask_for_the_reign_and_die();
    begin_b_again(Holdings{.epoch = 1});
    ASSERT_TRUE(live([this] { return b_->role() == Role::opening; })) << b_->why();
}

// What a had answered because b had it in memory is gone with that memory.
TEST_F(LateSwap, a_reign_of_an_earlier_life_is_not_begun_by_who_has_lost_something_since) {
    ask_for_the_reign_and_die();
    begin_b_again(Holdings{.epoch = 1, .may_have_lost = true});
    ASSERT_TRUE(live([this] { return took_over_long_ago(); }));
    EXPECT_FALSE(live([this] { return b_->role() == Role::opening; }));
    EXPECT_NE(b_->why().find("operator"), std::string::npos) << b_->why();
    b_->accept_loss();
    EXPECT_TRUE(live([this] { return b_->role() == Role::opening; })) << b_->why();
}

// Its reign was on this disk: what it answered alone, and everything before, was too.
TEST_F(LateSwap, a_reign_that_was_begun_here_goes_on_after_a_loss_of_memory) {
    ask_for_the_reign_and_die();
    begin_b_again(Holdings{.epoch = 2, .may_have_lost = true});
    ASSERT_TRUE(live([this] { return b_->role() == Role::opening; })) << b_->why();
}

// a had it put into the set for what its earlier life had.
TEST_F(LateSwap, who_is_put_into_the_set_for_an_earlier_life_takes_over_when_it_has_caught_up) {
    ASSERT_TRUE(live([this] { return b_->role() == Role::learner; }));
    be_late(true);
    ASSERT_TRUE(live([this] { return a_->needs("b") && store_.may_still_swap(); }));
    be_late(false);
    begin_b_again(Holdings{.epoch = 1, .may_have_lost = true});
    catches_up_ = false;
    ASSERT_TRUE(live([this] { return b_->role() == Role::standby; }));
    a_.reset();
    EXPECT_FALSE(live([this] { return b_->role() == Role::opening; }))
        << "it has not caught up in this life";
    b_->is_level();
    EXPECT_TRUE(live([this] { return b_->role() == Role::opening; })) << b_->why();
}

// It looks just before the swap that makes it primary, and hears of that before the answer comes.
TEST_F(LateSwap, who_hears_of_a_reign_while_it_looks_looks_again_at_once) {
    ASSERT_TRUE(live([this] { return b_->role() == Role::standby && !b_->waits_for_arbiter(); }));
    const auto each_way_takes = [this](std::int64_t ns) {
        store_.weather.delay_ns_min = store_.weather.delay_ns_max = ns;
    };
    const auto one_step = [this] {
        const std::int64_t then = now_;
        live([&] { return now_ != then; });
    };
    each_way_takes(ms / 10);
    ASSERT_TRUE(live([this] { return b_->waits_for_arbiter(); }));
    one_step();  // the question leaves
    each_way_takes(40 * ms);
    one_step();  // the answer leaves
    each_way_takes(ms / 10);
    ASSERT_TRUE(a_->hand_over("b", OldPrimary::stays, now_).ok());
    ASSERT_TRUE(live([this] { return a_->epoch_seen() == 2; }));
    ASSERT_TRUE(b_->waits_for_arbiter());
    b_->heard_epoch(2);
    const std::int64_t heard_ns = now_;
    ASSERT_TRUE(live([this] { return b_->role() == Role::opening; })) << b_->why();
    EXPECT_LT(now_ - heard_ns, 100 * ms);
}

// Its own question is not answered for long.
TEST_F(LateSwap, who_is_told_what_the_arbiter_said_need_not_ask) {
    ASSERT_TRUE(live([this] { return b_->role() == Role::standby && !b_->waits_for_arbiter(); }));
    ASSERT_TRUE(a_->hand_over("b", OldPrimary::stays, now_).ok());
    ASSERT_TRUE(live([this] { return a_->epoch_seen() == 2; }));
    ASSERT_EQ(b_->role(), Role::standby);
    store_.cut_off("b", true);
    b_->told(*a_->known());
    EXPECT_EQ(b_->role(), Role::standby) << "what is told is heeded with the next step";
    b_->do_work(now_);
    EXPECT_EQ(b_->role(), Role::opening) << b_->why();
}

// A switchover there and back, and then somebody tells of the first.
TEST_F(LateSwap, who_is_told_of_what_is_over_knows_better) {
    ASSERT_TRUE(live([this] { return b_->role() == Role::standby; }));
    const KnownReign before = *b_->known();
    ASSERT_TRUE(a_->hand_over("b", OldPrimary::stays, now_).ok());
    ASSERT_TRUE(live([this] { return b_->role() == Role::opening; }));
    b_->opened();
    b_->told(before);
    b_->do_work(now_);
    EXPECT_EQ(b_->role(), Role::primary) << b_->why();
    EXPECT_EQ(b_->epoch(), 2U);
}

// Long ago, before b was put into the set.
TEST_F(LateSwap, who_is_told_that_it_was_alone_and_is_not_takes_nothing_over) {
    ASSERT_TRUE(live([this] { return b_->role() == Role::standby; }));
    const auto& alone = store_.history().front();
    ASSERT_EQ(alone.reign.in_sync().size(), 1U);
    a_ = roles_of(store_, "a", 11, Holdings{.epoch = 1, .may_have_lost = true});
    a_->told({alone.reign, alone.revision});
    store_.cut_off("b", true);
    EXPECT_FALSE(live([this] { return a_->serves(); })) << a_->why();
    EXPECT_TRUE(a_->may_have_lost());
    EXPECT_EQ(reign().in_sync().size(), 2U);
}

// Its successor has what is answered: no answer waits for this disk.
TEST_F(LateSwap, who_hands_over_and_leaves_the_set_holds_no_answer_back) {
    ASSERT_TRUE(live([this] { return b_->role() == Role::standby; }));
    ASSERT_TRUE(a_->hand_over("b", OldPrimary::leaves, now_).ok());
    be_late(true);
    ASSERT_TRUE(live([this] { return store_.may_still_swap(); }));
    EXPECT_EQ(a_->role(), Role::handing_over);
    EXPECT_FALSE(a_->may_be_alone());
}

// b comes back without its memory, and is in the set: a counts on nothing that it says until it is
// out of the set.
class IncompleteStandby : public LateSwap {
protected:
    IncompleteStandby() {
        EXPECT_TRUE(live([this] { return b_->role() == Role::standby; }));
        catches_up_ = false;
        begin_b_again(Holdings{.epoch = 1, .may_have_lost = true});
        EXPECT_TRUE(live([this] { return b_->role() == Role::standby; })) << b_->why();
        EXPECT_TRUE(b_->incomplete());
    }
};

TEST_F(IncompleteStandby, is_taken_out_by_its_primary) {
    ASSERT_TRUE(live([this] { return reign().in_sync().size() == 1; }));
    EXPECT_EQ(reign().epoch(), 1U);
    ASSERT_TRUE(live([this] { return b_->role() == Role::learner; }));
    EXPECT_FALSE(b_->incomplete());
    EXPECT_TRUE(b_->may_have_lost());
}

// Whoever puts it into the set then need not be heard any more.
TEST_F(IncompleteStandby, is_complete_when_it_has_caught_up_in_the_set_or_not) {
    ASSERT_TRUE(live([this] { return b_->role() == Role::learner; }));
    be_late(true);
    catches_up_ = true;
    EXPECT_TRUE(live([this] { return !b_->may_have_lost(); }));
    EXPECT_EQ(b_->role(), Role::learner);
}

TEST_F(IncompleteStandby, is_not_taken_out_before_its_primary_has_everything_on_its_own_disk) {
    a_->has_on_disk(false);
    EXPECT_FALSE(live([this] { return a_->may_be_alone(); }));
    EXPECT_TRUE(a_->needs("b"));
    a_->has_on_disk(true);
    be_late(true);
    ASSERT_TRUE(live([this] { return a_->may_be_alone(); }));
    EXPECT_EQ(reign().in_sync().size(), 2U)
        << "asked for, and nobody knows whether it has happened";
    be_late(false);
    EXPECT_TRUE(live([this] { return reign().in_sync().size() == 1; }));
}

TEST_F(IncompleteStandby, that_has_caught_up_before_is_counted_on) {
    a_->has_on_disk(false);
    catches_up_ = true;
    ASSERT_TRUE(live([this] { return !b_->incomplete(); }));
    a_->has_on_disk(true);
    EXPECT_FALSE(live([this] { return a_->may_be_alone(); }));
    a_.reset();
    EXPECT_TRUE(live([this] { return b_->role() == Role::opening; })) << b_->why();
}

}  // namespace
}  // namespace pawl::replication
