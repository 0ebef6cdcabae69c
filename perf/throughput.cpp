// How many commands per second the bank decides, journals and answers. Knows bank, engine and the
// smallest honest loop.
#include <algorithm>
#include <vector>

#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/honest_loop.hpp"
#include "perf/pinned.hpp"
#include "perf/producers.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "session with numbers, typed submit, shared journal thread writing durable blocks, record with "
    "checksum, version and time, counters, gate, reply in the producer's hands. Not included: "
    "network, opening, a reply that waits for the disk";

// Runs are short and alternate with the limit's, so that a noisy neighbour meets both; the middle
// one counts.
constexpr int rounds = 5;

double middle(std::vector<double> values) {
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

Result<Engine<Account>> open_bank(const std::string& path, std::uint32_t shards,
                                  const std::vector<int>& cores, bool transient = false) {
    EngineOptions options;
    options.transient = transient;
    options.directory = path;
    options.shards = shards;
    options.idle = Idle::yield;
    options.cores = cores;
    auto bank = Engine<Account>::open(options);
    if (bank) open_accounts(*bank);
    return bank;
}

}  // namespace

Result<std::vector<Figure>> run_throughput(const RunOptions& options) {
    const int repeats = options.tiny ? 1 : rounds;
    const TwoCores cores = TwoCores::choose();
    BurstOptions burst;
    burst.seconds = options.tiny ? 0.02 : options.seconds / (2.0 * repeats);
    std::vector<Figure> figures;
    bool accepted = true;
    double one_producer = 0;
    for (const std::size_t batch : {std::size_t{1}, std::size_t{16}, std::size_t{64}}) {
        const Scratch scratch(options.directory, "throughput");
        auto bank = open_bank(scratch.path(), 1, cores.engine_cores());
        if (!bank) return bank.error();
        burst.batch = batch;
        std::vector<double> limit;
        std::vector<double> ours;
        for (int round = 0; round < repeats; ++round) {
            HonestLoop loop(cores.decider);
            const Pinned pinned(cores.sender);
            limit.push_back(send_bursts(loop, burst).per_second);
            loop.stop();
            EngineClient client(*bank, "desk");
            const Throughput result = send_bursts(client, burst);
            ours.push_back(result.per_second);
            accepted &= result.all_accepted;
        }
        one_producer = middle(ours);
        figures.push_back({"throughput batch " + std::to_string(batch), one_producer, "commands/s",
                           "smallest honest loop, same batch", middle(limit), included});
    }
    {
        // How much of the distance is the disk's: the same without a journal behind the head.
        auto bank = open_bank("", 1, cores.engine_cores(), true);
        if (!bank) return bank.error();
        const Pinned pinned(cores.sender);
        std::vector<double> ours;
        for (int round = 0; round < repeats; ++round) {
            EngineClient client(*bank, "desk");
            ours.push_back(send_bursts(client, burst).per_second);
        }
        figures.push_back({"throughput batch 64, transient", middle(ours), "commands/s",
                           figures.back().limit_name, figures.back().limit,
                           "as above, but nothing is written to a disk"});
    }
    const struct {
        const char* name;
        std::size_t producers;
        std::uint32_t shards;
    } shapes[] = {{"throughput 4 producers", 4, 1}, {"throughput 2 shards", 1, 2}};
    for (const auto& shape : shapes) {
        const Scratch scratch(options.directory, "throughput");
        auto bank = open_bank(scratch.path(), shape.shards, {});
        if (!bank) return bank.error();
        std::vector<double> ours;
        for (int round = 0; round < repeats; ++round)
            ours.push_back(all_producers(*bank, shape.producers, burst, accepted));
        figures.push_back({shape.name, middle(ours), "commands/s", "1 producer, 1 shard, batch 64",
                           one_producer, included});
    }
    if (!accepted)
        return Error{ErrorCode::stopped,
                     "throughput: a command was not accepted: look at the bank's balances"};
    return figures;
}

}  // namespace pawl::perf
