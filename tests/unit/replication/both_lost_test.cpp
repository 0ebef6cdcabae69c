// The transition "both lost power": what each role does with what is left. The arbiter is the
// simulator's; what nodes have left is told by hand.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/replication/role_kit.hpp"

namespace pawl::replication {
namespace {

// a reigned in epoch 1 with b in the set; then both lost power and began again.
class BothLost : public ::testing::Test {
protected:
    BothLost() : store_(1) {
        auto first = roles_of(store_, "a", 1, Holdings{.blank = true}, true);
        auto second = roles_of(store_, "b", 2, Holdings{.blank = true});
        live([&] {
            first->do_work(now_);
            if (first->role() == Role::opening) first->opened();
            second->do_work(now_);
            first->heard("b", 2, now_);
            second->heard("a", 1, now_);
            if (first->role() == Role::primary) first->follows("b", true, first->mark("b"));
        });
        EXPECT_EQ(store_.history().back().reign.in_sync().size(), 2U);
        EXPECT_EQ(second->role(), Role::standby);
        first.reset();
        second.reset();
        a_ = roles_of(store_, "a", 11, Holdings{.epoch = 1, .may_have_lost = true});
        b_ = roles_of(store_, "b", 12, Holdings{.epoch = 1, .may_have_lost = true});
        live();
        EXPECT_EQ(a_->role(), Role::waiting);
        EXPECT_EQ(b_->role(), Role::standby);
    }
    template <class Step>
    void live(const Step& step) {
        for (int i = 0; i < 2'000; ++i, now_ += ms) {
            store_.advance_to(now_);
            step();
        }
    }
    void live() {
        live([&] {
            for (RoleMachine* one : {a_.get(), b_.get()}) {
                if (one == nullptr) continue;
                one->do_work(now_);
                if (one->role() == Role::opening) one->opened();
            }
        });
    }
    void meet() {
        a_->heard("b", 12, now_);
        b_->heard("a", 11, now_);
    }
    std::uint64_t epoch() const { return store_.history().back().reign.epoch(); }

    sim::ArbiterStore store_;
    std::int64_t now_ = ms;
    std::unique_ptr<RoleMachine> a_;
    std::unique_ptr<RoleMachine> b_;
};

TEST_F(BothLost, the_old_primary_goes_on_when_it_has_all_that_is_left) {
    meet();
    EXPECT_TRUE(a_->compares());
    EXPECT_TRUE(b_->compares());
    a_->heard_remains("b", 12, 1, Remainder::nothing_more, "b: shard 0 ends at 8, here at 16");
    b_->heard_remains("a", 11, 1, Remainder::more, "a: shard 0 ends at 16, here at 8");
    live();
    EXPECT_EQ(a_->role(), Role::primary);
    EXPECT_FALSE(a_->may_have_lost()) << "what it has is the history";
    EXPECT_EQ(b_->role(), Role::learner);
    EXPECT_TRUE(b_->may_have_lost());
    EXPECT_EQ(epoch(), 2U);
    std::string said;
    for (const RoleEvent& event : a_->take_events()) said += event.sentence;
    EXPECT_NE(said.find("is lost; b: shard 0 ends at 8, here at 16"), std::string::npos) << said;
}

TEST_F(BothLost, the_standby_goes_on_when_it_has_all_that_is_left) {
    meet();
    a_->heard_remains("b", 12, 1, Remainder::more, "b: more");
    b_->heard_remains("a", 11, 1, Remainder::nothing_more, "a: less");
    live();
    EXPECT_EQ(b_->role(), Role::primary);
    EXPECT_EQ(a_->role(), Role::learner);
}

TEST_F(BothLost, of_two_that_have_the_same_one_goes_on) {
    meet();
    a_->heard_remains("b", 12, 1, Remainder::nothing_more, "b: the same");
    b_->heard_remains("a", 11, 1, Remainder::nothing_more, "a: the same");
    live();
    EXPECT_NE(a_->role() == Role::primary, b_->role() == Role::primary);
    EXPECT_EQ(epoch(), 2U);
}

TEST_F(BothLost, an_operator_decides_when_each_has_something) {
    meet();
    a_->heard_remains("b", 12, 1, Remainder::more, "b: shard 1 ends at 16, here at 8");
    b_->heard_remains("a", 11, 1, Remainder::unknown, "a: cannot be compared");
    live();
    EXPECT_EQ(epoch(), 1U);
    EXPECT_NE(a_->why().find("shall go on; b: shard 1"), std::string::npos);
    EXPECT_NE(b_->why().find("shall go on; a: cannot"), std::string::npos);
    b_->accept_loss();
    live();
    EXPECT_EQ(b_->role(), Role::primary);
}

// The word is used up where the primary reigns: what this node may have lost it still may.
TEST_F(BothLost, who_accepts_a_loss_that_is_none_does_not_take_over_with_less_later) {
    a_ = roles_of(store_, "a", 1, Holdings{.epoch = 1});  // as if it had never ended
    b_ = roles_of(store_, "b", 14, Holdings{.epoch = 1, .may_have_lost = true});
    b_->accept_loss();
    live([&] {
        a_->do_work(now_);
        if (a_->role() == Role::opening) a_->opened();
        b_->do_work(now_);
        a_->heard("b", 14, now_);
        b_->heard("a", 1, now_);
        a_->follows("b", true, 0);  // it has not heard yet that b is incomplete
    });
    EXPECT_EQ(a_->role(), Role::primary);
    EXPECT_EQ(b_->role(), Role::standby);
    EXPECT_TRUE(b_->incomplete());
    a_.reset();
    live();
    EXPECT_EQ(epoch(), 1U) << b_->why();
}

TEST_F(BothLost, who_has_nothing_goes_on_with_nothing_by_no_word) {
    a_.reset();
    b_ = roles_of(store_, "b", 13, Holdings{.blank = true});
    b_->accept_loss();
    live();
    EXPECT_EQ(epoch(), 1U) << b_->why();
}

TEST_F(BothLost, nobody_goes_on_before_the_other_has_spoken) {
    EXPECT_FALSE(b_->compares()) << "the primary may be alive";
    live();
    EXPECT_EQ(epoch(), 1U);
    meet();
    live();
    EXPECT_EQ(epoch(), 1U);
    EXPECT_EQ(a_->role(), Role::waiting);
    EXPECT_EQ(b_->role(), Role::standby);
}

TEST_F(BothLost, what_another_life_or_another_reign_has_said_does_not_count) {
    meet();
    a_->heard_remains("b", 13, 1, Remainder::nothing_more, "b: of another life");
    b_->heard_remains("a", 11, 9, Remainder::nothing_more, "a: of another reign");
    live();
    EXPECT_EQ(epoch(), 1U);
}

TEST_F(BothLost, a_node_that_lost_nothing_or_everything_does_not_compare) {
    a_.reset();
    b_ = roles_of(store_, "b", 14, Holdings{.epoch = 1});
    auto blank = roles_of(store_, "a", 15, Holdings{.blank = true});
    live([&] {
        blank->do_work(now_);
        EXPECT_FALSE(blank->compares());
        EXPECT_FALSE(b_->compares());
    });
    live();
    EXPECT_EQ(b_->role(), Role::primary) << "it takes over as ever";
}

}  // namespace
}  // namespace pawl::replication
