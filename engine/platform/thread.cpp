// Pinning and naming on Linux.
#include "engine/platform/thread.hpp"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "pawl/detail/assert.hpp"

namespace pawl::detail {

bool pin_to_core(int core) noexcept {
    if (core < 0 || core >= CPU_SETSIZE) return false;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

void lower_priority() noexcept {
    constexpr int nice = 19;
    // Batch: waking up takes the core from nobody. Not SCHED_IDLE: a thread that holds a lock
    // others want must get its turn some time. Refused or not: it works at any priority.
    sched_param none{};
    static_cast<void>(pthread_setschedparam(pthread_self(), SCHED_BATCH, &none));
    // On Linux each thread has its own.
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), nice));
}

void take_short_turns() noexcept {
    // Whoever gave the process another policy knows why.
    if (sched_getscheduler(0) != SCHED_OTHER) return;
    // As sched_setattr(2) lays it out: older C libraries have no name for it.
    struct {
        std::uint32_t size;
        std::uint32_t policy;
        std::uint64_t flags;
        std::int32_t nice;
        std::uint32_t priority;
        std::uint64_t runtime;
        std::uint64_t deadline;
        std::uint64_t period;
    } wish{};
    wish.size = sizeof wish;
    wish.policy = SCHED_OTHER;
    wish.nice = getpriority(PRIO_PROCESS, 0);  // as it is; on Linux this thread's
    wish.runtime = 100'000;                    // of a turn, in ns: the shortest that there is
    static_cast<void>(syscall(SYS_sched_setattr, 0, &wish, 0));
}

void name_thread(const std::string& name) noexcept {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

bool prepare_to_order_all_threads() noexcept {
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void order_all_threads() noexcept {
    const long ordered = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    PAWL_ASSERT(ordered == 0);
}

unsigned usable_cores() noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int count = CPU_COUNT(&set);
    return count > 0 ? static_cast<unsigned>(count) : 1;
}

}  // namespace pawl::detail
