// What things take: memory per account and per order, bytes of journal per command, the program
// itself. Knows bank, book and the counters.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "pawl/matching/book.hpp"
#include "perf/counted.hpp"
#include "perf/engine_client.hpp"
#include "perf/figure.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "memory: what the process holds more of than before, state and index and versions included. "
    "Journal: the shard's stream, headers and padding included. Program: with everything that is "
    "linked into it, the measurements too";

// Bytes of this process in memory, its own and not shared with others.
double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double all = 0;
    double resident = 0;
    double shared = 0;
    file >> all >> resident >> shared;
    return (resident - shared) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

struct Use {
    double memory_bytes = 0;   // each
    double journal_bytes = 0;  // each
};

// `warm` and `send` offer (producer, i) their i-th command. Those of `warm` leave nothing behind,
// so that rings, blocks and the session's window are there before anything is counted: they are the
// engine's, however much is in it.
template <class Domain, class Warm, class Send>
Result<Use> measure(const std::string& directory, const RunOptions& run, Warm&& warm, Send&& send) {
    const std::uint64_t before = run.tiny ? 1025 : 200'001;
    const std::uint64_t count = run.tiny ? 4096 : 1'000'000;
    EngineOptions options;
    options.directory = directory;
    if (run.tiny) make_small(options);
    options.threading = Threading::none;
    auto engine = Engine<Domain>::open(options);
    if (!engine) return engine.error();
    auto producer = engine->producer({.session = "desk"});
    const auto play = [&](std::uint64_t commands, auto&& offer) {
        std::uint64_t answered = 0;
        for (std::uint64_t next = 0; answered < commands;) {
            while (next < commands && next - answered < 512 &&
                   offer(producer, next) == Offer::accepted)
                ++next;
            engine->poll();
            answered += producer.poll_replies(512, [](const Reply&) {});
        }
    };
    const auto stream_bytes = [&] { return counted(directory, "shard0.stream_bytes"); };
    play(before, warm);
    const double memory = resident_bytes();
    const double journal = stream_bytes();
    play(count, send);
    const auto made = static_cast<double>(count);
    const Use use{(resident_bytes() - memory) / made, (stream_bytes() - journal) / made};
    if (const Status status = engine->close(); !status) return status.error();
    return use;
}

}  // namespace

Result<std::vector<Figure>> run_footprint(const RunOptions& options) {
    std::vector<Figure> figures;
    {
        const Scratch scratch(options.directory, "footprint");
        const auto deposit = [](auto& producer, std::uint64_t account) {
            return producer.try_submit(account, Account::Deposit{1}, {}, want_reply);
        };
        const auto use = measure<Account>(
            scratch.path(), options,
            [&](auto& producer, std::uint64_t) { return deposit(producer, 0); },
            [&](auto& producer, std::uint64_t i) { return deposit(producer, i + 1); });
        if (!use) return use.error();
        figures.push_back({"footprint account, beside its state",
                           use->memory_bytes - double{sizeof(Account)}, "bytes", "", 0, included});
        figures.push_back(
            {"footprint bank command", use->journal_bytes, "bytes of journal", "", 0, included});
    }
    {
        const Scratch scratch(options.directory, "footprint");
        using namespace matching;
        const auto rest = [](auto& producer, std::uint64_t order) {
            return producer.try_submit(
                1,
                NewOrder{.order = order,
                         .price = Price{100} * static_cast<Price>(1 + order % 1000),
                         .quantity = 10,
                         .owner = 1,
                         .side = Side::buy,
                         .time_in_force = TimeInForce::day},
                {}, want_reply);
        };
        // One order at a time, and taken back at once.
        const auto come_and_go = [&](auto& producer, std::uint64_t i) {
            if (i == 0)
                return producer.try_submit(1,
                                           AddInstrument{.price_min = 0,
                                                         .price_max = 10'000'000,
                                                         .quantity_max = 1'000'000,
                                                         .tick = 100,
                                                         .phase = Phase::continuous},
                                           {}, want_reply);
            if (i % 2 == 1) return rest(producer, i);
            return producer.try_submit(1, CancelOrder{.order = i - 1, .owner = 1}, {}, want_reply);
        };
        const auto use = measure<Book>(
            scratch.path(), options, come_and_go,
            [&](auto& producer, std::uint64_t i) { return rest(producer, 1'000'000 + i); });
        if (!use) return use.error();
        figures.push_back({"footprint resting order", use->memory_bytes, "bytes", "", 0, included});
        figures.push_back(
            {"footprint accepted order", use->journal_bytes, "bytes of journal", "", 0, included});
    }
    std::error_code unknown;
    const auto program = std::filesystem::file_size("/proc/self/exe", unknown);
    if (!unknown)
        figures.push_back(
            {"footprint this program", static_cast<double>(program), "bytes", "", 0, included});
    return figures;
}

}  // namespace pawl::perf
