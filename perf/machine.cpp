// Prints what this machine can do at best. Knows how to print; the measuring is in
// machine_limits.cpp.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "perf/machine_limits.hpp"

int main(int count, char** words) {
    const bool smoke = count > 1 && std::strcmp(words[1], "--smoke") == 0;
    if (count > 2 || (count == 2 && !smoke)) {
        std::fputs("usage: machine [--smoke]   (--smoke: only show that it runs)\n", stderr);
        return 2;
    }
    const auto limits = pawl::perf::measure_machine(".", smoke ? 100 : 100'000);
    std::printf("processor              %s, %u cores\n", limits.processor.c_str(), limits.cores);
    std::printf("clock read             %.0f ns\n", limits.clock_read_ns);
    std::printf("round trip, two cores  %.0f ns\n", limits.round_trip_ns);
    std::printf("copy of 64 MiB         %.1f GB/s\n", limits.copy_gb_per_s);
    std::printf("4 KiB durable          %.0f us direct, %.0f us pwrite and fdatasync (here)\n",
                limits.direct_block_us, limits.durable_block_us);
    return 0;
}
