// What a thread does when there was no work. The only sleeping in the engine.
#include "engine/ring/idle.hpp"

#include <sched.h>
#include <time.h>

#include <algorithm>

namespace pawl::detail {

bool IdleStrategy::is_tired(std::size_t work) noexcept {
    if (work != 0) {
        rested();
        return false;
    }
    ++empty_passes_;
    if (kind_ == Idle::spin || empty_passes_ < spin_below_) {
        cpu_relax();
    } else if (kind_ == Idle::yield || empty_passes_ < park_from_) {
        sched_yield();
    } else {
        return true;
    }
    return false;
}

void IdleStrategy::rested() noexcept {
    empty_passes_ = 0;
    park_ns_ = park_min_ns;
}

void IdleStrategy::idle(std::size_t work, std::int64_t park_max_ns) noexcept {
    if (!is_tired(work)) return;
    const timespec pause{0, next_nap_ns(park_max_ns)};
    nanosleep(&pause, nullptr);
}

std::int64_t IdleStrategy::next_nap_ns(std::int64_t park_max_ns) noexcept {
    const std::int64_t nap_ns = std::min(park_ns_, park_max_ns);
    park_ns_ = nap_ns < park_max_ns ? nap_ns * 2 : nap_ns;
    return nap_ns;
}

void IdleStrategy::give_way() noexcept {
    sched_yield();
}

void IdleStrategy::nap() noexcept {
    constexpr timespec pause{0, 100'000};
    nanosleep(&pause, nullptr);
}

}  // namespace pawl::detail
