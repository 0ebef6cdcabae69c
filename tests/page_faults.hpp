// What a test may expect of memory that was made present beforehand. Knows the operating system.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "perf/thread_usage.hpp"

namespace pawl::testing {

inline long page_faults_of_this_thread() {
    const double faults = perf::usage_of_this_thread().page_faults;
    EXPECT_GT(faults, 0) << "the system does not count them";
    return static_cast<long>(faults);
}

// False: an old kernel, whose memory comes when it is used.
inline bool system_makes_memory_present() {
    constexpr int populate_write = 23;  // Linux 5.14
    constexpr std::size_t page = 4096;
    void* const at =
        ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool can = ::madvise(at, page, populate_write) == 0;
    ::munmap(at, page);
    return can;
}

}  // namespace pawl::testing
