// Deciding a batch: messages written, states found, events staged, applied, records written. Not
// included: rings, sessions, checksums, replies, the disk.
#include <benchmark/benchmark.h>

#include "bench/batches.hpp"

namespace {

using namespace pawl::bench;

void decide(benchmark::State& state) {
    Batches commands(1);
    for (auto _ : state) {
        commands.begin();
        commands.next();
        if (commands.decide() != batch) state.SkipWithError("there was no room");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(decide);

}  // namespace
