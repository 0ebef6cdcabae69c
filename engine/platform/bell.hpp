// Wakes a thread that sleeps because there was nothing to do: a host that runs the agents in its
// own loop, or an agent of ours. Knows an event and when to signal it; not what there is to do.
#pragma once

#include <atomic>

#include "engine/platform/event.hpp"

namespace pawl::detail {

// One sleeper: it sleeps on fd(). Before it does, it says so and looks once more for work; who
// leaves work rings. So either the sleeper finds the work, or the bell finds it asleep.
class Bell {
public:
    bool ok() const noexcept { return event_.ok(); }
    int fd() const noexcept { return event_.fd(); }

    // Any thread, after it has left work.
    void ring() noexcept {
        // seq_cst on both sides: either the sleeper sees the work before it sleeps, or we see that
        // it sleeps. Pairs with the fence in before_sleep().
        std::atomic_thread_fence(std::memory_order_seq_cst);
        ring_who_sleeps();
    }
    // The same where a fence is too much. Whoever lies down at this moment may not hear it, and
    // finds the work when its nap ends by itself.
    void ring_who_sleeps() noexcept {
        if (!sleeps_.load(std::memory_order_relaxed) ||
            !sleeps_.exchange(false, std::memory_order_relaxed))
            return;
        // Before: who is woken by it finds something to clear, though we get no further for a
        // while. After: who cleared the flag before there was something does so once more. Relaxed:
        // the event's own lock in the system orders what is before and after it.
        signalled_.store(true, std::memory_order_relaxed);
        event_.signal();
        signalled_.store(true, std::memory_order_relaxed);
    }

    // ---- the sleeper ----
    // It looks for work now.
    void awake() noexcept {
        sleeps_.store(false, std::memory_order_relaxed);
        if (!signalled_.load(std::memory_order_relaxed)) return;  // mostly: no system call
        signalled_.store(false, std::memory_order_relaxed);       // first: what comes later stays
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
    // Not beside anything that the sleeper writes while it is awake: whoever rings reads it.
    alignas(64) std::atomic<bool> sleeps_{false};
    std::atomic<bool> signalled_{false};  // the event may be readable
};

}  // namespace pawl::detail
