// What sealing a record costs: crc32c over 64 to 1024 bytes, by instruction and by table. Not
// included: building the record, the head, any cache miss.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/crc32c.hpp"

namespace {

using pawl::journal::crc32c_hardware;
using pawl::journal::crc32c_hardware_present;
using pawl::journal::crc32c_record;
using pawl::journal::crc32c_table;

std::vector<std::uint64_t> words_for(const benchmark::State& state) {
    return std::vector<std::uint64_t>(static_cast<std::size_t>(state.range(0)) / 8, 0x5DEECE66DU);
}

void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

// As the shard does it: each seed is the checksum before, so no two can overlap.
void seal_record(benchmark::State& state) {
    const auto words = words_for(state);
    std::uint32_t checksum = 1;
    for (auto _ : state) {
        checksum = crc32c_record(checksum, words.data(), words.size() * 8);
        benchmark::DoNotOptimize(checksum);
    }
    count_bytes(state);
}
BENCHMARK(seal_record)->Arg(64)->Arg(128)->Arg(1024);

void checksum_by_instruction(benchmark::State& state) {
    if (!crc32c_hardware_present()) return state.SkipWithError("this processor has no crc32c");
    const auto words = words_for(state);
    std::uint32_t checksum = 1;
    for (auto _ : state) {
        checksum = crc32c_hardware(checksum, words.data(), words.size() * 8);
        benchmark::DoNotOptimize(checksum);
    }
    count_bytes(state);
}
BENCHMARK(checksum_by_instruction)->Arg(64)->Arg(1024);

void checksum_by_table(benchmark::State& state) {
    const auto words = words_for(state);
    std::uint32_t checksum = 1;
    for (auto _ : state) {
        checksum = crc32c_table(checksum, words.data(), words.size() * 8);
        benchmark::DoNotOptimize(checksum);
    }
    count_bytes(state);
}
BENCHMARK(checksum_by_table)->Arg(64)->Arg(1024);

}  // namespace
