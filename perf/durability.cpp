// What each durability costs: latency at a low rate, throughput, and what of the disk it uses.
// Knows bank, engine and the disk's limits.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "perf/counted.hpp"
#include "perf/disk_limits.hpp"
#include "perf/engine_client.hpp"
#include "perf/figure.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "everything of `latency` and `throughput`; a reply of `synced` waits for its block on the "
    "disk. Not included: network, other writers to the same disk";
constexpr const char* included_disk =
    "a file that was written once, the next write when this one is durable; no other writers";

struct Level {
    const char* name;
    Durability durability;
};
constexpr Level levels[] = {{"decided", Durability::decided},
                            {"journaled", Durability::journaled},
                            {"synced", Durability::synced}};

struct Disk {
    double block_ns = 0;    // of 4 KiB
    double per_second = 0;  // bytes, in writes of 1 MiB
    const char* block_name = "";
};

// Direct and through the cache, by numbers; the limits are the better ones.
Disk measure_disk(const std::string& directory, const RunOptions& options,
                  std::vector<Figure>& figures) {
    const std::uint32_t blocks = options.tiny ? 5 : 200;
    const std::uint64_t file_bytes = std::uint64_t{options.tiny ? 2U : 256U} << 20;
    const double seconds = options.tiny ? 0.001 : options.seconds / 2;
    double block_ns[2] = {};
    double per_second[2] = {};
    for (const DurableWay way : {DurableWay::direct, DurableWay::through_cache}) {
        const auto at = static_cast<std::size_t>(way);
        block_ns[at] = 1e3 * measure_durable_block_us(directory, blocks, way);
        per_second[at] = measure_sequential_per_second(directory, file_bytes, seconds, way);
    }
    figures.push_back({"durability disk, 4 KiB direct", block_ns[0], "ns",
                       "4 KiB with pwrite and fdatasync", block_ns[1], included_disk});
    figures.push_back({"durability disk, 1 MiB after 1 MiB direct", per_second[0], "bytes/s",
                       "1 MiB with pwrite and fdatasync", per_second[1], included_disk});
    const bool direct = block_ns[0] > 0 && (block_ns[0] <= block_ns[1] || block_ns[1] <= 0);
    return {direct ? block_ns[0] : block_ns[1], std::max(per_second[0], per_second[1]),
            direct ? "one block of 4 KiB, direct, median"
                   : "one block of 4 KiB, pwrite and fdatasync, median"};
}

}  // namespace

Result<std::vector<Figure>> run_durability(const RunOptions& options) {
    std::vector<Figure> figures;
    const Scratch scratch(options.directory, "durability");
    EngineOptions engine;
    engine.directory = scratch.path();
    auto bank = open_bank(engine);
    if (!bank) return bank.error();
    const Disk disk = measure_disk(scratch.path(), options, figures);
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
                               disk.block_name, disk.block_ns, included});
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
        if (const Status rest = bank->sync(); !rest) return rest.error();  // of the level before
        const double before = counted(scratch.path(), "shard0.disk_bytes");
        const Throughput result = send_bursts(client, burst);
        const double seconds = static_cast<double>(result.answered) / result.per_second;
        const double to_disk = counted(scratch.path(), "shard0.disk_bytes") - before;
        if (!waits) journaled = result.per_second;
        const std::string name = std::string("durability ") + level.name;
        figures.push_back({name + " throughput", result.per_second, "commands/s",
                           waits ? "journaled, same run" : "", waits ? journaled : 0, included});
        figures.push_back({name + " throughput, to the disk", to_disk / seconds, "bytes/s",
                           "writes of 1 MiB one after the other, same folder", disk.per_second,
                           included});
    }
    return figures;
}

}  // namespace pawl::perf
