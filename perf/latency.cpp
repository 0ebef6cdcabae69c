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
    "afterwards; the far percentiles belong to whoever else runs on these cores";

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

}  // namespace

Result<std::vector<Figure>> run_latency(const RunOptions& options) {
    const TwoCores cores = TwoCores::choose();
    std::vector<Figure> figures;
    // While nothing of ours runs on the two cores.
    const double round_trip_ns = measure_round_trip_ns(options.tiny ? 100 : 100'000);
    const Scratch scratch(options.directory, "latency");
    EngineOptions engine;
    engine.directory = scratch.path();
    engine.idle = Idle::yield;
    engine.cores = cores.engine_cores();
    auto bank = Engine<Account>::open(engine);
    if (!bank) return bank.error();
    open_accounts(*bank);
    const int repeats = options.tiny ? 1 : 3;
    for (const double rate : {1e4, 1e5, 1e6}) {
        OpenLoopOptions load;
        load.rate = rate;
        load.seconds = options.tiny ? 0.02 : options.seconds / (2.0 * repeats);
        if (options.tiny) load.warm_up_seconds = 0.001;
        cli::Histogram ours;
        cli::Histogram limit;
        for (int round = 0; round < repeats; ++round) {
            HonestLoop loop(cores.decider);
            const Pinned pinned(cores.sender);
            send_at_rate(loop, load, limit);
            loop.stop();
            EngineClient client(*bank, "desk");
            if (!send_at_rate(client, load, ours))
                return Error{ErrorCode::stopped,
                             "latency: a command was not accepted: look at the "
                             "bank's balances"};
        }
        const std::string name = "latency " + rate_word(rate) + " ";
        for (const Percentile& wanted : percentiles)
            figures.push_back({name + wanted.name,
                               static_cast<double>(ours.percentile(wanted.percent)), "ns",
                               "smallest honest loop, same rate",
                               static_cast<double>(limit.percentile(wanted.percent)), included});
        if (round_trip_ns > 0)
            figures.push_back({name + "p50 to ping-pong", static_cast<double>(ours.percentile(50)),
                               "ns", "two cache lines, there and back", round_trip_ns, included});
    }
    return figures;
}

}  // namespace pawl::perf
