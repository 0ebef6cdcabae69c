// Time as the engine sees it: one source that a test can replace. Knows no journal.
#pragma once

#include <atomic>
#include <cstdint>

namespace pawl::detail {

// wall: nanoseconds since 1970 UTC, for the journal. monotonic: for time-outs. Any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual std::int64_t wall_ns() noexcept = 0;
    virtual std::int64_t monotonic_ns() noexcept = 0;
};

class SystemClock final : public Clock {
public:
    std::int64_t wall_ns() noexcept override;
    std::int64_t monotonic_ns() noexcept override;
};

// Stands still until it is moved. For tests and simulations.
class ManualClock final : public Clock {
public:
    explicit ManualClock(std::int64_t start_ns) noexcept : now_ns_(start_ns) {}
    std::int64_t wall_ns() noexcept override { return now_ns_.load(std::memory_order_relaxed); }
    std::int64_t monotonic_ns() noexcept override {
        return now_ns_.load(std::memory_order_relaxed);
    }
    void set(std::int64_t ns) noexcept { now_ns_.store(ns, std::memory_order_relaxed); }
    void advance(std::int64_t ns) noexcept { now_ns_.fetch_add(ns, std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> now_ns_;
};

}  // namespace pawl::detail
