// Power is cut anywhere.
#include <gtest/gtest.h>
#include <chrono>
#include <cstdio>
#include "world.hpp"
namespace pawl::sim {
namespace {
TEST(PowerCuts, first) {
    RingPool pool;
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t steps = 0, lost = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        WorldOptions options;
        options.seed = seed;
        World world(pool, options);
        ASSERT_TRUE(world.open()) << world.refusal().sentence;
        world.wander(world.chance().between(10, 60));
        for (int cut = 0; cut < 2; ++cut) {
            world.disk().die_at_call(world.chance().between(1, 30),
                                     static_cast<Dying>(world.chance().below(3)));
            world.wander(world.chance().between(10, 60));
            if (world.chance().one_in(4))
                world.kill();
            else
                world.cut_power();
            ASSERT_TRUE(world.right()) << world.story();
            ASSERT_TRUE(world.open()) << world.refusal().sentence << world.story();
            world.check();
            ASSERT_TRUE(world.right()) << world.story();
            world.wander(world.chance().between(10, 30));
        }
        world.check();
        ASSERT_TRUE(world.right()) << world.story();
        steps += world.trace().steps();
        lost += world.ledger().lost_count();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("%.2f s, steps %llu lost %llu\n", seconds.count(), (unsigned long long)steps,
                (unsigned long long)lost);
}
}  // namespace
}  // namespace pawl::sim
