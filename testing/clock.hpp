// Time that a simulation moves. Knows no engine.
#pragma once

#include <cstdint>

#include "engine/platform/clock.hpp"

namespace pawl::sim {

// The wall may be moved back and forth; the monotonic side only goes on. One thread.
class Clock final : public detail::Clock {
public:
    std::int64_t wall_ns() noexcept override { return wall_ns_; }
    std::int64_t monotonic_ns() noexcept override {
        if (running_away_) now_ns_ += hour_ns;
        return now_ns_;
    }

    std::int64_t now() const noexcept { return now_ns_; }
    void advance(std::int64_t ns) noexcept {
        now_ns_ += ns;
        wall_ns_ += ns;
    }
    void move_wall(std::int64_t ns) noexcept { wall_ns_ += ns; }

    static constexpr std::int64_t hour_ns = 3'600'000'000'000;

    // While one of these lives, each look at the monotonic side finds an hour gone: whoever waits
    // in a process that is dead already gives up at once. What was, is again afterwards.
    class RunAway {
    public:
        explicit RunAway(Clock& clock) noexcept : clock_(clock), now_ns_(clock.now_ns_) {
            clock_.running_away_ = true;
        }
        ~RunAway() {
            clock_.running_away_ = false;
            clock_.now_ns_ = now_ns_;
        }
        RunAway(const RunAway&) = delete;
        RunAway& operator=(const RunAway&) = delete;

    private:
        Clock& clock_;
        const std::int64_t now_ns_;
    };

private:
    std::int64_t wall_ns_ = 1'700'000'000'000'000'000;
    std::int64_t now_ns_ = 1'000'000'000;
    bool running_away_ = false;
};

}  // namespace pawl::sim
