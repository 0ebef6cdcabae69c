// Two machines, an arbiter, clients, disks and the network between them, whole and in one thread
// under a seed. Judged by what clients were told, not by what the code thinks.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "list.hpp"
#include "pawl/testing/simulation.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

using testing::Faults;
using testing::Happened;
using testing::Random;
using testing::SimulationOptions;
using testing::SimulationReport;
using Lists = testing::Simulation<List>;

Lists simulation(const SimulationOptions& options) {
    Lists sim(options);
    sim.load([](Random& random) -> Lists::Command {
        return {random.below(4), List::Note{random.below(1'000'000)}};
    });
    sim.invariant<List>("nothing unlucky", [](const List& list) {
        return std::none_of(list.numbers.begin(), list.numbers.end(),
                            [](std::uint64_t number) { return number % 13 == 0; });
    });
    return sim;
}

// What happened in a number of lives, none of which went wrong.
SimulationReport lives(std::uint64_t few, const Faults& faults, SimulationOptions options = {}) {
    const std::uint64_t count = settings().seeds_or(few);
    SimulationReport sum;
    options.faults = faults;
    for (std::uint64_t i = 0; i < count; ++i) {
        options.seed = settings().first_seed + i;
        const SimulationReport report = simulation(options).run();
        EXPECT_EQ(report.sentence, "") << "--first-seed=" << options.seed << " --seeds=1\n"
                                       << report.story;
        if (!report.ok()) return report;
        sum.acknowledged += report.acknowledged;
        sum.rejected += report.rejected;
        for (std::size_t kind = 0; kind < sum.happened_.size(); ++kind)
            sum.happened_[kind] += report.happened_[kind];
    }
    const std::uint64_t reigns = sum.happened(Happened::reigns);
    std::printf("%llu lives, %llu reigns, %llu commands acknowledged, none lost\n",
                static_cast<unsigned long long>(count), static_cast<unsigned long long>(reigns),
                static_cast<unsigned long long>(sum.acknowledged));
    EXPECT_GE(reigns, count);
    EXPECT_GT(sum.acknowledged, count * 20);
    return sum;
}

TEST(PairOfMachines, without_bad_luck_all_is_well) {
    lives(3, Faults::none());
}
TEST(PairOfMachines, kills_lose_nothing_that_was_acknowledged) {
    Faults faults;
    faults.kill_every_ms = 800;
    lives(20, faults);
}
TEST(PairOfMachines, every_kind_of_network_loses_nothing) {
    Faults faults;
    faults.pause_every_ms = 1000;
    faults.partition_every_ms = 300;
    faults.arbiter_lost_every_ms = 1000;
    faults.weather = true;
    lives(20, faults);
}
TEST(PairOfMachines, power_cuts_and_new_machines_lose_nothing) {
    Faults faults;
    faults.kill_every_ms = 3000;
    faults.power_cut_every_ms = 1000;
    faults.replace_every_ms = 2000;
    faults.pause_every_ms = 3000;
    lives(20, faults);
}
TEST(PairOfMachines, that_are_replaced_and_die_again_lose_nothing) {
    Faults faults;
    faults.kill_every_ms = 100;
    faults.power_cut_every_ms = 400;
    faults.replace_every_ms = 400;
    faults.arbiter_lost_every_ms = 100;
    lives(20, faults);
}
TEST(PairOfMachines, switchovers_among_faults_lose_nothing) {
    Faults faults;
    faults.kill_every_ms = 3000;
    faults.pause_every_ms = 3000;
    faults.partition_every_ms = 2000;
    faults.switchover_every_ms = 200;
    lives(20, faults);
}
TEST(PairOfMachines, processes_that_die_in_the_middle_of_a_storage_call_lose_nothing) {
    Faults faults;
    faults.pause_every_ms = 3000;
    faults.switchover_every_ms = 2000;
    faults.die_in_call_every_ms = 300;
    lives(20, faults);
}
TEST(PairOfMachines, disks_that_fail_or_are_full_lose_nothing) {
    Faults faults;
    faults.kill_every_ms = 3000;
    faults.storage_every_ms = 200;
    faults.switchover_every_ms = 2000;
    lives(20, faults);
}
TEST(PairOfMachines, all_of_it_at_once_loses_nothing) {
    lives(20, Faults::all());
}
// Nodes catch up from snapshots, and begin behind them.
TEST(PairOfMachines, that_remove_what_is_behind_a_snapshot_lose_nothing) {
    SimulationOptions options;
    options.snapshot_every_bytes = std::uint64_t{16} << 10;
    options.lasts = std::chrono::milliseconds(6'000);
    const SimulationReport sum = lives(10, Faults::all(), options);
    EXPECT_GT(sum.happened(Happened::reigns_without_the_beginning), 0U);
}
TEST(PairOfMachines, the_strict_policy_waits_and_loses_nothing) {
    Faults faults;
    faults.kill_every_ms = 2000;
    faults.pause_every_ms = 2000;
    faults.partition_every_ms = 1000;
    faults.switchover_every_ms = 1000;
    SimulationOptions options;
    options.policy = ReplicationPolicy::strict;
    lives(10, faults, options);
}
TEST(PairOfMachines, every_kind_of_fault_happens) {
    std::array<std::uint64_t, static_cast<std::size_t>(Happened::count)> sum{};
    const auto live = [&sum](std::uint64_t seed, int lasts_ms, const Faults& faults) {
        SimulationOptions options;
        options.seed = seed;
        options.lasts = std::chrono::milliseconds(lasts_ms);
        options.faults = faults;
        options.snapshot_every_bytes = seed % 2 == 0 ? std::uint64_t{16} << 10 : 0;
        const SimulationReport report = simulation(options).run();
        ASSERT_TRUE(report.ok()) << report.sentence << "\n" << report.story;
        for (std::size_t kind = 0; kind < sum.size(); ++kind) sum[kind] += report.happened_[kind];
    };
    for (std::uint64_t seed = 1; seed <= 6; ++seed) live(seed, 6'000, SimulationOptions{}.faults);
    Faults well_for_a_while = Faults::none();
    well_for_a_while.power_cut_every_ms = well_for_a_while.replace_every_ms = 400;
    live(7, 6'000, well_for_a_while);
    // Where nodes talk a lot. What the weather is like is chance: one life is not enough.
    Faults weather = Faults::none();
    weather.weather = true;
    for (std::uint64_t seed = 8; seed <= 16; ++seed) live(seed, 3'000, weather);
    for (std::size_t kind = 0; kind < sum.size(); ++kind)
        EXPECT_GT(sum[kind], 0U) << testing::to_string(static_cast<Happened>(kind));
}

// Nobody dies: then a reply of any durability is for good.
TEST(PairOfMachines, planned_switchovers_lose_nothing_of_any_durability) {
    Faults faults;
    faults.switchover_every_ms = 60;
    SimulationOptions options;
    options.durability = Durability::journaled;
    lives(10, faults, options);
}

}  // namespace
}  // namespace pawl::sim
