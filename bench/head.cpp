// Appending to the head: announced, written, sealed and published, one record at a time and in
// batches; and what asking for the durability of a reply costs. Not included: deciding, the disk.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/shard/gate.hpp"
#include "journal/head.hpp"
#include "journal/posix_storage.hpp"
#include "journal/seal.hpp"

namespace {

using namespace pawl;

constexpr std::uint64_t capacity = std::uint64_t{16} << 20;
constexpr std::uint64_t record_bytes = 88;

std::unique_ptr<journal::Head> make_head(journal::PosixStorage& storage) {
    journal::HeadOptions options;
    options.path = "/dev/shm/pawl-bench-head-" + std::to_string(::getpid());
    options.capacity_bytes = capacity;
    return journal::Head::create(storage, options).value();
}

void append(benchmark::State& state) {
    journal::PosixStorage storage;
    const auto head = make_head(storage);
    std::uint64_t position = 0;
    std::uint32_t checksum = 0;
    for (auto _ : state) {
        if (position + (std::uint64_t{1} << 19) > head->writable_end().value)
            head->set_synced(Position{position});  // as the journaler does
        head->announce(
            Position{position + record_bytes * static_cast<std::uint64_t>(state.range(0))});
        for (std::int64_t i = 0; i < state.range(0); ++i) {
            auto& record = *reinterpret_cast<detail::RecordHeader*>(head->at(Position{position}));
            record = {};
            record.length = record_bytes;
            record.sequence = position;
            journal::seal(record, checksum);
            checksum = record.checksum;
            position += record_bytes;
        }
        head->publish(Position{position}, checksum);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    static_cast<void>(storage.remove(head->path()));
}
BENCHMARK(append)->Arg(1)->Arg(64);

void gate(benchmark::State& state) {
    journal::PosixStorage storage;
    const auto head = make_head(storage);
    detail::Bell writer;
    const detail::Gate gate(*head, nullptr, nullptr, writer);
    const auto level = static_cast<Durability>(state.range(0));
    for (auto _ : state) benchmark::DoNotOptimize(gate.reached(level, Position{0}));
    static_cast<void>(storage.remove(head->path()));
}
BENCHMARK(gate)
    ->Arg(static_cast<int>(Durability::journaled))
    ->Arg(static_cast<int>(Durability::synced));

}  // namespace
