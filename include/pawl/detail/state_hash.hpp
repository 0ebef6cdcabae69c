// The hash of all of a machine's states, carried along event by event, and what it was after each
// of the last ones. Knows numbers; no state, no record.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "pawl/archive.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

// One thread writes; any thread may copy the trace.
class StateHash {
public:
    // Remembers at least the last `events`.
    explicit StateHash(std::size_t events)
        : mask_(std::bit_ceil(events + margin) - 1),
          trace_(std::make_unique<std::atomic<std::uint32_t>[]>(mask_ + 1)) {}
    StateHash(const StateHash&) = delete;
    StateHash& operator=(const StateHash&) = delete;

    // ---- the writer's
    // The states were loaded: their hash, and the last event that is folded into them.
    void begin(std::uint64_t value, Sequence last) noexcept {
        value_ = value;
        begin_.store(last.value, std::memory_order_relaxed);
        trace_[last.value & mask_].store(word(), std::memory_order_relaxed);
        last_.store(last.value, std::memory_order_release);
    }
    std::uint64_t value() const noexcept { return value_; }
    // Folds every value since it was asked last: two that have come to the same value in another
    // way differ here.
    std::uint64_t take_way() noexcept { return std::exchange(way_, 0); }
    // The next event has changed the hash of one state from `before` (0: it was not there).
    void note(std::uint64_t before, std::uint64_t after) noexcept {
        value_ += after - before;
        way_ = mix(way_ ^ value_);
        const std::uint64_t sequence = last_.load(std::memory_order_relaxed) + 1;
        // Whoever reads this value sees at least the last_ of before.
        std::atomic_thread_fence(std::memory_order_release);
        trace_[sequence & mask_].store(word(), std::memory_order_relaxed);
        last_.store(sequence, std::memory_order_release);
    }
    // A state whose change was put off: nothing of it is in the trace.
    void note_late(std::uint64_t before, std::uint64_t after) noexcept { value_ += after - before; }

    // ---- anybody's
    // The upper half of the value after events first, first + 1, …; false: not all of them are
    // remembered any more, or there yet.
    bool copy(Sequence first, std::span<std::uint32_t> to) const noexcept {
        if (to.empty() || to.size() > mask_ + 1 - margin) return false;
        if (first.value < begin_.load(std::memory_order_relaxed)) return false;
        if (first.value + to.size() - 1 > last_.load(std::memory_order_acquire)) return false;
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = trace_[(first.value + i) & mask_].load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        return last_.load(std::memory_order_relaxed) - first.value <= mask_ + 1 - margin;
    }

private:
    static constexpr std::size_t margin = 2;  // of which one may be half written
    std::uint32_t word() const noexcept { return static_cast<std::uint32_t>(value_ >> 32); }

    std::uint64_t value_ = 0;
    std::uint64_t way_ = 0;
    std::atomic<std::uint64_t> begin_{0};
    std::atomic<std::uint64_t> last_{0};
    const std::size_t mask_;
    std::unique_ptr<std::atomic<std::uint32_t>[]> trace_;
};

}  // namespace pawl::detail
