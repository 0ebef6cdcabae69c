// A thread is one line around do_work.
#include "engine/runtime/crew.hpp"

#include <utility>

#include "engine/platform/thread.hpp"
#include "engine/ring/idle.hpp"

namespace pawl::detail {

void Crew::add(Duty duty) {
    threads_.emplace_back([this, duty = std::move(duty)] {
        name_thread(duty.name);
        if (duty.background) lower_priority();
        if (duty.core >= 0) pin_to_core(duty.core);
        IdleStrategy idle(duty.idle);
        while (!stopping_.load(std::memory_order_relaxed)) {
            const std::size_t work = duty.do_work();
            idle.idle(work, duty.park_max_ns);
            if (duty.background && work != 0) IdleStrategy::nap();
        }
    });
}

void Crew::stop() {
    stopping_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

}  // namespace pawl::detail
