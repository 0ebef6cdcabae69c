// A thread is one line around do_work.
#include "engine/runtime/crew.hpp"

#include <utility>

#include "engine/platform/thread.hpp"
#include "engine/ring/idle.hpp"

namespace pawl::detail {

void Crew::add(Duty duty) {
    if (duty.bell == nullptr) {
        duty.bell = own_bells_.emplace_back(std::make_unique<Bell>()).get();
    } else if (!duty.sleep) {
        // Whoever is told when to get up need not look every now and then.
        duty.sleep = [max_ns = duty.park_max_ns](int bell_fd) {
            return Event::sleep_on(bell_fd, max_ns);
        };
    }
    bells_.push_back(duty.bell);
    threads_.emplace_back([this, duty = std::move(duty)] {
        name_thread(duty.name);
        if (duty.background) lower_priority();
        if (duty.prompt) take_short_turns();
        if (duty.core >= 0) pin_to_core(duty.core);
        work(duty);
    });
}

void Crew::work(const Duty& duty) {
    IdleStrategy idle =
        duty.costly ? IdleStrategy::of_costly_passes(duty.idle) : IdleStrategy(duty.idle);
    while (!stopping_.load(std::memory_order_relaxed)) {
        const std::size_t work = duty.do_work();
        if (idle.is_tired(work)) {
            sleep(duty, idle);
            idle.rested();
        }
        if (duty.gives_way && work != 0) IdleStrategy::give_way();
        if (duty.background && work != 0) IdleStrategy::nap();
    }
}

// Until there is work. Between two sleeps only what has to be done is done: to say so, and a pass.
void Crew::sleep(const Duty& duty, IdleStrategy& idle) {
    Bell& bell = *duty.bell;
    for (;;) {
        bell.before_sleep();
        if (stopping_.load(std::memory_order_relaxed) || duty.do_work() != 0)
            return bell.stays_awake();
        const bool rung = duty.sleep
                              ? duty.sleep(bell.fd())
                              : Event::sleep_on(bell.fd(), idle.next_nap_ns(duty.park_max_ns));
        if (rung) bell.awake();
    }
}

void Crew::dismiss() {
    stopping_.store(true, std::memory_order_relaxed);
    for (Bell* const bell : bells_) bell->ring();
}

void Crew::stop() {
    dismiss();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    bells_.clear();
    stopping_.store(false, std::memory_order_relaxed);  // it may begin again
}

}  // namespace pawl::detail
