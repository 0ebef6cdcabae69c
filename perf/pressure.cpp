// What a busy disk does to the hot thread: half of the peak for a minute, alone and beside another
// process that writes and syncs as fast as it can. Knows bank, engine and that process.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "perf/counted.hpp"
#include "perf/disk_limits.hpp"
#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/other_writer.hpp"
#include "perf/pinned.hpp"
#include "perf/thread_usage.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "open loop at half of the peak measured before it, journaled; turns alone and beside a process "
    "that writes 1 MiB and calls fdatasync again and again in the same folder, 60 s of each when "
    "--seconds is 2. Counted after a warm-up; times are from the intended send time to the reply. "
    "The wait for the hot thread is from the producer's clock to the decision, to a power of two";

struct Percentile {
    const char* name;
    double percent;
};
constexpr std::array<Percentile, 5> percentiles{
    {{"p50", 50}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}, {"max", 100}}};

// All turns of one kind.
struct Seen {
    cli::Histogram times;
    double answered_per_second = 0;  // the mean over turns
    ThreadUsage hot;
    ThreadUsage journal;
    double longest_wait_ns = 0;
    double longest_write_ns = 0;
    double waits_for_room = 0;
    double other_bytes_per_second = 0;
};

// How many commands waited so long, by power of two.
using Waits = std::array<double, 36>;
Waits waits_of(const std::string& directory) {
    Waits waits{};
    for (std::size_t i = 0; i < waits.size(); ++i)
        waits[i] = counted(directory, "shard0.waited_ns_2^" + std::to_string(i));
    return waits;
}
double longest_ns(const Waits& before, const Waits& after) {
    for (std::size_t i = after.size(); i-- > 0;)
        if (after[i] > before[i]) return static_cast<double>(std::uint64_t{2} << i);
    return 0;
}

EngineOptions options_of(const RunOptions& run, const std::string& directory,
                         const TwoCores& cores) {
    EngineOptions options;
    options.directory = directory;
    if (run.tiny) make_small(options);
    options.cores = cores.engine_cores();
    return options;
}

std::uint64_t accounts_of(const RunOptions& run) {
    return run.tiny ? 1'000 : account_count;
}

Error not_accepted() {
    return {ErrorCode::stopped,
            "pressure: a command was not accepted: look at the bank's balances, and for room on "
            "the disk"};
}

Result<double> peak_per_second(const RunOptions& run, const TwoCores& cores) {
    const Scratch scratch(run.directory, "pressure");
    auto bank = open_bank(options_of(run, scratch.path(), cores), accounts_of(run));
    if (!bank) return bank.error();
    const Pinned pinned(cores.sender);
    EngineClient client(*bank, "desk");
    BurstOptions burst;
    burst.seconds = run.tiny ? 0.005 : run.seconds;
    burst.accounts = accounts_of(run);
    const Throughput peak = send_bursts(client, burst);
    if (!peak.all_accepted) return not_accepted();
    return peak.per_second;
}

// Read on the shard's own thread.
ThreadUsage usage_of_shard(Engine<Account>& bank) {
    return bank.query(0, [](const Account&) { return usage_of_this_thread(); }, use_future).get();
}

Status take_turn(const RunOptions& run, const TwoCores& cores, OpenLoopOptions load, int turns,
                 OtherWriter* other, Seen& seen) {
    const Scratch scratch(run.directory, "pressure");
    auto bank = open_bank(options_of(run, scratch.path(), cores), accounts_of(run));
    if (!bank) return bank.error();
    EngineClient client(*bank, "desk");
    const Pinned pinned(cores.sender);
    if (other != nullptr) other->go();

    OpenLoopOptions warm = load;
    warm.seconds = run.tiny ? 0.001 : 1;
    cli::Histogram forgotten;
    const bool accepted = send_at_rate(client, warm, forgotten).all_accepted;
    static_cast<void>(usage_of_shard(*bank));  // its code is there before it counts

    const ThreadUsage hot = usage_of_shard(*bank);
    const ThreadUsage journal = usage_of_thread("pawl-journal");
    const Waits waits = waits_of(scratch.path());
    const double room = counted(scratch.path(), "shard0.room_waits");
    const OpenLoop loop = send_at_rate(client, load, seen.times);
    const double seconds = load.rate * load.seconds / loop.answered_per_second;
    seen.hot += usage_of_shard(*bank) - hot;
    seen.journal += usage_of_thread("pawl-journal") - journal;
    seen.longest_wait_ns =
        std::max(seen.longest_wait_ns, longest_ns(waits, waits_of(scratch.path())));
    seen.waits_for_room += counted(scratch.path(), "shard0.room_waits") - room;
    seen.longest_write_ns =
        std::max(seen.longest_write_ns, counted(scratch.path(), "shard0.sync_ns_max"));
    seen.answered_per_second += loop.answered_per_second / turns;
    if (other != nullptr)
        seen.other_bytes_per_second +=
            static_cast<double>(other->rest()) / (seconds + warm.seconds) / turns;
    if (!accepted || !loop.all_accepted) return not_accepted();
    return Done{};
}

void report(const Seen& alone, const Seen& beside, double rate, double other_alone,
            std::vector<Figure>& figures) {
    constexpr const char* limit_name = "without the other writer, same run";
    const auto add = [&](const std::string& name, double value, const char* unit, double limit) {
        figures.push_back(
            {"pressure " + name, value, unit, limit > 0 ? limit_name : "", limit, included});
    };
    figures.push_back({"pressure answered alone", alone.answered_per_second, "commands/s",
                       "half of the peak", rate, included});
    figures.push_back({"pressure answered beside a writer", beside.answered_per_second,
                       "commands/s", "half of the peak", rate, included});
    for (const Percentile& wanted : percentiles)
        add(std::string("half of peak ") + wanted.name,
            static_cast<double>(beside.times.percentile(wanted.percent)), "ns",
            static_cast<double>(alone.times.percentile(wanted.percent)));
    add("hot thread, longest wait for it", beside.longest_wait_ns, "ns", alone.longest_wait_ns);
    add("journal thread, longest write", beside.longest_write_ns, "ns", alone.longest_write_ns);
    // Nothing is a figure too: with and without stand by themselves.
    for (const auto& [name, seen] :
         {std::pair<const char*, const Seen&>{"alone", alone},
          std::pair<const char*, const Seen&>{"beside a writer", beside}}) {
        const std::string where = std::string(", ") + name;
        add("hot thread, page faults" + where, seen.hot.page_faults, "faults", 0);
        add("journal thread, page faults" + where, seen.journal.page_faults, "faults", 0);
        add("hot thread, lost its core" + where, seen.hot.switched_away, "times", 0);
        add("head full" + where, seen.waits_for_room, "passes", 0);
    }
    figures.push_back({"pressure the other writer", beside.other_bytes_per_second, "bytes/s",
                       "the same by itself", other_alone, included});
}

}  // namespace

Result<std::vector<Figure>> run_pressure(const RunOptions& options) {
    const TwoCores cores = TwoCores::choose();
    const std::uint64_t file_bytes = std::uint64_t{options.tiny ? 2U : 256U} << 20;
    // Before any thread of an engine.
    OtherWriter other(options.directory + "/pawl-bench-other-writer", file_bytes);
    if (!other.good())
        return Error{ErrorCode::io, "pressure: another process cannot write " +
                                        std::to_string(file_bytes) + " bytes in " +
                                        options.directory + ": make room, or name another folder"};
    const auto peak = peak_per_second(options, cores);
    if (!peak) return peak.error();
    const double other_alone = measure_sequential_per_second(
        options.directory, file_bytes, options.tiny ? 0.001 : options.seconds / 2,
        DurableWay::through_cache);
    OpenLoopOptions load;
    load.rate = peak.value() / 2;
    const int turns = options.tiny ? 1 : 4;
    load.seconds = options.tiny ? 0.002 : 30 * options.seconds / turns;
    load.warm_up_seconds = 0;
    load.accounts = accounts_of(options);
    Seen alone;
    Seen beside;
    for (int turn = 0; turn < turns; ++turn)
        for (OtherWriter* with : {static_cast<OtherWriter*>(nullptr), &other})
            if (Status done =
                    take_turn(options, cores, load, turns, with, with != nullptr ? beside : alone);
                !done)
                return done.error();
    std::vector<Figure> figures;
    report(alone, beside, load.rate, other_alone, figures);
    return figures;
}

}  // namespace pawl::perf
