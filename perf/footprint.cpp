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

// `send(producer, i)` offers the i-th command; all of them are answered when it returns.
template <class Domain, class Send>
Result<Use> measure(const std::string& directory, const RunOptions& run, Send&& send) {
    const std::uint64_t count = run.tiny ? 4096 : 1'000'000;
    EngineOptions options;
    options.directory = directory;
    if (run.tiny) make_small(options);
    options.threading = Threading::none;
    auto engine = Engine<Domain>::open(options);
    if (!engine) return engine.error();
    auto producer = engine->producer({.session = "desk"});
    const auto play = [&](std::uint64_t from, std::uint64_t to) {
        std::uint64_t answered = from;
        for (std::uint64_t next = from; answered < to;) {
            while (next < to && next - answered < 512 && send(producer, next) == Offer::accepted)
                ++next;
            engine->poll();
            answered += producer.poll_replies(512, [](const Reply&) {});
        }
    };
    const auto stream_bytes = [&] { return counted(directory, "shard0.stream_bytes"); };
    play(0, 1024);  // rings and the session's window are there
    const double memory = resident_bytes();
    const double journal = stream_bytes();
    play(1024, count);
    const double made = static_cast<double>(count - 1024);
    const Use use{(resident_bytes() - memory) / made, (stream_bytes() - journal) / made};
    if (const Status status = engine->close(); !status) return status.error();
    return use;
}

}  // namespace

Result<std::vector<Figure>> run_footprint(const RunOptions& options) {
    std::vector<Figure> figures;
    {
        const Scratch scratch(options.directory, "footprint");
        const auto use =
            measure<Account>(scratch.path(), options, [](auto& producer, std::uint64_t i) {
                return producer.try_submit(i, Account::Deposit{1}, {}, want_reply);
            });
        if (!use) return use.error();
        figures.push_back({"footprint account, beside its state",
                           use->memory_bytes - double{sizeof(Account)}, "bytes", "", 0, included});
        figures.push_back(
            {"footprint bank command", use->journal_bytes, "bytes of journal", "", 0, included});
    }
    {
        const Scratch scratch(options.directory, "footprint");
        using namespace matching;
        const auto use =
            measure<Book>(scratch.path(), options, [](auto& producer, std::uint64_t i) {
                if (i == 0)
                    return producer.try_submit(1,
                                               AddInstrument{.price_min = 0,
                                                             .price_max = 10'000'000,
                                                             .quantity_max = 1'000'000,
                                                             .tick = 100,
                                                             .phase = Phase::continuous},
                                               {}, want_reply);
                return producer.try_submit(
                    1,
                    NewOrder{.order = i,
                             .price = Price{100} * static_cast<Price>(1 + i % 1000),
                             .quantity = 10,
                             .owner = 1,
                             .side = Side::buy,
                             .time_in_force = TimeInForce::day},
                    {}, want_reply);
            });
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
