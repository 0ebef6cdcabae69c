// What this machine can do at best, measured now: the figures every other figure is held against.
// Knows threads, memory and one file; nothing of pawl.
#pragma once

#include <cstdint>
#include <string>

namespace pawl::perf {

struct MachineLimits {
    std::string processor;        // as the system names it
    unsigned cores = 0;           // that this process may use
    double clock_read_ns = 0;     // one std::chrono::steady_clock::now()
    double round_trip_ns = 0;     // two threads, two cache lines, there and back; 0 with one core
    double copy_gb_per_s = 0;     // memcpy of 64 MiB
    double direct_block_us = 0;   // 4 KiB with O_DIRECT and O_DSYNC, median; 0: refused
    double durable_block_us = 0;  // pwrite of 4 KiB and fdatasync, median; 0: refused
};

// `rounds` of 1,000 or more make a figure; fewer only show that it runs. `directory` must be
// writable.
MachineLimits measure_machine(const std::string& directory, std::uint32_t rounds);
// Processor, cores and round trip only: some milliseconds.
MachineLimits measure_machine_quickly();
// The round trip alone, between the first two cores. With one core: 0.
double measure_round_trip_ns(std::uint32_t rounds);
// Bytes per second of memcpy, 64 MiB at a time.
double measure_copy_per_second(std::uint32_t rounds);

}  // namespace pawl::perf
