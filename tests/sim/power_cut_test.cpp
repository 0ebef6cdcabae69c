// Power is cut anywhere: what was acknowledged as synced is there, and what is lost is a suffix.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "lives.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

void lead_lives(Ends ends, const char* name, std::uint64_t few) {
    RingPool pool;
    const auto seasoned = seasoned_worlds(pool);
    const auto begun = std::chrono::steady_clock::now();
    std::uint64_t steps = 0;
    std::uint64_t lost = 0;
    const std::uint64_t first = settings().first_seed;
    const std::uint64_t count = settings().seeds_or(few);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const auto& base = *seasoned[mixed(seed) % seasoned.size()];
        World world(base, options_of(seed));
        const Watched watched(world);
        lead_a_life(world, ends);
        ASSERT_TRUE(world.right()) << told(world, name, seed);
        steps += world.trace().steps();
        lost += world.ledger().lost_count() - base.lost_count();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    std::printf("%llu lives, %llu steps, %llu answers lost as they may be, %.1f s\n",
                static_cast<unsigned long long>(count), static_cast<unsigned long long>(steps),
                static_cast<unsigned long long>(lost), seconds.count());
}

TEST(PowerCuts, at_random_lose_nothing_that_was_synced_and_otherwise_a_suffix) {
    lead_lives(Ends::any, "PowerCuts.at_random_lose_nothing_that_was_synced_and_otherwise_a_suffix",
               2000);
}

TEST(Kills, at_random_lose_nothing_that_was_journaled) {
    lead_lives(Ends::kills, "Kills.at_random_lose_nothing_that_was_journaled", 1000);
}

}  // namespace
}  // namespace pawl::sim
