// The roles of a and b while a hands over: who decides, who waits for whom, and for how long.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/replication/role_kit.hpp"

namespace pawl::replication {
namespace {

class HandingOver : public ::testing::Test {
protected:
    HandingOver()
        : store_(1),
          a_(roles_of(store_, "a", 1, Holdings{.blank = true}, true)),
          b_(roles_of(store_, "b", 2, Holdings{.blank = true})) {
        EXPECT_TRUE(live([this] { return b_->role() == Role::standby; }));
        each_way_takes(0);
        EXPECT_TRUE(live([this] { return !b_->waits_for_arbiter(); }));
    }

    // One millisecond.
    void step() {
        store_.advance_to(now_);
        const bool b_follows = b_->role() == Role::learner || b_->role() == Role::standby;
        const bool a_reigns = leads(a_->role());
        if (b_follows && a_hears_b_) a_->heard("b", 2, now_);
        if (b_follows && b_hears_a_) b_->heard("a", 1, now_);
        if (b_follows) b_->is_level();
        if (a_reigns && mark_ != a_->mark("b")) {
            mark_ = a_->mark("b");
            marked_ns_ = now_;
        }
        if (b_gets_the_rest_ && now_ - marked_ns_ >= b_lags_ns_) reached_ = mark_;
        const bool streams = b_follows && !b_cannot_follow_;
        if (a_reigns) a_->follows("b", streams, streams ? reached_ : 0);
        a_->do_work(now_);
        if (a_->role() == Role::opening) a_->opened();
        b_->do_work(now_);
        now_ += ms;
    }
    template <class Done>
    bool live(const Done& done, std::int64_t at_most_ms = 3'000) {
        for (std::int64_t i = 0; i < at_most_ms && !done(); ++i) step();
        return done();
    }
    void each_way_takes(std::int64_t ns) {
        store_.weather.delay_ns_min = store_.weather.delay_ns_max = ns;
    }
    void hand_over() { ASSERT_TRUE(a_->hand_over("b", OldPrimary::stays, now_).ok()); }
    std::uint64_t epoch() const { return store_.history().back().reign.epoch(); }
    bool is_named() const { return epoch() == 2; }

    sim::ArbiterStore store_;
    std::int64_t now_ = 0;
    bool a_hears_b_ = true;
    bool b_hears_a_ = true;
    bool b_cannot_follow_ = false;
    bool b_gets_the_rest_ = true;
    std::int64_t b_lags_ns_ = 0;
    std::uint64_t mark_ = 1;
    std::int64_t marked_ns_ = 0;
    std::uint64_t reached_ = 0;
    std::unique_ptr<RoleMachine> a_, b_;
};

// It calls, so it is not silent; every reply that waits for it would wait for ever.
TEST_F(HandingOver, is_not_held_up_by_a_peer_that_calls_and_cannot_follow) {
    b_cannot_follow_ = true;
    a_->has_on_disk(true);
    EXPECT_TRUE(live([this] { return a_->reign()->in_sync().size() == 1; }, 250)) << a_->why();
    EXPECT_TRUE(a_->serves());
    std::string said;
    for (const RoleEvent& event : a_->take_events()) said += event.sentence + "\n";
    EXPECT_NE(said.find("b could not follow for"), std::string::npos) << said;
    EXPECT_NE(said.find("on this node alone"), std::string::npos) << said;
    EXPECT_FALSE(live([this] { return !a_->serves(); }, 500)) << "nobody takes over from it";
}

// Both stood still, and both go on.
TEST_F(HandingOver, takes_nobody_out_who_follows_after_a_pause) {
    a_->has_on_disk(true);
    for (int i = 0; i < 3; ++i) {
        now_ += 10'000 * ms;
        step();
        step();
    }
    EXPECT_FALSE(live([this] { return a_->reign()->in_sync().size() == 1; }, 300)) << a_->why();
}

TEST_F(HandingOver, decides_until_the_arbiter_has_answered) {
    each_way_takes(15 * ms);
    hand_over();
    ASSERT_TRUE(live([this] { return is_named(); }));
    EXPECT_EQ(a_->role(), Role::handing_over);
    EXPECT_FALSE(a_->holds()) << "its answer is on its way";
    EXPECT_TRUE(a_->needs("b"));
    b_gets_the_rest_ = false;
    ASSERT_TRUE(live([this] { return a_->holds(); }));
    EXPECT_FALSE(a_->acknowledges());
}

// What is decided while the arbiter is asked is more than it can take in as long.
TEST_F(HandingOver, names_nobody_who_stays_behind) {
    b_lags_ns_ = 300 * ms;
    hand_over();
    EXPECT_FALSE(live([this] { return is_named(); })) << "it takes three attempts";
    EXPECT_TRUE(a_->serves()) << a_->why();
    b_lags_ns_ = 60 * ms;
    hand_over();
    EXPECT_TRUE(live([this] { return is_named(); }, 100)) << a_->why();
}

TEST_F(HandingOver, is_called_off_when_the_successor_is_gone_before_it_is_named) {
    b_gets_the_rest_ = false;
    hand_over();
    a_hears_b_ = false;
    EXPECT_TRUE(live([this] { return a_->serves(); }, 210)) << a_->why();
}

// Or everything would stand still until it had caught up.
TEST_F(HandingOver, names_nobody_who_has_yet_to_catch_up) {
    b_gets_the_rest_ = false;
    hand_over();
    EXPECT_FALSE(live([this] { return is_named(); }, 900));
    b_gets_the_rest_ = true;
    EXPECT_TRUE(live([this] { return is_named(); }, 10)) << a_->why();
}

TEST_F(HandingOver, ends_when_its_successor_has_the_rest_and_not_before) {
    b_gets_the_rest_ = false;
    hand_over();
    b_gets_the_rest_ = true;
    ASSERT_TRUE(live([this] { return is_named(); }));
    b_gets_the_rest_ = false;
    ASSERT_TRUE(live([this] { return a_->holds(); }));
    EXPECT_FALSE(live([this] { return !a_->holds(); }, 500)) << a_->why();
    EXPECT_EQ(b_->role(), Role::standby);
    b_gets_the_rest_ = true;
    step();
    EXPECT_TRUE(a_->holds()) << "what the successor has is answered first";
    step();
    EXPECT_EQ(a_->role(), Role::standby) << a_->why();
    b_->told(*a_->known());
    b_->do_work(now_);
    EXPECT_EQ(b_->role(), Role::opening) << b_->why();
}

// Then its successor's reign may be taken over at once.
TEST_F(HandingOver, is_over_for_a_successor_that_is_not_heard_any_more) {
    hand_over();
    ASSERT_TRUE(live([this] { return is_named(); }));
    b_gets_the_rest_ = a_hears_b_ = false;
    EXPECT_FALSE(live([this] { return a_->epoch() == 2; }, 90));
    EXPECT_TRUE(a_->holds());
    EXPECT_TRUE(live([this] { return a_->epoch() == 2; }, 20)) << a_->why();
    EXPECT_TRUE(live([this] { return a_->epoch() == 3 && a_->serves(); }, 20)) << a_->why();
}

TEST_F(HandingOver, is_over_in_time_though_the_rest_does_not_arrive) {
    hand_over();
    ASSERT_TRUE(live([this] { return is_named(); }));
    b_gets_the_rest_ = false;
    const std::int64_t begun = now_;
    ASSERT_TRUE(live([this] { return a_->role() == Role::standby; })) << a_->why();
    EXPECT_GE(now_ - begun, 900 * ms);
    EXPECT_LE(now_ - begun, 1'100 * ms);
}

// a's answer takes long, and b looks by itself.
class Named : public HandingOver {
protected:
    Named() {
        each_way_takes(40 * ms);
        hand_over();
        EXPECT_TRUE(live([this] { return is_named(); }));
        store_.cut_off("a", true);
        each_way_takes(ms / 10);
    }
    bool begins() const { return b_->role() == Role::opening; }
};

TEST_F(Named, waits_for_what_the_old_primary_has_decided_meanwhile) {
    EXPECT_FALSE(live([this] { return begins(); }, 900)) << "it looks twice a second";
    EXPECT_EQ(b_->role(), Role::standby);
    EXPECT_TRUE(b_->acknowledges());
    EXPECT_EQ(b_->epoch(), 1U);
}

TEST_F(Named, begins_when_the_old_primary_is_silent) {
    ASSERT_FALSE(live([this] { return begins(); }, 600));
    b_hears_a_ = false;
    const std::int64_t silent = now_;
    ASSERT_TRUE(live([this] { return begins(); })) << b_->why();
    EXPECT_LE(now_ - silent, 120 * ms);
}

TEST_F(Named, begins_when_somebody_acts_in_the_new_epoch) {
    ASSERT_FALSE(live([this] { return begins(); }, 600));
    b_->heard_epoch(2);
    step();
    EXPECT_TRUE(begins()) << b_->why();
}

// It has stepped down, and its last word was lost.
TEST_F(Named, begins_when_the_old_primary_lives_another_life) {
    ASSERT_FALSE(live([this] { return begins(); }, 600));
    b_hears_a_ = false;
    b_->heard("a", 11, now_);
    step();
    EXPECT_TRUE(begins()) << b_->why();
}

TEST_F(Named, begins_in_time_though_the_old_primary_is_heard) {
    const std::int64_t named = now_;
    ASSERT_TRUE(live([this] { return begins(); })) << b_->why();
    EXPECT_GE(now_ - named, 1'000 * ms);
    EXPECT_LE(now_ - named, 1'700 * ms);
}

// It may have been answered before the switchover, and come after it.
TEST_F(Named, does_not_forget_it_for_an_answer_of_before) {
    ASSERT_FALSE(live([this] { return begins(); }, 600));
    const auto& before = store_.history()[store_.history().size() - 2];
    ASSERT_EQ(before.reign.epoch(), 1U);
    store_.cut_off("b", true);
    b_->told({before.reign, before.revision});
    step();
    EXPECT_EQ(b_->role(), Role::standby);
    b_hears_a_ = false;
    EXPECT_TRUE(live([this] { return begins(); }, 200)) << b_->why();
}

// Or it would take the silence of a successor that has not begun for its death.
TEST(AThirdNode, waits_with_the_successor) {
    sim::ArbiterStore store(1);
    const auto operators = store.connect("operator", 50 * ms);
    std::int64_t now = 0;
    std::uint64_t revision = 0;
    const auto put = [&](const Result<Reign>& reign) {
        ASSERT_TRUE(reign.ok());
        operators->compare_and_swap(revision, *reign);
        for (; operators->busy(); now += ms) {
            store.advance_to(now);
            if (const auto answer = operators->do_work(now)) revision = answer->revision;
        }
    };
    const Reign one = first({"a", 1}, 0).value();
    const Reign two = add_standby(one, {"a", 1}, "b").value();
    const Reign three = add_standby(two, {"a", 1}, "c").value();
    put(one);
    put(two);
    put(three);
    RoleOptions options;
    options.self = {"c", 3};
    options.peers = {"a", "b"};
    RoleMachine c(options, Holdings{.epoch = 1}, store.connect("c", 50 * ms));
    const auto live = [&](std::int64_t for_ms, bool hears_a) {
        for (std::int64_t i = 0; i < for_ms; ++i, now += ms) {
            store.advance_to(now);
            if (hears_a) c.heard("a", 1, now);
            c.do_work(now);
        }
    };
    live(100, true);
    ASSERT_EQ(c.role(), Role::standby) << c.why();
    put(hand_over(three, {"a", 1}, {"b", 2}, OldPrimary::stays));
    live(900, true);
    EXPECT_EQ(c.epoch(), 1U) << c.why();
    EXPECT_TRUE(c.acknowledges());
    live(150, false);
    EXPECT_EQ(c.epoch(), 2U) << c.why();
    EXPECT_EQ(c.role(), Role::standby) << c.why();
}

}  // namespace
}  // namespace pawl::replication
