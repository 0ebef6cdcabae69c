// A machine whose memory is gone, or that begins anew: it remembers that, whatever ends its next
// lives, until everything has come again.
#include <gtest/gtest.h>

#include "pair_kit.hpp"

namespace pawl::sim {
namespace {

using journal::StorageFault;

class LostMemory : public PairTest {
protected:
    // Whatever happens at the n-th storage call of its next life, the one behind it knows. Returns
    // whether there was such a call.
    template <class Fault>
    bool is_remembered(std::uint64_t n, Fault&& fault) {
        const auto plan = plan_of(1);
        Pair pair(pool_, plan);
        both_follow(pair);
        live(pair, 30 * ms);
        Machine& machine = pair.b();
        pair.end(machine, [&] { machine.cut_power(); });
        const std::uint64_t calls = machine.disk().calls();
        fault(machine.disk(), n);
        machine.start();
        const bool happened = machine.disk().calls() - calls >= n;
        machine.disk().forget_faults();
        if (machine.runs()) machine.kill();
        machine.start();
        EXPECT_TRUE(machine.runs()) << "call " << n << ": " << machine.refusal();
        EXPECT_FALSE(machine.is_whole()) << "call " << n << ": " << pair.story();
        return happened;
    }
};

TEST_F(LostMemory, is_remembered_whatever_call_of_the_next_opening_fails) {
    std::uint64_t n = 1;
    while (is_remembered(
        n, [](Disk& disk, std::uint64_t at) { disk.fail_call(at, StorageFault::io); }))
        ++n;
    EXPECT_GT(n, 20U);
}

TEST_F(LostMemory, is_remembered_whatever_call_ends_the_next_life) {
    std::uint64_t n = 1;
    while (
        is_remembered(n, [](Disk& disk, std::uint64_t at) { disk.die_at_call(at, Dying::done); }))
        ++n;
    EXPECT_GT(n, 20U);
}

// An empty machine stays in the set until its primary has reached the arbiter: it takes over only
// with everything, whatever call ends its first life.
TEST_F(LostMemory, an_empty_machine_loses_nothing_whatever_call_ends_its_life) {
    std::uint64_t n = 1;
    for (bool died = true; died; ++n) {
        const auto plan = plan_of(1);
        Pair pair(pool_, plan);
        both_follow(pair);
        live(pair, 30 * ms);
        pair.end(pair.b(), [&] { pair.b().replace(); });
        pair.arbiter().cut_off("a", true);
        pair.b().disk().die_at_call(n, Dying::done);
        pair.b().start();
        for (int i = 0; i < 60 && !pair.b().disk().dead(); ++i) live(pair, ms);
        died = pair.b().disk().dead();
        pair.b().disk().forget_faults();
        pair.end(pair.a(), [&] { pair.a().kill(); });
        pair.a().start();
        pair.a().pause_until(pair.a().clock().now() + 3'600'000 * ms);
        if (died && pair.b().runs()) pair.end(pair.b(), [&] { pair.b().kill(); });
        if (!pair.b().runs()) pair.b().start();
        live(pair, 1'000 * ms);
        ASSERT_EQ(pair.wrong(), "") << "call " << n << ": " << pair.story();
    }
    EXPECT_GT(n, 30U);
}

}  // namespace
}  // namespace pawl::sim
