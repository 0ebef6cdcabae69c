// At every call of a scripted life that leaves something loose, power is cut with every subset of
// it that may have arrived: sectors, sizes, names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "lives.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

constexpr std::size_t loose_max = 16;       // of these every subset is tried
constexpr std::uint64_t declared_few = 64;  // of larger ones, and without --all, so many

struct Tally {
    std::uint64_t places = 0;
    std::uint64_t cuts = 0;
    std::uint64_t sampled = 0;  // places where not every subset was tried
    std::size_t loose_most = 0;
};

void survive(const World& dead, std::uint64_t subset, std::uint64_t call) {
    World world(dead, Script::options());
    const Watched watched(world);
    world.cut_power([&](std::size_t i) { return (subset >> i) % 2 != 0; });
    if (world.open())
        world.check();
    else
        world.ledger().complain("opening is refused: " + world.refusal().sentence);
    ASSERT_TRUE(world.right()) << "call " << call << ", subset " << subset << ": " << world.story();
}

void cut_at(World& world, std::size_t loose, std::uint64_t call, Tally& tally) {
    ++tally.places;
    tally.loose_most = std::max(tally.loose_most, loose);
    const std::uint64_t all = loose < 64 ? std::uint64_t{1} << loose : ~std::uint64_t{0};
    const bool every = loose <= loose_max && (settings().all || all * slowness <= 1024);
    if (!every) ++tally.sampled;
    const std::uint64_t count = every ? all : declared_few / slowness;
    for (std::uint64_t i = 0; i < count; ++i) {
        // Of a sample the first two are nothing and all of it.
        const std::uint64_t subset =
            every || i < 2 ? (i == 1 && !every ? all - 1 : i) : world.chance().next() & (all - 1);
        survive(world, subset, call);
        if (::testing::Test::HasFatalFailure()) return;
        ++tally.cuts;
    }
}

TEST(EverySubset, of_what_was_not_synced_may_be_lost_at_every_call) {
    RingPool pool;
    Tally tally;
    std::vector<std::string> before;
    for (std::uint64_t call = 1;; ++call) {
        World world(pool, Script::options());
        const Watched watched(world);
        world.disk().die_at_call(call, Dying::done);
        Script script(world);
        if (script.run()) break;
        ASSERT_GE(world.disk().calls(), call) << "the script does not come to its end, when "
                                              << script.chapter() << ": " << world.story();
        const auto loose = world.disk().loose();
        world.stop();
        if (loose == before) continue;
        before = loose;
        cut_at(world, loose.size(), call, tally);
        if (HasFatalFailure()) return;
    }
    std::printf("%llu places, at most %zu loose things; %llu power cuts; sampled at %llu places\n",
                static_cast<unsigned long long>(tally.places), tally.loose_most,
                static_cast<unsigned long long>(tally.cuts),
                static_cast<unsigned long long>(tally.sampled));
}

}  // namespace
}  // namespace pawl::sim
