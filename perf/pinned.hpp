// Keeps the calling thread on one core for a while. Knows the operating system.
#pragma once

#include <sched.h>

#include <vector>

namespace pawl::perf {

// The cores this process may use, by number.
inline std::vector<int> usable_core_numbers() {
    std::vector<int> numbers;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return numbers;
    for (int core = 0; core < CPU_SETSIZE; ++core)
        if (CPU_ISSET(static_cast<unsigned>(core), &set)) numbers.push_back(core);
    return numbers;
}

// Where the two sides of a path run: the sender here, the decider there. -1 with one core: nowhere
// in particular.
struct TwoCores {
    int sender = -1;
    int decider = -1;
    static TwoCores choose() {
        const std::vector<int> numbers = usable_core_numbers();
        if (numbers.size() < 2) return {};
        return {numbers[0], numbers[1]};
    }
    std::vector<int> engine_cores() const {
        return decider >= 0 ? std::vector<int>{decider} : std::vector<int>{};
    }
};

// Pins in its constructor, gives back in its destructor. Threads started in between inherit it:
// start none.
class Pinned {
public:
    explicit Pinned(int core) noexcept {
        if (core < 0 || ::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(core), &one);
        pinned_ = ::sched_setaffinity(0, sizeof one, &one) == 0;
    }
    ~Pinned() {
        if (pinned_) ::sched_setaffinity(0, sizeof before_, &before_);
    }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;

private:
    cpu_set_t before_{};
    bool pinned_ = false;
};

}  // namespace pawl::perf
