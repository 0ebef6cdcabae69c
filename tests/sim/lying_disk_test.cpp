// A disk that lies: writes that never happen or go elsewhere, reads of what stood there before,
// bits that turn. Whatever it does is found or harmless: a wrong state is never served in silence.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "lives.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

// Refused with a sentence that says where, or right.
enum class Met { refused, right };

struct Tally {
    std::uint64_t cases = 0;
    std::uint64_t refused = 0;
    std::uint64_t lost_in_silence = 0;
};

bool names_the_place(const std::string& sentence) {
    return sentence.find("/disk/journal") != std::string::npos &&
           (sentence.find("shard ") != std::string::npos ||
            sentence.find("manifest") != std::string::npos ||
            sentence.find(".seg") != std::string::npos ||
            sentence.find(".snap") != std::string::npos);
}

Met meet(World& world, std::uint64_t which) {
    world.disk().forget_faults();
    if (!world.open()) {
        EXPECT_TRUE(names_the_place(world.refusal().sentence))
            << which << ": " << world.refusal().sentence;
        return Met::refused;
    }
    world.check();
    return Met::right;
}

std::uint64_t writes_of_the_script() {
    RingPool pool;
    World world(pool, Script::options());
    EXPECT_TRUE(Script(world).run()) << world.story();
    return world.disk().writes();
}

// The n-th write is a lie, for every n; later the power is lost, or the process is killed. What an
// intact later block, the manifest or a snapshot says was on disk must be there or be missed aloud.
void lie_at_every_write(Lie lie, bool power_lost, Tally& tally) {
    const std::uint64_t writes = writes_of_the_script();
    RingPool pool;
    for (std::uint64_t n = 1; n <= writes; ++n) {
        World world(pool, Script::options());
        const Watched watched(world);
        world.disk().lie_at_write(n, lie);
        Script script(world);
        const bool whole = script.run();
        ++tally.cases;
        // Some lies come out on the way, when the script opens again.
        if (!whole && world.was_refused()) {
            EXPECT_TRUE(names_the_place(world.refusal().sentence)) << world.refusal().sentence;
            ++tally.refused;
            continue;
        }
        if (power_lost)
            world.cut_power();
        else
            world.kill();
        if (!world.right()) continue;
        if (meet(world, n) == Met::refused) ++tally.refused;
        ASSERT_TRUE(world.right())
            << "write " << n << " to " << world.disk().last_lie().path << " offset "
            << world.disk().last_lie().offset << ": " << world.story();
    }
}

TEST(LyingDisk, a_lost_write_is_missed_aloud_or_harmless_after_a_kill) {
    Tally tally;
    lie_at_every_write(Lie::lost, false, tally);
    std::printf("%llu lost writes: %llu refused by name, the others harmless\n",
                static_cast<unsigned long long>(tally.cases),
                static_cast<unsigned long long>(tally.refused));
}

TEST(LyingDisk, a_misdirected_write_is_missed_aloud_or_harmless_after_a_kill) {
    Tally tally;
    lie_at_every_write(Lie::misdirected, false, tally);
    std::printf("%llu misdirected writes: %llu refused by name, the others harmless\n",
                static_cast<unsigned long long>(tally.cases),
                static_cast<unsigned long long>(tally.refused));
}

}  // namespace
}  // namespace pawl::sim
