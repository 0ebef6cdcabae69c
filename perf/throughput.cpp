// How many commands per second the bank decides, journals and answers. Knows bank, engine and the
// smallest honest loop.
#include <algorithm>
#include <string>
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
    "checksum, version and time, counters, gate, reply in the producer's hands; the head in memory "
    "is full of earlier commands when the time begins. A batch is what is sent before the next "
    "look at replies: each command is visible at once. Not included: network, opening, a reply "
    "that waits for the disk";

// Runs are short and alternate with the limit's, so that a noisy neighbour meets both; the middle
// one counts.
constexpr int rounds = 5;

double middle(std::vector<double> values) {
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

struct Shape {
    std::size_t producers = 1;
    std::uint32_t shards = 1;
    bool transient = false;
    TwoCores cores{};  // -1: nobody is pinned
};

// A bank of its own, which is gone when the turn is over: nothing of it runs in anybody else's.
Result<double> bank_turn(const RunOptions& options, const Shape& shape, const BurstOptions& burst) {
    const Scratch scratch(options.directory, "throughput");
    EngineOptions engine;
    engine.transient = shape.transient;
    if (!shape.transient) engine.directory = scratch.path();
    engine.shards = shape.shards;
    engine.cores = shape.cores.engine_cores();
    auto bank = open_bank(engine);
    if (!bank) return bank.error();
    const Pinned pinned(shape.cores.sender);
    BurstOptions warm_up = burst;
    warm_up.seconds /= 4;
    bool accepted = true;
    double per_second = 0;
    for (const BurstOptions& part : {warm_up, burst}) {
        if (shape.producers == 1) {
            EngineClient client(*bank, "desk");
            const Throughput result = send_bursts(client, part);
            per_second = result.per_second;
            accepted &= result.all_accepted;
        } else {
            per_second = all_producers(*bank, shape.producers, part, accepted);
        }
    }
    if (!accepted)
        return Error{ErrorCode::stopped,
                     "throughput: a command was not accepted: look at the bank's balances"};
    return per_second;
}

double loop_turn(const TwoCores& cores, const BurstOptions& burst) {
    HonestLoop loop(cores.decider);
    const Pinned pinned(cores.sender);
    return send_bursts(loop, burst).per_second;
}

// The middle of several turns of each shape, one after the other.
Result<std::vector<double>> in_turns(const RunOptions& options, const std::vector<Shape>& shapes,
                                     const BurstOptions& burst, int repeats) {
    std::vector<std::vector<double>> all(shapes.size());
    for (int round = 0; round < repeats; ++round)
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const auto turn = bank_turn(options, shapes[i], burst);
            if (!turn) return turn.error();
            all[i].push_back(*turn);
        }
    std::vector<double> middles;
    for (const std::vector<double>& one : all) middles.push_back(middle(one));
    return middles;
}

}  // namespace

Result<std::vector<Figure>> run_throughput(const RunOptions& options) {
    const int repeats = options.tiny ? 1 : rounds;
    const TwoCores cores = TwoCores::choose();
    BurstOptions burst;
    burst.seconds = options.tiny ? 0.02 : options.seconds / repeats;
    std::vector<Figure> figures;
    for (const std::size_t batch : {std::size_t{1}, std::size_t{16}, std::size_t{64}}) {
        burst.batch = batch;
        std::vector<double> limit;
        std::vector<double> ours;
        std::vector<double> no_disk;  // how much of the distance is the disk's
        for (int round = 0; round < repeats; ++round) {
            limit.push_back(loop_turn(cores, burst));
            const auto turn = bank_turn(options, {.cores = cores}, burst);
            if (!turn) return turn.error();
            ours.push_back(*turn);
            if (batch != 64) continue;
            const auto transient = bank_turn(options, {.transient = true, .cores = cores}, burst);
            if (!transient) return transient.error();
            no_disk.push_back(*transient);
        }
        constexpr const char* limit_name = "smallest honest loop, same batch";
        const std::string name = "throughput batch " + std::to_string(batch);
        figures.push_back({name, middle(ours), "commands/s", limit_name, middle(limit), included});
        if (!no_disk.empty())
            figures.push_back({name + ", transient", middle(no_disk), "commands/s", limit_name,
                               middle(limit), "as above, but nothing is written to a disk"});
    }
    const auto shapes = in_turns(options, {{}, {.producers = 4}, {.shards = 2}}, burst, repeats);
    if (!shapes) return shapes.error();
    const std::vector<double>& of = *shapes;
    constexpr const char* one_of_each = "1 producer, 1 shard, batch 64, nobody pinned either";
    figures.push_back(
        {"throughput 4 producers", of[1], "commands/s", one_of_each, of[0], included});
    figures.push_back({"throughput 2 shards", of[2], "commands/s", one_of_each, of[0], included});
    return figures;
}

}  // namespace pawl::perf
