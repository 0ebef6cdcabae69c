// A planned switchover, step by step.
#include <gtest/gtest.h>

#include <string>

#include "pair_kit.hpp"
#include "testing/lane_session.hpp"

namespace pawl::sim {
namespace {

class Switchover : public PairTest {
protected:
    struct Roles {
        Machine& old;
        Machine& successor;
    };
    static Roles roles_of(Pair& pair) {
        if (pair.a().engine() != nullptr) return {pair.a(), pair.b()};
        return {pair.b(), pair.a()};
    }

    testing::Random random_{1};
};

// The old primary tells it what the swap said.
TEST_F(Switchover, does_not_wait_for_the_successors_arbiter) {
    const auto plan = plan_of(1);
    Pair pair(pool_, plan);
    ASSERT_NO_FATAL_FAILURE(both_follow(pair));
    const auto [old, successor] = roles_of(pair);
    pair.arbiter().cut_off(successor.name(), true);
    ASSERT_TRUE(old.engine()->hand_over(successor.name(), AfterHandOver::follows).ok());
    const std::int64_t give_up = pair.now_ns() + 100 * ms;
    while (successor.engine() == nullptr && pair.now_ns() < give_up) live(pair, ms);
    ASSERT_NE(successor.engine(), nullptr) << pair.story();
    EXPECT_EQ(successor.epoch(), 2U);
    EXPECT_EQ(pair.wrong(), "") << pair.story();
}

// Commands are decided until the arbiter has answered, and its successor gets the rest.
TEST_F(Switchover, does_not_stand_still_while_the_arbiter_is_asked) {
    auto plan = plan_of(2);
    plan.options.durability = Durability::replicated;
    Pair pair(pool_, plan);
    ASSERT_NO_FATAL_FAILURE(both_follow(pair));
    const auto [old, successor] = roles_of(pair);
    pair.arbiter().weather.delay_ns_min = pair.arbiter().weather.delay_ns_max = 20 * ms;
    const std::int64_t asked_ns = pair.now_ns();
    ASSERT_TRUE(old.engine()->hand_over(successor.name(), AfterHandOver::follows).ok());
    const std::uint64_t before = pair.acknowledged();
    const std::int64_t give_up = asked_ns + 300 * ms;
    while (successor.engine() == nullptr && pair.now_ns() < give_up) live(pair, ms);
    const std::uint64_t meanwhile = pair.acknowledged() - before;
    ASSERT_NE(successor.engine(), nullptr) << pair.story();
    EXPECT_GE(pair.now_ns() - asked_ns, 40 * ms);
    EXPECT_GT(meanwhile, 15U);
    EXPECT_EQ(pair.story().find("gone another way"), std::string::npos) << pair.story();
    EXPECT_EQ(pair.wrong(), "") << pair.story();
}

// Also what waits for both disks: nobody is told that it was decided and may be gone.
TEST_F(Switchover, answers_what_was_decided) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto plan = plan_of(seed);
        Pair pair(pool_, plan);
        ASSERT_NO_FATAL_FAILURE(both_follow(pair));
        const auto [old, successor] = roles_of(pair);
        ProducerOptions me;
        me.session = "an onlooker";
        const auto lanes = old.engine()->make_lanes(me);
        std::uint64_t sent = 0;
        std::uint64_t answered = 0;
        const auto speak = [&] {
            pawl::detail::RawReply replies[64];
            for (std::size_t count; (count = lanes->take(replies, 64)) != 0; answered += count)
                for (std::size_t i = 0; i < count; ++i)
                    ASSERT_NE(replies[i].reason, static_cast<std::uint16_t>(Refusal::engine_failed))
                        << "seed " << seed;
            if (old.engine() == nullptr || sent - answered >= 8) return;
            const auto asked = plan.load(random_);
            if (send(*lanes, *old.engine(), asked, sent + 1, Durability::replicated_synced)) ++sent;
        };
        for (int i = 0; i < 20; ++i) {
            live(pair, ms);
            ASSERT_NO_FATAL_FAILURE(speak());
        }
        ASSERT_TRUE(old.engine()->hand_over(successor.name(), AfterHandOver::follows).ok());
        for (int i = 0; i < 100 && old.engine() != nullptr; ++i) {
            live(pair, ms);
            ASSERT_NO_FATAL_FAILURE(speak());
        }
        ASSERT_EQ(old.engine(), nullptr) << pair.story();
        ASSERT_NO_FATAL_FAILURE(speak());
        EXPECT_EQ(answered, sent);
        EXPECT_GT(sent, 10U);
    }
}

}  // namespace
}  // namespace pawl::sim
