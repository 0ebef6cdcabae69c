// The engine's threads: each one line around a duty cycle. Knows functions; not what they do.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "pawl/options.hpp"

namespace pawl::detail {

// Starts threads with add(), stops and joins them with stop(). One owner.
class Crew {
public:
    struct Duty {
        std::string name;
        std::function<std::size_t()> do_work;  // returns how much it did
        Idle idle = Idle::park;
        std::int64_t park_max_ns = 500'000;
        int core = -1;            // -1: not pinned
        bool background = false;  // runs when others leave it time
    };
    Crew() = default;
    ~Crew() { stop(); }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    void add(Duty duty);
    void stop();

private:
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> threads_;
};

}  // namespace pawl::detail
