// The engine's threads: each one line around a duty cycle. Knows functions; not what they do.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/platform/bell.hpp"
#include "engine/ring/idle.hpp"
#include "pawl/options.hpp"

namespace pawl::detail {

// Bells outlive the threads. Starts threads with add(), stops and joins them with stop(), after
// which others may be added. One owner.
class Crew {
public:
    struct Duty {
        std::string name;
        std::function<std::size_t()> do_work;  // returns how much it did
        Idle idle = Idle::park;
        std::int64_t park_max_ns = 500'000;
        int core = -1;            // -1: not pinned
        bool background = false;  // runs when others leave it time
        // Rung by who leaves work for it. Null: nobody does.
        Bell* bell = nullptr;
        // Sleeps in a way of its own, since sockets wake it too: true when the bell did. Null: on
        // the bell, up to park_max_ns.
        std::function<bool(int bell_fd)> sleep{};
        bool costly = false;  // a pass without work costs more than to be woken
        // Works little, and others wait for it: short turns on a core, and soon.
        bool prompt = false;
        // Works much, and others wait for its core: after each pass they have it.
        bool gives_way = false;
    };
    Crew() = default;
    ~Crew() { stop(); }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    void add(Duty duty);
    // Says so, and does not wait: they end after the pass that they are in.
    void dismiss();
    void stop();

private:
    void work(const Duty& duty);
    void sleep(const Duty& duty, IdleStrategy& idle);

    std::atomic<bool> stopping_{false};
    std::vector<std::unique_ptr<Bell>> own_bells_;  // of those who got none
    std::vector<Bell*> bells_;
    std::vector<std::thread> threads_;
};

}  // namespace pawl::detail
