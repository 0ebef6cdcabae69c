// A planned switchover, step by step.
#include <gtest/gtest.h>

#include "pair_kit.hpp"

namespace pawl::sim {
namespace {

using Switchover = PairTest;

// The old primary tells it what the swap said.
TEST_F(Switchover, does_not_wait_for_the_successors_arbiter) {
    const auto plan = plan_of(1);
    Pair pair(pool_, plan);
    ASSERT_NO_FATAL_FAILURE(both_follow(pair));
    Machine& old = pair.a().engine() != nullptr ? pair.a() : pair.b();
    Machine& successor = pair.a().engine() != nullptr ? pair.b() : pair.a();
    pair.arbiter().cut_off(successor.name(), true);
    ASSERT_TRUE(old.engine()->hand_over(successor.name(), AfterHandOver::follows).ok());
    const std::int64_t give_up = pair.now_ns() + 100 * ms;
    while (successor.engine() == nullptr && pair.now_ns() < give_up) live(pair, ms);
    ASSERT_NE(successor.engine(), nullptr) << pair.story();
    EXPECT_EQ(successor.epoch(), 2U);
    EXPECT_EQ(pair.wrong(), "") << pair.story();
}

}  // namespace
}  // namespace pawl::sim
