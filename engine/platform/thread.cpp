// Pinning and naming on Linux.
#include "engine/platform/thread.hpp"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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
