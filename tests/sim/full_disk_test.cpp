// A disk that is full at every size a run may have: refused early and with a reason, reads go on,
// and work resumes by itself when there is room.
#include <gtest/gtest.h>

#include <cstdio>

#include "lives.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

constexpr std::uint64_t step_bytes = 4096;

void fill(World& world) {
    for (int round = 0; round < 30 && world.healthy(); ++round) {
        for (std::uint64_t id = 0; id < 4; ++id)
            world.send({id % 2 == 0 ? What::deposit : What::write, id, 3, 48},
                       round % 3 == 0 ? Asked::synced : Asked::journaled);
        world.poll();
        world.advance(20'000'000);
        if (round == 20) world.snapshot();
    }
}

WorldOptions options() {
    WorldOptions options = Script::options();
    options.adjust = [](EngineOptions& engine) { engine.snapshot_every_bytes = 24U << 10; };
    return options;
}

std::uint64_t bytes_of_the_run() {
    RingPool pool;
    World world(pool, options());
    EXPECT_TRUE(world.open());
    fill(world);
    world.check();
    EXPECT_TRUE(world.right()) << world.story();
    return world.disk().used_bytes();
}

TEST(FullDisk, at_every_size_is_said_and_work_resumes_by_itself) {
    RingPool pool;
    const std::uint64_t most = bytes_of_the_run();
    std::uint64_t refused_at_open = 0;
    std::uint64_t refused_commands = 0;
    std::uint64_t quotas = 0;
    for (std::uint64_t quota = 0; quota <= most; quota += step_bytes, ++quotas) {
        World world(pool, options());
        const Watched watched(world);
        world.disk().set_quota_bytes(quota);
        const bool opened = world.open();
        if (!opened) {
            ++refused_at_open;
            EXPECT_EQ(world.refusal().code, ErrorCode::disk_full) << world.refusal().sentence;
            world.kill();
        } else {
            fill(world);
            ASSERT_TRUE(world.healthy()) << quota << ": " << world.story();
            refused_commands += world.refused();
            world.check_states_now();
        }
        world.disk().set_quota_bytes(~std::uint64_t{0});
        if (opened) {
            // It resumes without being told.
            world.advance(200'000'000);
            world.poll();
            world.check();
            ASSERT_TRUE(world.settled()) << quota << ": does not resume\n" << world.story();
            ASSERT_TRUE(world.right()) << quota << ": " << world.story();
            world.kill();
        }
        recover_and_check(world);
        ASSERT_TRUE(world.right()) << quota << ": " << world.story();
    }
    EXPECT_GT(refused_at_open, 0U);
    EXPECT_GT(refused_commands, 0U);
    std::printf("%llu quotas: %llu refused at opening, %llu commands refused later\n",
                static_cast<unsigned long long>(quotas),
                static_cast<unsigned long long>(refused_at_open),
                static_cast<unsigned long long>(refused_commands));
}

// A directory that has grown, opened again when there is no room left for anything.
TEST(FullDisk, of_a_killed_process_lets_nothing_be_lost) {
    RingPool pool;
    for (std::uint64_t left = 0; left <= 40; ++left) {
        World world(pool, options());
        const Watched watched(world);
        ASSERT_TRUE(world.open());
        fill(world);
        world.kill();
        world.disk().set_quota_bytes(world.disk().used_bytes() + left * step_bytes);
        if (world.open()) {
            fill(world);
            world.check_states_now();
        } else {
            EXPECT_EQ(world.refusal().code, ErrorCode::disk_full) << world.refusal().sentence;
        }
        world.kill();
        world.disk().set_quota_bytes(~std::uint64_t{0});
        recover_and_check(world);
        ASSERT_TRUE(world.right()) << left << ": " << world.story();
    }
}

}  // namespace
}  // namespace pawl::sim
