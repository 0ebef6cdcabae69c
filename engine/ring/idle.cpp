// What a thread does when there was no work. The only sleeping in the engine.
#include "engine/ring/idle.hpp"

#include <sched.h>
#include <time.h>

namespace pawl::detail {

void IdleStrategy::idle(std::size_t work, std::int64_t park_max_ns) noexcept {
    if (work != 0) {
        empty_passes_ = 0;
        park_ns_ = park_min_ns;
        return;
    }
    ++empty_passes_;
    if (kind_ == Idle::spin || empty_passes_ < spins) {
        cpu_relax();
    } else if (kind_ == Idle::yield || empty_passes_ < spins + yields) {
        sched_yield();
    } else {
        if (park_ns_ > park_max_ns) park_ns_ = park_max_ns;
        const timespec pause{0, park_ns_};
        nanosleep(&pause, nullptr);
        if (park_ns_ < park_max_ns) park_ns_ *= 2;
    }
}

void IdleStrategy::nap() noexcept {
    constexpr timespec pause{0, 100'000};
    nanosleep(&pause, nullptr);
}

}  // namespace pawl::detail
