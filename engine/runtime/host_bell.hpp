// Wakes a host that runs the agents in its own loop. Knows an event and when to signal it; not what
// there is to do.
#pragma once

#include <atomic>

#include "engine/platform/event.hpp"

namespace pawl::detail {

// The host sleeps on fd(). Before it does, it says so and looks once more for work; who leaves work
// rings. So either the host finds the work, or the bell finds the host asleep.
class HostBell {
public:
    bool ok() const noexcept { return event_.ok(); }
    int fd() const noexcept { return event_.fd(); }

    // Any thread, after it has left work.
    void ring() noexcept {
        // seq_cst on both sides: either the host sees the work before it sleeps, or we see that it
        // sleeps. Pairs with the fence in before_sleep().
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (!sleeps_.load(std::memory_order_relaxed) ||
            !sleeps_.exchange(false, std::memory_order_relaxed))
            return;
        event_.signal();
    }

    // ---- the host ----
    // It looks for work now.
    void awake() noexcept {
        sleeps_.store(false, std::memory_order_relaxed);
        event_.clear();
    }
    // It found none and will sleep; the last look comes after this.
    void before_sleep() noexcept {
        sleeps_.store(true, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with the one in ring()
    }
    // The last look found something.
    void stays_awake() noexcept { sleeps_.store(false, std::memory_order_relaxed); }

private:
    Event event_;
    std::atomic<bool> sleeps_{false};
};

}  // namespace pawl::detail
