// What a command costs from submit to its reply when one thread does everything: the façade's call,
// the lane, decide, apply, the record. Not included: the way between two cores, and the disk.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "pawl/engine.hpp"

namespace {

struct Account {
    struct Deposit {
        std::int64_t cents;
    };
    struct Deposited {
        std::int64_t cents;
    };
    using Commands = pawl::Commands<Deposit>;
    using Events = pawl::Events<Deposited>;

    std::int64_t balance = 0;

    pawl::Verdict decide(const Deposit& ask, pawl::Context<Account>& ctx) const {
        ctx.emit(Deposited{ask.cents});
        return pawl::accept;
    }
    void apply(const Deposited& event) noexcept { balance += event.cents; }
};

constexpr std::uint64_t accounts = 1024;  // all of them in the nearest cache

void run(benchmark::State& state, const pawl::EngineOptions& options) {
    auto bank = pawl::Engine<Account>::open(options).value();
    auto desk = bank.producer();
    while (bank.poll() != 0) {  // the next segment is prepared before anything is measured
    }
    const std::int64_t batch = state.range(0);
    std::uint64_t id = 0;
    for (auto _ : state) {
        for (std::int64_t i = 0; i < batch; ++i) {
            id = (id + 1) % accounts;
            const pawl::Offer offer =
                desk.try_submit(id, Account::Deposit{1}, {}, pawl::want_reply);
            if (offer != pawl::Offer::accepted) state.SkipWithError("the lane is full");
        }
        std::int64_t answered = 0;
        while (answered < batch) {
            bank.poll();
            answered += static_cast<std::int64_t>(desk.poll_replies(64));
        }
    }
    state.SetItemsProcessed(state.iterations() * batch);
}

// Rings and state only.
void transient(benchmark::State& state) {
    pawl::EngineOptions options;
    options.transient = true;
    options.threading = pawl::Threading::none;
    run(state, options);
}
BENCHMARK(transient)->Arg(1)->Arg(64);

// The same with records in the head; the disk gets them in between, on the same thread.
void journaled(benchmark::State& state) {
    const std::filesystem::path directory = std::filesystem::temp_directory_path() /
                                            ("pawl-bench-submit-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory);
    pawl::EngineOptions options;
    options.directory = directory.string();
    options.threading = pawl::Threading::none;
    run(state, options);
    std::filesystem::remove_all(directory);
}
BENCHMARK(journaled)->Arg(1)->Arg(64);

}  // namespace
