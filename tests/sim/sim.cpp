// Leads simulated lives of two nodes and tells what happened. Knows flags, a bank as the domain,
// and the simulation's public face.
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "domain.hpp"
#include "pawl/testing/simulation.hpp"

namespace {

using pawl::Id;
using pawl::sim::Account;
using pawl::sim::Diary;
using pawl::testing::Faults;
using pawl::testing::Happened;
using pawl::testing::Random;
using pawl::testing::SimulationReport;
using Bank = pawl::testing::Simulation<Account, Diary>;

struct Flags {
    std::uint64_t first = 1;
    std::uint64_t last = 1;
    bool trace = false;
    pawl::testing::SimulationOptions options;
    std::string again;  // what else it takes to see a life again
};

constexpr char usage[] =
    "usage: sim [--seed N | --seeds A..B] [--trace] [--lasts MS] [--strict] [--calm]\n"
    "  --seed N       one life\n"
    "  --seeds A..B   one after the other, up to the first that goes wrong; commands of odd seeds\n"
    "                 wait for both disks, those of even ones for both memories; where 3 divides\n"
    "                 a seed there are snapshots, and what is behind them is removed\n"
    "  --trace        tells each life, a sentence per line\n"
    "  --lasts MS     how long things go wrong, in simulated milliseconds: 3000\n"
    "  --strict       the primary never goes on alone\n"
    "  --calm         nothing goes wrong\n";

bool number(const char* text, std::uint64_t& value) {
    char* end = nullptr;
    value = std::strtoull(text, &end, 10);
    return *text != '\0' && *end == '\0';
}

bool range(const std::string& text, Flags& flags) {
    const std::size_t dots = text.find("..");
    return dots != std::string::npos && number(text.substr(0, dots).c_str(), flags.first) &&
           number(text.c_str() + dots + 2, flags.last) && flags.first <= flags.last;
}

// The word after a flag, or behind its '='.
bool parse(int argc, char** argv, Flags& flags) {
    for (int i = 1; i < argc; ++i) {
        std::string flag = argv[i];
        std::string word;
        const std::size_t equals = flag.find('=');
        const bool wants = flag.starts_with("--seed") || flag.starts_with("--lasts");
        if (equals != std::string::npos) {
            word = flag.substr(equals + 1);
            flag.resize(equals);
        } else if (wants && i + 1 < argc) {
            word = argv[++i];
        }
        std::uint64_t value = 0;
        if (flag == "--seed" && number(word.c_str(), value)) {
            flags.first = flags.last = value;
        } else if (flag == "--seeds" && range(word, flags)) {
            continue;
        } else if (flag == "--lasts" && number(word.c_str(), value)) {
            flags.options.lasts = std::chrono::milliseconds(value);
            flags.again += " --lasts " + word;
        } else if (flag == "--trace") {
            flags.trace = true;
        } else if (flag == "--strict") {
            flags.options.policy = pawl::ReplicationPolicy::strict;
            flags.again += " --strict";
        } else if (flag == "--calm") {
            flags.options.faults = Faults::none();
            flags.again += " --calm";
        } else {
            std::fprintf(stderr, "sim: '%s' is not understood\n%s", argv[i], usage);
            return false;
        }
    }
    return true;
}

Bank bank(const pawl::testing::SimulationOptions& options) {
    Bank sim(options);
    sim.load([](Random& random) -> Bank::Command {
        const Id id = random.below(16);
        const auto cents = static_cast<std::int64_t>(random.between(1, 50));
        switch (random.below(6)) {
            case 0:
                return {id, Account::Withdraw{cents}};
            case 1:
                return {id, Account::Transfer{cents}};
            case 2:
                return {id, Account::Drain{cents, 3}};
            case 3:
                return {id, Diary::Write{random.next(), random.between(1, 48)}};
            case 4:
                return {id, Diary::Tear{}};
            default:
                return {id, Account::Deposit{cents}};
        }
    });
    sim.invariant<Account>("no debts", [](const Account& one) { return one.balance >= 0; });
    sim.invariant<Diary>("entries fit",
                         [](const Diary& one) { return one.entries.size() <= Diary::entries_max; });
    return sim;
}

// The memory of what happened, over all lives.
using Sum = std::array<std::uint64_t, static_cast<std::size_t>(Happened::count)>;

// The first reign is no take-over.
bool is_quiet(const SimulationReport& report) {
    return report.happened(Happened::reigns) < 2 && report.happened(Happened::kills) == 0 &&
           report.happened(Happened::deaths_in_calls) == 0 &&
           report.happened(Happened::power_cuts) == 0 &&
           report.happened(Happened::replacements) == 0;
}

int lead(Flags& flags) {
    Sum sum{};
    std::uint64_t acknowledged = 0;
    std::uint64_t quiet = 0;
    const auto begin = std::chrono::steady_clock::now();
    if (flags.trace)
        flags.options.tell = [](const std::string& sentence) { std::puts(sentence.c_str()); };
    for (std::uint64_t seed = flags.first; seed <= flags.last; ++seed) {
        flags.options.seed = seed;
        flags.options.snapshot_every_bytes = seed % 3 == 0 ? std::uint64_t{16} << 10 : 0;
        flags.options.durability =
            seed % 2 == 0 ? pawl::Durability::replicated : pawl::Durability::replicated_synced;
        const SimulationReport report = bank(flags.options).run();
        if (!report.ok()) {
            std::printf("%s\n%s\nto see it again: sim --seed %" PRIu64 " --trace%s\n",
                        report.story.c_str(), report.sentence.c_str(), seed, flags.again.c_str());
            return 1;
        }
        acknowledged += report.acknowledged;
        quiet += is_quiet(report) ? 1U : 0U;
        for (std::size_t kind = 0; kind < sum.size(); ++kind) sum[kind] += report.happened_[kind];
        if (seed == flags.last) break;  // the largest number has no successor
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const double lives = static_cast<double>(flags.last - flags.first + 1);
    std::printf("%.0f lives, %" PRIu64 " commands acknowledged, none lost or doubled; %.1f s, ",
                lives, acknowledged, took.count());
    std::printf("%.1f ms a life\n", took.count() * 1000 / lives);
    std::printf("%12" PRIu64 " lives without a crash or a take-over\n", quiet);
    for (std::size_t kind = 0; kind < sum.size(); ++kind)
        std::printf("%12" PRIu64 " %s\n", sum[kind],
                    pawl::testing::to_string(static_cast<Happened>(kind)));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Flags flags;
    return parse(argc, argv, flags) ? lead(flags) : 2;
}
