// How long a command takes from the time it should have been sent to its reply, at rates that do
// not wait. Knows bank, engine, the smallest honest loop and the ping-pong.
#include <array>
#include <cstdio>

#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/honest_loop.hpp"
#include "perf/machine_limits.hpp"
#include "perf/pinned.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "from the intended send time, so that a late send counts as late; session, record, journal "
    "thread beside it, reply in the producer's hands. Not included: network. Nothing is corrected "
    "afterwards; the far percentiles belong to whoever else runs on these cores. Where fewer are "
    "answered than were asked for, the times say how long it was run, not how long a command "
    "takes";

struct Percentile {
    const char* name;
    double percent;
};
constexpr std::array<Percentile, 5> percentiles{
    {{"p50", 50}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}, {"max", 100}}};

std::string rate_word(double rate) {
    std::array<char, 32> text{};
    if (rate >= 1e6)
        std::snprintf(text.data(), text.size(), "%.0f M/s", rate / 1e6);
    else
        std::snprintf(text.data(), text.size(), "%.0f k/s", rate / 1e3);
    return text.data();
}

// One side of the comparison, over all its turns.
struct Side {
    cli::Histogram times;
    double sent_per_second = 0;
    double answered_per_second = 0;
    bool all_accepted = true;

    template <class Client>
    void take_turn(Client& client, const OpenLoopOptions& load, int turns) {
        const OpenLoop turn = send_at_rate(client, load, times);
        sent_per_second += turn.sent_per_second / turns;
        answered_per_second += turn.answered_per_second / turns;
        all_accepted = all_accepted && turn.all_accepted;
    }
};

void loop_turn(const TwoCores& cores, const OpenLoopOptions& load, int turns, Side& limit) {
    HonestLoop loop(cores.decider);
    const Pinned pinned(cores.sender);
    limit.take_turn(loop, load, turns);
}

// A bank of its own, which is gone when the turn is over: nothing of it runs in the limit's.
Status bank_turn(const RunOptions& options, const TwoCores& cores, const OpenLoopOptions& load,
                 int turns, Side& ours) {
    const Scratch scratch(options.directory, "latency");
    EngineOptions engine;
    engine.directory = scratch.path();
    engine.cores = cores.engine_cores();
    auto bank = open_bank(engine);
    if (!bank) return bank.error();
    const Pinned pinned(cores.sender);
    EngineClient client(*bank, "desk");
    ours.take_turn(client, load, turns);
    return Done{};
}

void report(double rate, const Side& ours, const Side& limit, double round_trip_ns,
            std::vector<Figure>& figures) {
    const std::string name = "latency " + rate_word(rate) + " ";
    constexpr const char* limit_name = "smallest honest loop, same rate";
    for (const Percentile& wanted : percentiles)
        figures.push_back(
            {name + wanted.name, static_cast<double>(ours.times.percentile(wanted.percent)), "ns",
             limit_name, static_cast<double>(limit.times.percentile(wanted.percent)), included});
    if (round_trip_ns > 0)
        figures.push_back(
            {name + "p50 to ping-pong", static_cast<double>(ours.times.percentile(50)), "ns",
             "two cache lines, there and back, before and after", round_trip_ns, included});
    figures.push_back(
        {name + "sent in time", ours.sent_per_second, "commands/s", "asked for", rate, included});
    figures.push_back({name + "answered", ours.answered_per_second, "commands/s", limit_name,
                       limit.answered_per_second, included});
}

}  // namespace

Result<std::vector<Figure>> run_latency(const RunOptions& options) {
    const TwoCores cores = TwoCores::choose();
    std::vector<Figure> figures;
    const std::uint32_t rounds = options.tiny ? 100 : 100'000;
    const int repeats = options.tiny ? 1 : 3;
    for (const double rate : {1e4, 1e5, 1e6, 5e6}) {
        double round_trip_ns = measure_round_trip_ns(rounds) / 2;
        OpenLoopOptions load;
        load.rate = rate;
        // Tiny: so few commands that a machine whose cores are taken is soon through with them.
        // Slow: long enough that one in 10,000 is not the slowest of all.
        const double part = rate < 1e5 ? 5 : 1;
        load.seconds = options.tiny ? 1'000 / rate : part * options.seconds / (2.0 * repeats);
        if (options.tiny) load.warm_up_seconds = 10 / rate;
        Side ours;
        Side limit;
        for (int round = 0; round < repeats; ++round) {
            loop_turn(cores, load, repeats, limit);
            if (Status done = bank_turn(options, cores, load, repeats, ours); !done)
                return done.error();
        }
        round_trip_ns += measure_round_trip_ns(rounds) / 2;  // before and after
        if (!ours.all_accepted)
            return Error{ErrorCode::stopped,
                         "latency: a command was not accepted: look at the bank's balances"};
        report(rate, ours, limit, round_trip_ns, figures);
    }
    return figures;
}

}  // namespace pawl::perf
