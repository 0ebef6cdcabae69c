// A host that sleeps is woken when there is work. The real Bell; EngineCore::poll's lines
// around it are repeated here in their order.
#include "engine/platform/bell.hpp"

#include "tests/stress/search_of.hpp"

namespace stress {
namespace {

struct ASleepingHost : rl::test_suite<ASleepingHost, 3> {
    pawl::detail::Bell bell;
    std::atomic<int> left[2];  // work, by who leaves it
    int found = 0;

    void leave_work(unsigned who) {
        left[who].store(1, std::memory_order_relaxed);
        bell.ring();
    }
    int pass() {
        int work = 0;
        for (std::atomic<int>& some : left) {
            if (some.load(std::memory_order_relaxed) == 0) continue;
            some.store(0, std::memory_order_relaxed);
            ++work;
        }
        found += work;
        return work;
    }
    int poll() {
        bell.awake();
        int work = pass();
        if (work != 0) return work;
        bell.before_sleep();
        work = pass();
        if (work != 0) bell.stays_awake();
        return work;
    }
    void thread(unsigned index) {
        if (index < 2) return leave_work(index);
        while (found < 2)
            if (poll() == 0) pawl::detail::Event::sleep_on(bell.fd());
    }
    // Otherwise nobody could sleep on it any more.
    void after() {
        bell.awake();
        RL_ASSERT(!pawl::detail::Event::is_readable());
    }
};

}  // namespace

std::vector<Model> bell_models() {
    return {model<ASleepingHost>("bell", {})};
}

}  // namespace stress
