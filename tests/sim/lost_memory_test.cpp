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

}  // namespace
}  // namespace pawl::sim
