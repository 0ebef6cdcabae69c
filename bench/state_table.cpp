// Finding a state by its aggregate's id: 1,000 to a million of them, one by one and as a batch
// does it, all index entries first and then all states. Not included: deciding, growing.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "pawl/detail/state_table.hpp"

namespace {

struct State {
    std::int64_t balance = 0;
};
using Table = pawl::detail::StateTable<State>;

// Ids in no order that a processor could guess.
class Ids {
public:
    explicit Ids(std::uint64_t count) noexcept : count_(count) {}
    pawl::Id next() noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return ((state_ >> 32) * count_) >> 32;
    }

private:
    const std::uint64_t count_;
    std::uint64_t state_ = 0x9E3779B97F4A7C15U;
};

void fill(Table& table, std::uint64_t count) {
    for (pawl::Id id = 0; id < count; ++id) table.find_or_create(id);
}

void one_by_one(benchmark::State& state) {
    const auto count = static_cast<std::uint64_t>(state.range(0));
    Table table(std::pmr::new_delete_resource());
    fill(table, count);
    Ids ids(count);
    for (auto _ : state) ++table.find(ids.next())->state.balance;
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_by_one)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

void in_batches(benchmark::State& state) {
    constexpr std::size_t batch = 64;
    const auto count = static_cast<std::uint64_t>(state.range(0));
    Table table(std::pmr::new_delete_resource());
    fill(table, count);
    Ids ids(count);
    std::array<pawl::Id, batch> asked{};
    std::array<Table::Slot*, batch> found{};
    for (auto _ : state) {
        for (pawl::Id& id : asked) table.prefetch(id = ids.next());
        for (std::size_t i = 0; i < batch; ++i) found[i] = table.guess_and_prefetch(asked[i]);
        for (Table::Slot* slot : found) ++slot->state.balance;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(in_batches)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
