// Several producers at once, each on a thread of its own. Knows the bank's client and the load.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "perf/engine_client.hpp"

namespace pawl::perf {

// Commands per second of all of them, from the first one's start to the last one's end; they share
// options.window.
inline double all_producers(Engine<Account>& bank, std::size_t producers, BurstOptions options,
                            bool& accepted) {
    std::vector<Throughput> results(producers);
    std::vector<std::thread> threads;
    options.window = options.window / producers;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < producers; ++i)
        threads.emplace_back([&, i, own = options]() mutable {
            own.seed = i + 1;
            EngineClient client(bank, "desk-" + std::to_string(i));
            results[i] = send_bursts(client, own);
        });
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::uint64_t answered = 0;
    for (const Throughput& result : results) {
        accepted &= result.all_accepted;
        answered += result.answered;
    }
    return static_cast<double>(answered) / took.count();
}

}  // namespace pawl::perf
