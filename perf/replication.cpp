// What a standby costs: two processes on this machine, one of them primary. Knows the façade and
// its standby.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pawl/standby.hpp"
#include "perf/bare_copy.hpp"
#include "perf/child_process.hpp"
#include "perf/counted.hpp"
#include "perf/disk_limits.hpp"
#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/tcp_peer.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "two nodes as processes of one machine, loopback, one disk for both, an arbiter that is a "
    "file; "
    "one producer, one shard; no core is given to anybody. A reply as `replicated` has been to the "
    "other process and back";

// A record with one event, its frame, and the acknowledgement: about as many bytes each way.
constexpr std::size_t message_bytes = 160;
constexpr double round_trip_rate = 10'000;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Addresses of their own for each process.
std::string address_of(int node) {
    const int pid = static_cast<int>(::getpid());
    return "127." + std::to_string(1 + (pid / 250) % 250) + "." + std::to_string(1 + pid % 250) +
           "." + std::to_string(1 + node) + ":7412";
}

class Nodes {
public:
    explicit Nodes(const RunOptions& run) : scratch_(run.directory, "replication") {
        std::error_code made;
        std::filesystem::create_directories(scratch_.path(), made);
        for (int i = 0; i < 2; ++i) {
            EngineOptions& options = options_[i];
            options.directory = scratch_.path() + (i == 0 ? "/a" : "/b");
            options.heads =
                "/dev/shm/pawl-bench-" + std::to_string(::getpid()) + (i == 0 ? "-a" : "-b");
            std::filesystem::create_directories(options.heads, made);
            if (run.tiny) make_small(options);
            options.replication.node = i == 0 ? "a" : "b";
            options.replication.address = address_of(i);
            options.replication.peers = {{i == 0 ? "b" : "a", address_of(1 - i)}};
            options.replication.arbiter =
                "file://" + std::filesystem::absolute(scratch_.path()).string() + "/arbiter";
            options.replication.may_begin = i == 0;
            // Nobody takes over here, however busy the machine is.
            options.replication.fail_after = std::chrono::seconds(20);
            options.replication.degrade_after = std::chrono::seconds(30);
        }
        standby_.emplace([this] { follow(); });
    }
    ~Nodes() {
        standby_.reset();
        bank_.reset();
        std::error_code ignored;
        for (const EngineOptions& options : options_)
            std::filesystem::remove_all(options.heads, ignored);
    }

    Status open() {
        auto standby = Standby<Account>::open(options_[0]);
        if (!standby) return standby.error();
        const auto turn = standby->wait_for_turn(std::chrono::seconds(30));
        if (!turn) return turn.error();
        auto bank = std::move(*standby).promote();
        if (!bank) return bank.error();
        bank_.emplace(std::move(*bank));
        return Done{};
    }
    Engine<Account>& bank() { return *bank_; }
    const std::string& directory() const { return options_[0].directory; }
    void start_standby() { standby_->go(); }
    bool is_followed() { return bank_->node_status().in_sync.size() == 2; }
    // What was sent before is no part of what is measured next.
    void let_it_catch_up() {
        while (bank_->node_status().lag_bytes != 0) std::this_thread::yield();
    }

private:
    void follow() {
        auto standby = Standby<Account>::open(options_[1]);
        while (standby.ok() && standby->wait_for_turn(std::chrono::seconds(1)).ok()) {
        }
    }

    Scratch scratch_;
    EngineOptions options_[2];
    std::optional<ChildProcess> standby_;
    std::optional<Engine<Account>> bank_;
};

// What the primary does while somebody catches up, piece by piece.
OpenLoopOptions gentle_load(const RunOptions& options) {
    OpenLoopOptions gentle;
    gentle.rate = round_trip_rate;
    gentle.lets_others_run = true;
    gentle.warm_up_seconds = 0;
    gentle.seconds = options.tiny ? 0.01 : 0.1;
    return gentle;
}

// Until the standby is in the set, while commands go on at a gentle rate. Bytes of stream per
// second that it took over.
Result<double> catch_up(Nodes& nodes, const RunOptions& options, cli::Histogram& meanwhile) {
    const double behind = counted(nodes.directory(), "shard0.stream_bytes");
    const OpenLoopOptions gentle = gentle_load(options);
    nodes.start_standby();
    const auto begin = Clock::now();
    EngineClient client(nodes.bank(), "gentle");
    while (!nodes.is_followed()) {
        send_at_rate(client, gentle, meanwhile);
        if (seconds_since(begin) > 120)
            return Error{ErrorCode::timeout,
                         "replication: the standby did not get into the set within 120 s: look "
                         "at the disk of " +
                             nodes.directory()};
    }
    return behind / seconds_since(begin);
}

// Bytes per second of a copy that only moves them, beside the same work; 0: refused.
double copy_beside_work(Nodes& nodes, BareCopy& copy, const RunOptions& options,
                        cli::Histogram& meanwhile) {
    if (!copy.prepare(nodes.directory(), std::uint64_t{options.tiny ? 4U : 256U} << 20)) return 0;
    std::atomic<bool> is_over{false};
    double per_second = 0;
    std::thread copier([&] {
        per_second = copy.measure(options.tiny ? 0.01 : 2);
        is_over = true;
    });
    EngineClient client(nodes.bank(), "beside a copy");
    while (!is_over) send_at_rate(client, gentle_load(options), meanwhile);
    copier.join();
    return per_second;
}

// Bytes per second; 0: one of them refuses.
double slower_of_disk_and_loopback(const std::string& directory, TcpSink& sink,
                                   const RunOptions& options) {
    const double seconds = options.tiny ? 0.01 : 0.5;
    const std::uint64_t file_bytes = std::uint64_t{options.tiny ? 4U : 256U} << 20;
    return std::min(
        measure_sequential_per_second(directory, file_bytes, seconds, DurableWay::direct),
        sink.measure(seconds));
}

}  // namespace

Result<std::vector<Figure>> run_replication(const RunOptions& options) {
    TcpEcho echo;
    TcpSink sink;
    BareCopy copy;
    Nodes nodes(options);
    if (!echo.good() || !sink.good() || !copy.good())
        return Error{ErrorCode::io,
                     "replication: no connection over loopback: look at its address"};
    if (Status opened = nodes.open(); !opened) return opened.error();
    open_accounts(nodes.bank());

    BurstOptions burst;
    burst.seconds = options.tiny ? 0.02 : options.seconds;
    OpenLoopOptions load;
    load.rate = round_trip_rate;
    load.lets_others_run = true;
    load.seconds = options.tiny ? 0.02 : options.seconds;
    if (options.tiny) load.warm_up_seconds = 0.001;
    EngineClient desk(nodes.bank(), "desk");
    const double alone = send_bursts(desk, burst).per_second;
    cli::Histogram calm;
    send_at_rate(desk, load, calm);

    cli::Histogram beside_copy;
    const double copied = copy_beside_work(nodes, copy, options, beside_copy);
    cli::Histogram meanwhile;
    const double before = slower_of_disk_and_loopback(nodes.directory(), sink, options);
    const auto caught_up = catch_up(nodes, options, meanwhile);
    if (!caught_up) return caught_up.error();
    const double after = slower_of_disk_and_loopback(nodes.directory(), sink, options);
    const double limit = before == 0 || after == 0 ? 0 : (before + after) / 2;

    cli::Histogram bare;
    cli::Histogram replicated;
    EngineClient careful(nodes.bank(), "careful", Durability::replicated);
    const int turns = options.tiny ? 1 : 3;
    load.seconds /= turns;
    for (int turn = 0; turn < turns; ++turn) {
        if (!echo.measure(message_bytes, round_trip_rate, load.seconds, bare))
            return Error{ErrorCode::io, "replication: the bare connection broke: run it again"};
        send_at_rate(careful, load, replicated);
    }
    const double followed = send_bursts(desk, burst).per_second;
    nodes.let_it_catch_up();
    const double followed_replicated = send_bursts(careful, burst).per_second;

    std::vector<Figure> figures;
    for (const auto& [name, percent] : {std::pair{"p50", 50.0}, {"p99", 99.0}, {"p99.9", 99.9}})
        figures.push_back({std::string("replication round trip 10 k/s ") + name,
                           static_cast<double>(replicated.percentile(percent)), "ns",
                           "bare TCP ping-pong, same bytes, same rate",
                           static_cast<double>(bare.percentile(percent)), included});
    figures.push_back({"replication throughput journaled", followed, "commands/s",
                       "the same before there was a standby", alone, included});
    figures.push_back({"replication throughput replicated", followed_replicated, "commands/s",
                       "journaled, before there was a standby", alone, included});
    figures.push_back({"replication catch-up", *caught_up, "bytes/s",
                       "the slower of disk and loopback, before and after", limit, included});
    figures.push_back({"replication catch-up on these cores", *caught_up, "bytes/s",
                       "a bare copy beside the same work: read, send, receive, write", copied,
                       included});
    const auto p99_meanwhile = static_cast<double>(meanwhile.percentile(99));
    figures.push_back({"replication p99 while it catches up", p99_meanwhile, "ns",
                       "the same before", static_cast<double>(calm.percentile(99)), included});
    figures.push_back({"replication p99 beside any copy", p99_meanwhile, "ns",
                       "the same beside the bare copy",
                       static_cast<double>(beside_copy.percentile(99)), included});
    return figures;
}

}  // namespace pawl::perf
