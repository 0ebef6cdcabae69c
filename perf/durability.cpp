// What each durability costs: latency at a low rate, and throughput. Knows bank, engine and one
// durable block.
#include <vector>

#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/machine_limits.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "everything of `latency` and `throughput`; a reply of `synced` waits for its block on the "
    "disk. "
    "Not included: network, other writers to the same disk";

struct Level {
    const char* name;
    Durability durability;
};
constexpr Level levels[] = {{"decided", Durability::decided},
                            {"journaled", Durability::journaled},
                            {"synced", Durability::synced}};

}  // namespace

Result<std::vector<Figure>> run_durability(const RunOptions& options) {
    std::vector<Figure> figures;
    const Scratch scratch(options.directory, "durability");
    EngineOptions engine;
    engine.directory = scratch.path();
    engine.idle = Idle::yield;
    auto bank = Engine<Account>::open(engine);
    if (!bank) return bank.error();
    open_accounts(*bank);
    const double block_ns =
        1e3 * measure_durable_block_us(scratch.path(), options.tiny ? 100 : 4'000);
    for (const Level& level : levels) {
        EngineClient client(*bank, std::string("desk-") + level.name, level.durability);
        OpenLoopOptions load;
        load.rate = 10'000;
        load.seconds = options.tiny ? 0.02 : options.seconds / 2;
        if (options.tiny) load.warm_up_seconds = 0.001;
        cli::Histogram times;
        if (!send_at_rate(client, load, times).all_accepted)
            return Error{ErrorCode::stopped,
                         "durability: a command was not accepted: look at the "
                         "bank's balances"};
        for (const double percent : {50.0, 99.0, 99.9}) {
            const std::string name = percent == 50.0 ? "p50" : percent == 99.0 ? "p99" : "p99.9";
            figures.push_back({std::string("durability ") + level.name + " 10 k/s " + name,
                               static_cast<double>(times.percentile(percent)), "ns",
                               "one durable block of 4 KiB, median", block_ns, included});
        }
    }
    double journaled = 0;
    for (const Level& level : {levels[1], levels[2]}) {
        const bool waits = level.durability == Durability::synced;
        BurstOptions burst;
        // A reply that waits for the disk keeps its command on the way: more of them fill the
        // block.
        burst.window = waits ? 7'168 : 1'024;
        burst.seconds = options.tiny ? 0.02 : options.seconds / 2;
        EngineClient client(*bank, std::string("bulk-") + level.name, level.durability);
        const Throughput result = send_bursts(client, burst);
        if (!waits) journaled = result.per_second;
        figures.push_back({std::string("durability ") + level.name + " throughput",
                           result.per_second, "commands/s", waits ? "journaled, same run" : "",
                           waits ? journaled : 0, included});
    }
    return figures;
}

}  // namespace pawl::perf
