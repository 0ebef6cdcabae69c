// What a thread does when there was no work: spin, yield, park. Knows no agent.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pawl/options.hpp"

namespace pawl::detail {

// One per thread. Call idle(work) after each pass with what the pass did.
class IdleStrategy {
public:
    explicit IdleStrategy(Idle kind) noexcept : kind_(kind) {}
    // Sleeps after the first pass without work, if it sleeps at all: where a pass costs more than
    // to be woken.
    static IdleStrategy of_costly_passes(Idle kind) noexcept { return IdleStrategy(kind, 1, 1); }

    // `park_max_ns`: the longest nap this time; something with a deadline of its own asks for less.
    void idle(std::size_t work, std::int64_t park_max_ns = park_max_default_ns) noexcept;
    // The same in pieces, for who sleeps in a way of its own. True: neither spun nor yielded; sleep
    // now, so long or until somebody wakes you.
    bool is_tired(std::size_t work) noexcept;
    std::int64_t next_nap_ns(std::int64_t park_max_ns) noexcept;
    void rested() noexcept;  // there was work again

    // Between two slices of background work. A thread that ends its turn by itself holds a core for
    // one slice; one that waits to be told holds it until the system's next tick, milliseconds.
    static void nap() noexcept;
    // Whoever else wants this core has it first.
    static void give_way() noexcept;

    static constexpr std::int64_t park_max_default_ns = 500'000;

private:
    // Spins, then yields, then sleeps twice as long each time up to park_max. On one core the
    // yields are what lets the other side run; the bound is what keeps a parked thread's answer
    // below a millisecond.
    static constexpr std::uint32_t spins = 64;
    static constexpr std::uint32_t yields = 32;
    static constexpr std::int64_t park_min_ns = 2'000;

    IdleStrategy(Idle kind, std::uint32_t spin_below, std::uint32_t park_from) noexcept
        : kind_(kind), spin_below_(spin_below), park_from_(park_from) {}

    const Idle kind_;
    const std::uint32_t spin_below_ = spins;  // passes without work, one after the other
    const std::uint32_t park_from_ = spins + yields;
    std::uint32_t empty_passes_ = 0;
    std::int64_t park_ns_ = park_min_ns;
};

// Tells the core that this is a waiting loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace pawl::detail
