// What the calling thread has used of a core. Knows the operating system.
#pragma once

#include <time.h>

namespace pawl::perf {

// For work of one thread: who takes the core away in between is not counted. A system call, some
// hundred nanoseconds.
inline double thread_cpu_ns() noexcept {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

}  // namespace pawl::perf
