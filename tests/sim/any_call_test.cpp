// One life, and a fault at every single storage call of it: the call fails, or the process dies
// before, in or after it. Nothing acknowledged may be lost, and nothing may act twice.
#include <gtest/gtest.h>

#include <string>

#include "lives.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

using journal::StorageFault;

enum class Then { restart, power_lost };

std::uint64_t calls_of_the_script() {
    RingPool pool;
    World world(pool, Script::options());
    Script script(world);
    EXPECT_TRUE(script.run()) << script.chapter() << "\n" << world.story();
    EXPECT_TRUE(world.right()) << world.story();
    return world.disk().calls();
}

template <class Plan>
void repeat_the_script(Then then, Plan&& plan) {
    const std::uint64_t calls = calls_of_the_script();
    RingPool pool;
    for (std::uint64_t n = 1; n <= calls; ++n) {
        World world(pool, Script::options());
        const Watched watched(world);
        Script script(world);
        plan(world.disk(), n);
        script.run();
        world.disk().forget_faults();
        if (then == Then::restart)
            world.kill();
        else
            world.cut_power();
        if (world.right()) recover_and_check(world);
        ASSERT_TRUE(world.right()) << "call " << n << " of " << calls << ", when "
                                   << script.chapter() << ": " << world.story();
    }
}

TEST(AnyCall, may_fail_and_nothing_is_lost) {
    for (const auto fault : {StorageFault::io, StorageFault::no_space, StorageFault::denied})
        repeat_the_script(Then::restart,
                          [&](Disk& disk, std::uint64_t n) { disk.fail_call(n, fault); });
}

TEST(AnyCall, may_fail_before_the_power_is_lost) {
    for (const auto fault : {StorageFault::io, StorageFault::no_space})
        repeat_the_script(Then::power_lost,
                          [&](Disk& disk, std::uint64_t n) { disk.fail_call(n, fault); });
}

TEST(AnyCall, may_be_the_last_of_the_process) {
    for (const auto how : {Dying::not_done, Dying::half_done, Dying::done})
        repeat_the_script(Then::restart,
                          [&](Disk& disk, std::uint64_t n) { disk.die_at_call(n, how); });
}

TEST(AnyCall, may_be_the_last_before_the_power_is_lost) {
    for (const auto how : {Dying::not_done, Dying::half_done, Dying::done})
        repeat_the_script(Then::power_lost,
                          [&](Disk& disk, std::uint64_t n) { disk.die_at_call(n, how); });
}

}  // namespace
}  // namespace pawl::sim
