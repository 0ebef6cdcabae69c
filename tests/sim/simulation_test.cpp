// What users get of the simulation: their own types, their own invariants, a seed that tells a life
// again, and a sentence when something does not hold.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "domain.hpp"
#include "pawl/testing/simulation.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

using testing::Faults;
using testing::Happened;
using testing::Random;
using testing::SimulationOptions;
using testing::SimulationReport;
using Bank = testing::Simulation<Account, Diary>;

SimulationOptions short_life(std::uint64_t seed = 1) {
    SimulationOptions options;
    options.seed = seed;
    options.lasts = std::chrono::milliseconds(1000);
    return options;
}

Bank bank(const SimulationOptions& options) {
    Bank sim(options);
    sim.load([](Random& random) -> Bank::Command {
        const Id id = random.below(8);
        const auto cents = static_cast<std::int64_t>(random.between(1, 50));
        switch (random.below(4)) {
            case 0:
                return {id, Account::Deposit{cents}};
            case 1:
                return {id, Account::Transfer{cents}};
            case 2:
                return {id, Account::Drain{cents, 3}};
            default:
                return {id, Diary::Write{random.next(), random.between(1, 48)}};
        }
    });
    return sim;
}

TEST(Simulation, lives_with_two_types_hold_what_their_author_says) {
    const std::uint64_t count = settings().seeds_or(8);
    std::uint64_t reigns = 0;
    for (std::uint64_t seed = settings().first_seed; seed < settings().first_seed + count; ++seed) {
        Bank sim = bank(short_life(seed));
        sim.invariant<Account>("no debts", [](const Account& one) { return one.balance >= 0; });
        sim.invariant("entries fit", [](const Bank::States& states) {
            bool fit = true;
            states.for_each<Diary>([&](Id, const Diary& diary) {
                fit = fit && diary.entries.size() <= Diary::entries_max;
            });
            return fit;
        });
        const SimulationReport report = sim.run();
        ASSERT_TRUE(report.ok()) << report.sentence << "\n" << report.story;
        EXPECT_GT(report.checks, 0U);
        EXPECT_GT(report.rejected, 0U);
        reigns += report.happened(Happened::reigns);
    }
    // Each life has a first reign; of several, one at least has another.
    EXPECT_GE(reigns, count < 8 ? count : count + 1);
}

TEST(Simulation, an_invariant_that_does_not_hold_is_told_with_its_seed) {
    Bank sim = bank(short_life(7));
    sim.invariant("little money", [](const Bank::States& states) {
        return states.state<Account>(3).balance < 100;
    });
    const SimulationReport report = sim.run();
    ASSERT_FALSE(report.ok());
    EXPECT_NE(report.sentence.find("seed 7"), std::string::npos) << report.sentence;
    EXPECT_NE(report.sentence.find("'little money'"), std::string::npos) << report.sentence;
    EXPECT_FALSE(report.story.empty());
}

TEST(Simulation, the_same_seed_leads_the_same_life) {
    std::vector<std::string> first;
    std::vector<std::string> second;
    SimulationOptions options = short_life(3);
    options.tell = [&](const std::string& sentence) { first.push_back(sentence); };
    const SimulationReport once = bank(options).run();
    options.tell = [&](const std::string& sentence) { second.push_back(sentence); };
    const SimulationReport again = bank(options).run();
    EXPECT_TRUE(once.ok()) << once.sentence;
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, second);
    EXPECT_EQ(once.trace, again.trace);
    EXPECT_EQ(once.acknowledged, again.acknowledged);
    EXPECT_NE(once.trace, bank(short_life(4)).run().trace);
}

TEST(Simulation, a_script_is_asked_in_its_order) {
    SimulationOptions options = short_life(5);
    options.faults = Faults::none();
    options.faults.kill_every_ms = 100;
    testing::Simulation<Account> sim(options);
    auto desk = sim.client("desk");
    for (int i = 0; i < 50; ++i) desk.submit(1, Account::Deposit{1});
    desk.submit(1, Account::Withdraw{50}).submit(1, Account::Withdraw{1});
    std::int64_t most = 0;
    std::int64_t last = -1;
    sim.invariant("counts up, then down", [&](const testing::View<Account>& states) {
        last = states.state<Account>(1).balance;
        most = std::max(most, last);
        return last <= 50;
    });
    const SimulationReport report = sim.run();
    ASSERT_TRUE(report.ok()) << report.sentence << "\n" << report.story;
    EXPECT_EQ(report.acknowledged, 52U);
    EXPECT_EQ(report.rejected, 1U);
    EXPECT_EQ(most, 50);
    EXPECT_EQ(last, 0);
}

// A state that remembers more than its events say is another one on every node.
struct Careless {
    struct Count {};
    struct Counted {};
    using Commands = pawl::Commands<Count>;
    using Events = pawl::Events<Counted>;

    std::int64_t counted = 0;

    Verdict decide(const Count&, Context<Careless>& ctx) const {
        ctx.emit(Counted{});
        return accept;
    }
    void apply(const Counted&) noexcept {
        static std::int64_t calls = 0;
        counted += ++calls;
    }
};

TEST(Simulation, a_domain_that_looks_beyond_its_events_is_found) {
    SimulationOptions options = short_life(1);
    options.faults = Faults::none();
    options.heal_within = std::chrono::milliseconds(1000);
    testing::Simulation<Careless> sim(options);
    sim.load([](Random& random) -> testing::Ask<Careless> {
        return {random.below(4), Careless::Count{}};
    });
    EXPECT_FALSE(sim.run().ok());
}

}  // namespace
}  // namespace pawl::sim
