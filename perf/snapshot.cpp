// What a shard's clients notice of a snapshot: the same steady load with and without snapshots
// being made beside it, turn by turn in one run. Knows bank and engine.
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/pinned.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "open loop, from the intended send time; snapshots one behind the other of 100,000 accounts "
    "and what the journal has since, made by a thread of low priority. The limit is the same load "
    "in the turns between, without snapshots. Not included: a disk that is busy with something "
    "else";

struct Percentile {
    const char* name;
    double percent;
};
constexpr std::array<Percentile, 4> percentiles{
    {{"p50", 50}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}}};

// Asks for one snapshot after the other until it is destroyed.
class Snapshots {
public:
    explicit Snapshots(Engine<Account>& bank)
        : thread_([this, &bank] {
              while (!stopping_.load(std::memory_order_relaxed)) {
                  const auto begin = std::chrono::steady_clock::now();
                  failed_ = failed_ || !bank.snapshot().ok();
                  const std::chrono::duration<double> took =
                      std::chrono::steady_clock::now() - begin;
                  seconds_ += took.count();
                  ++made_;
              }
          }) {}
    ~Snapshots() { stop(); }
    void stop() {
        stopping_.store(true, std::memory_order_relaxed);
        if (thread_.joinable()) thread_.join();
    }
    // After stop().
    double seconds_each() const { return made_ != 0 ? seconds_ / made_ : 0; }
    bool failed() const { return failed_; }

private:
    std::atomic<bool> stopping_{false};
    double seconds_ = 0;
    int made_ = 0;
    bool failed_ = false;
    std::thread thread_;
};

}  // namespace

Result<std::vector<Figure>> run_snapshot(const RunOptions& options) {
    const TwoCores cores = TwoCores::choose();
    std::vector<Figure> figures;
    const int repeats = options.tiny ? 1 : 5;
    for (const double rate : {1e4, 1e5}) {
        const Scratch scratch(options.directory, "snapshot");
        EngineOptions engine;
        engine.directory = scratch.path();
        engine.cores = cores.engine_cores();
        auto bank = Engine<Account>::open(engine);
        if (!bank) return bank.error();
        open_accounts(*bank);
        OpenLoopOptions load;
        load.rate = rate;
        load.seconds = options.tiny ? 0.02 : options.seconds / repeats;
        if (options.tiny) load.warm_up_seconds = 0.001;
        cli::Histogram with;
        cli::Histogram without;
        double seconds_each = 0;
        for (int round = 0; round < repeats; ++round) {
            for (const bool snapshots : {false, true}) {
                std::unique_ptr<Snapshots> beside;
                if (snapshots) beside = std::make_unique<Snapshots>(*bank);
                const Pinned pinned(cores.sender);
                EngineClient client(*bank, "desk");
                if (!send_at_rate(client, load, snapshots ? with : without).all_accepted)
                    return Error{ErrorCode::stopped,
                                 "snapshot: a command was not accepted: look at the bank's "
                                 "balances"};
                if (!snapshots) continue;
                beside->stop();
                if (beside->failed())
                    return Error{ErrorCode::stopped, "snapshot: one was not made: is there room?"};
                seconds_each += beside->seconds_each() / repeats;
            }
        }
        const std::string name =
            "snapshot " + std::to_string(static_cast<int>(rate / 1e3)) + " k/s ";
        for (const Percentile& wanted : percentiles)
            figures.push_back({name + wanted.name,
                               static_cast<double>(with.percentile(wanted.percent)), "ns",
                               "no snapshot, same load, same run",
                               static_cast<double>(without.percentile(wanted.percent)), included});
        figures.push_back({name + "made in", seconds_each * 1e3, "ms", "", 0, included});
    }
    return figures;
}

}  // namespace pawl::perf
