// Measures the machine with plain loops. Knows the operating system; nothing of pawl.
#include "perf/machine_limits.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "perf/disk_limits.hpp"
#include "perf/pinned.hpp"

namespace pawl::perf {
namespace {

using SteadyClock = std::chrono::steady_clock;

double ns_since(SteadyClock::time_point begin) {
    return std::chrono::duration<double, std::nano>(SteadyClock::now() - begin).count();
}

unsigned usable_cores() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 0;
    return static_cast<unsigned>(CPU_COUNT(&cores));
}

std::string processor_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    }
    return "unknown";
}

double clock_read_ns(std::uint32_t rounds) {
    const auto begin = SteadyClock::now();
    auto last = begin;
    for (std::uint32_t i = 0; i < rounds; ++i) last = std::max(last, SteadyClock::now());
    return std::chrono::duration<double, std::nano>(last - begin).count() / rounds;
}

// Each side writes its own line, so that one round is one line there and another one back.
struct alignas(128) Turn {
    std::atomic<std::uint32_t> number{0};
};

double round_trip_ns(std::uint32_t rounds) {
    const TwoCores cores = TwoCores::choose();
    Turn there;
    Turn back;
    std::thread other([&] {
        const Pinned pinned(cores.decider);
        for (std::uint32_t i = 1; i <= rounds; ++i) {
            // acquire and release: pairs with the other side of the same line
            while (there.number.load(std::memory_order_acquire) != i) {
            }
            back.number.store(i, std::memory_order_release);
        }
    });
    const Pinned pinned(cores.sender);
    const auto begin = SteadyClock::now();
    for (std::uint32_t i = 1; i <= rounds; ++i) {
        there.number.store(i, std::memory_order_release);
        while (back.number.load(std::memory_order_acquire) != i) {
        }
    }
    const double ns = ns_since(begin);
    other.join();
    return ns / rounds;
}

double copy_gb_per_s(std::uint32_t rounds) {
    constexpr std::size_t bytes = std::size_t{64} << 20U;
    const std::vector<char> from(bytes, 'x');
    std::vector<char> to(bytes, 'y');  // touched before: page faults are not what is measured
    const std::uint32_t copies = std::clamp(rounds / 100, 1U, 20U);
    const auto begin = SteadyClock::now();
    for (std::uint32_t i = 0; i < copies; ++i) {
        std::memcpy(to.data(), from.data(), bytes);
        asm volatile("" : : "r"(to.data()) : "memory");  // the copy must happen
    }
    return static_cast<double>(bytes) * copies / ns_since(begin);
}

}  // namespace

double measure_copy_per_second(std::uint32_t rounds) {
    return copy_gb_per_s(rounds) * 1e9;
}

double measure_round_trip_ns(std::uint32_t rounds) {
    // on one core each turn is a whole time slice: it would say nothing and take for ever
    return usable_cores() > 1 ? round_trip_ns(rounds) : 0;
}

MachineLimits measure_machine_quickly() {
    MachineLimits limits;
    limits.cores = usable_cores();
    limits.processor = processor_name();
    limits.round_trip_ns = measure_round_trip_ns(20'000);
    return limits;
}

MachineLimits measure_machine(const std::string& directory, std::uint32_t rounds) {
    MachineLimits limits;
    limits.cores = usable_cores();
    limits.processor = processor_name();
    limits.clock_read_ns = clock_read_ns(rounds);
    limits.round_trip_ns = measure_round_trip_ns(rounds);
    limits.copy_gb_per_s = copy_gb_per_s(rounds);
    const std::uint32_t blocks = std::clamp(rounds / 20, 5U, 200U);
    limits.direct_block_us = measure_durable_block_us(directory, blocks, DurableWay::direct);
    limits.durable_block_us =
        measure_durable_block_us(directory, blocks, DurableWay::through_cache);
    return limits;
}

}  // namespace pawl::perf
