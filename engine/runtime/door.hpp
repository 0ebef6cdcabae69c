// Lets messages into an open engine, and tells close() when the last one is in. Knows flags; not
// messages, not lanes.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/platform/thread.hpp"
#include "engine/ring/idle.hpp"

namespace pawl::detail {

// A sender enters, looks whether the door is open, leaves its message or turns back, and goes out.
// close() shuts the door and then waits until nobody is inside. So every message is either turned
// away or seen by whoever looks after shut().
class Door {
public:
    explicit Door(bool orders_all = prepare_to_order_all_threads()) noexcept
        : orders_all_(orders_all) {}

    // ---- any thread ----
    // A sender asks inside.
    bool open() const noexcept { return state_.load(std::memory_order_seq_cst) == State::open; }
    // acquire: pairs with finish(): everything that close() left behind is visible.
    bool closed() const noexcept { return state_.load(std::memory_order_acquire) == State::closed; }

    // ---- senders ----
    // One of many, at a shared queue.
    void enter() noexcept { inside_.fetch_add(1, std::memory_order_seq_cst); }
    void go_out() noexcept { inside_.fetch_sub(1, std::memory_order_release); }
    // One with a flag of its own. A full barrier for every message would make it wait for its own
    // last message to cross the cores, so shut() makes it for everybody where the system can.
    void enter(std::atomic<bool>& inside) const noexcept {
        inside.store(true, std::memory_order_relaxed);
        if (orders_all_)
            std::atomic_signal_fence(std::memory_order_seq_cst);  // pairs with order_all_threads()
        else
            std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with the one in shut()
    }
    void go_out(std::atomic<bool>& inside) const noexcept {
        // release: pairs with wait_for(): the message is visible
        inside.store(false, std::memory_order_release);
    }

    // ---- close() ----
    // Nobody finds it open from now on. Waits for the many.
    void shut() noexcept {
        state_.store(State::closing, std::memory_order_seq_cst);
        if (orders_all_)
            order_all_threads();  // pairs with enter()
        else
            std::atomic_thread_fence(std::memory_order_seq_cst);
        // seq_cst: pairs with enter(): a sender that saw the door open is waited for.
        while (inside_.load(std::memory_order_seq_cst) != 0) cpu_relax();
    }
    // After shut(), once for each flag.
    static void wait_for(const std::atomic<bool>& inside) noexcept {
        while (inside.load(std::memory_order_acquire)) cpu_relax();
    }
    // Nothing happens behind it any more.
    void finish() noexcept { state_.store(State::closed, std::memory_order_release); }

private:
    enum class State : std::uint8_t { open, closing, closed };

    const bool orders_all_;
    std::atomic<State> state_{State::open};
    std::atomic<std::uint32_t> inside_{0};
};

}  // namespace pawl::detail
