// Applying records to a machine that follows, as replay does. Not included: reading, checksums,
// sessions.
#include <benchmark/benchmark.h>

#include "bench/batches.hpp"

namespace {

using namespace pawl::bench;

// `range(0)` batches of records at a time; the clock stands still while the next ones are made.
void replay(benchmark::State& state) {
    const auto held = static_cast<std::size_t>(state.range(0));
    Batches commands(held);
    pawl::detail::TypedMachine<pawl::perf::Account> follower(0, 1, std::pmr::new_delete_resource());
    const auto first = commands.first();
    bool follows = follower.apply(first.data(), first.size()) == first.size();
    for (auto _ : state) {
        state.PauseTiming();
        commands.begin();
        for (std::size_t i = 0; i < held; ++i) {
            commands.next();
            commands.decide();
        }
        const auto records = commands.records();
        state.ResumeTiming();
        follows &= follower.apply(records.data(), records.size()) == records.size();
    }
    if (!follows) state.SkipWithError("a record does not follow");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(held * batch));
}
BENCHMARK(replay)->Arg(64)->Arg(1024);

}  // namespace
