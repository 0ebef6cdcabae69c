// One node of a pair stands still and nothing else goes wrong: what goes on, and what waits. And a
// machine that begins anew at the worst moment.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "list.hpp"
#include "pawl/testing/simulation.hpp"
#include "settings.hpp"
#include "testing/pair.hpp"

namespace pawl::sim {
namespace {

using testing::Faults;
using testing::Random;
using Lists = testing::Simulation<List>;

testing::detail::Plan plan_of(std::uint64_t seed, ReplicationPolicy policy) {
    testing::detail::Plan plan;
    plan.options.seed = seed;
    plan.options.policy = policy;
    plan.domain = Engine<List>::domain();
    plan.load = [](Random& random) {
        return Lists::Command(random.below(4), List::Note{random.below(1'000'000)}).asked();
    };
    return plan;
}

std::vector<std::int64_t> moments(std::int64_t first, std::int64_t end, std::uint64_t every) {
    std::vector<std::int64_t> all;
    const auto step = static_cast<std::int64_t>(settings().every(every));
    for (std::int64_t at = first; at < end; at += step) all.push_back(at);
    return all;
}

class StuckPair : public ::testing::Test {
protected:
    // How many are acknowledged in the next second.
    std::uint64_t acknowledged_in_a_second(Pair& pair) {
        const std::uint64_t before = pair.acknowledged();
        pair.live(pair.now_ns() + 1'000 * ms, Faults::none());
        EXPECT_EQ(pair.wrong(), "") << pair.story();
        return pair.acknowledged() - before;
    }
    void stand_still(Pair& pair, Machine& machine) {
        machine.pause_until(machine.clock().now() + 3'600'000 * ms);
        // What the pause may cost: degrade_after, a hand-over that is called off, the arbiter.
        pair.live(pair.now_ns() + 2'000 * ms, Faults::none());
    }
    RingPool pool_;
};

TEST_F(StuckPair, a_standby_that_stands_still_at_any_moment_holds_nobody_up) {
    for (const std::int64_t after_ms : moments(1, 80, 2)) {
        const auto plan = plan_of(7, ReplicationPolicy::available);
        Pair pair(pool_, plan);
        while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
        pair.live(pair.now_ns() + after_ms * ms, Faults::none());
        stand_still(pair, pair.b());
        EXPECT_GT(acknowledged_in_a_second(pair), 50U) << after_ms << " ms\n" << pair.story();
    }
}

// Around the moment in which it has caught up, and is required but not in the set yet.
TEST_F(StuckPair, a_learner_that_stands_still_at_any_moment_holds_nobody_up) {
    constexpr std::int64_t fine = ms / 10;
    for (const std::int64_t after : moments(0, 30, 1)) {
        const auto plan = plan_of(11, ReplicationPolicy::available);
        Pair pair(pool_, plan);
        while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
        stand_still(pair, pair.b());
        ASSERT_EQ(pair.in_sync(), 1U);
        pair.b().kill();
        pair.b().pause_until(0);
        pair.b().start();
        const auto lag = [&] { return pair.a().status().lag_bytes; };
        for (int i = 0; i < 10'000 && lag() == 0; ++i)
            pair.live(pair.now_ns() + fine, Faults::none(), fine);
        for (int i = 0; i < 10'000 && lag() > 4096 && pair.in_sync() == 1; ++i)
            pair.live(pair.now_ns() + fine, Faults::none(), fine);
        pair.live(pair.now_ns() + after * fine, Faults::none(), fine);
        stand_still(pair, pair.b());
        EXPECT_GT(acknowledged_in_a_second(pair), 50U) << after << "\n" << pair.story();
    }
}

TEST_F(StuckPair, under_the_strict_policy_a_standby_that_stands_still_is_waited_for) {
    const auto plan = plan_of(8, ReplicationPolicy::strict);
    Pair pair(pool_, plan);
    while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
    stand_still(pair, pair.b());
    EXPECT_EQ(acknowledged_in_a_second(pair), 0U);
    EXPECT_EQ(pair.in_sync(), 2U);
    pair.b().pause_until(0);
    pair.live(pair.now_ns() + 500 * ms, Faults::none());
    EXPECT_GT(acknowledged_in_a_second(pair), 50U);
}

TEST_F(StuckPair, under_the_strict_policy_who_has_taken_over_waits_for_a_standby) {
    const auto plan = plan_of(12, ReplicationPolicy::strict);
    Pair pair(pool_, plan);
    while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
    stand_still(pair, pair.a());
    ASSERT_NE(pair.b().engine(), nullptr);
    EXPECT_EQ(pair.in_sync(), 1U);
    EXPECT_EQ(acknowledged_in_a_second(pair), 0U) << pair.story();
    pair.a().pause_until(0);
    while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
    EXPECT_GT(acknowledged_in_a_second(pair), 50U) << pair.story();
}

TEST_F(StuckPair, a_switchover_whose_successor_stands_still_is_called_off) {
    for (const auto policy : {ReplicationPolicy::available, ReplicationPolicy::strict}) {
        const auto plan = plan_of(9, policy);
        Pair pair(pool_, plan);
        while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
        pair.live(pair.now_ns() + 100 * ms, Faults::none());
        ASSERT_TRUE(pair.a().engine()->hand_over("b", AfterHandOver::follows));
        stand_still(pair, pair.b());
        ASSERT_NE(pair.a().engine(), nullptr);
        EXPECT_EQ(pair.a().status().role, Role::primary) << pair.story();
        pair.b().pause_until(0);
        pair.live(pair.now_ns() + 500 * ms, Faults::none());
        EXPECT_GT(acknowledged_in_a_second(pair), 50U) << pair.story();
    }
}

TEST_F(StuckPair, a_primary_that_stands_still_at_any_moment_is_replaced) {
    for (const std::int64_t after_ms : moments(60, 200, 10)) {
        const auto plan = plan_of(10, ReplicationPolicy::available);
        Pair pair(pool_, plan);
        while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
        pair.live(pair.now_ns() + after_ms * ms, Faults::none());
        stand_still(pair, pair.a());
        EXPECT_NE(pair.b().engine(), nullptr) << pair.story();
        EXPECT_GT(acknowledged_in_a_second(pair), 50U) << pair.story();
        pair.a().pause_until(0);
        pair.live(pair.now_ns() + 2'000 * ms, Faults::none());
        EXPECT_EQ(pair.a().engine(), nullptr) << pair.story();
        EXPECT_EQ(pair.in_sync(), 2U) << pair.story();
        EXPECT_EQ(pair.wrong(), "");
    }
}

// Its journal looks whole, and the arbiter still counts on it.
class BeginsAnew : public StuckPair, public ::testing::WithParamInterface<const char*> {};

TEST_P(BeginsAnew, does_not_take_over_before_it_has_everything) {
    const std::string fate = GetParam();
    for (std::uint64_t seed = settings().first_seed; seed < settings().first_seed + 4; ++seed) {
        const auto plan = plan_of(seed, ReplicationPolicy::available);
        Pair pair(pool_, plan);
        while (pair.in_sync() != 2) pair.live(pair.now_ns() + ms, Faults::none());
        pair.live(pair.now_ns() + 200 * ms, Faults::none());
        pair.b().replace();
        pair.b().start();
        const auto has_adopted = [&] {
            const auto files = pair.b().disk().files();
            return std::any_of(files.begin(), files.end(),
                               [](const auto& file) { return file.ends_with("/manifest"); });
        };
        // It follows once it has read the arbiter's key; then it must not get itself out of the
        // set.
        for (int i = 0; i < 1'000 && pair.b().status().role != Role::standby; ++i)
            pair.live(pair.now_ns() + ms / 20, Faults::none(), ms / 20);
        pair.arbiter().weather.question_lost_one_in = 1;
        for (int i = 0; i < 10'000 && !has_adopted(); ++i)
            pair.live(pair.now_ns() + ms / 10, Faults::none(), ms / 10);
        ASSERT_TRUE(has_adopted());
        ASSERT_EQ(pair.in_sync(), 2U);
        if (fate == "is_killed") pair.b().kill();
        if (fate == "loses_power") pair.b().cut_power();
        pair.end(pair.a(), [&] { pair.a().replace(); });
        pair.arbiter().weather.question_lost_one_in = 0;
        if (!pair.b().runs()) pair.b().start();
        pair.live(pair.now_ns() + 3'000 * ms, Faults::none());
        EXPECT_EQ(pair.b().engine(), nullptr) << pair.story();
        EXPECT_EQ(pair.wrong(), "");
    }
}
std::string fate_of(const ::testing::TestParamInfo<const char*>& one) {
    return one.param;
}
INSTANTIATE_TEST_SUITE_P(AndThen, BeginsAnew,
                         ::testing::Values("is_killed", "loses_power", "goes_on"), fate_of);

}  // namespace
}  // namespace pawl::sim
