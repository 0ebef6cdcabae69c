// In the place of engine/platform/event.hpp: an event of the checker, and who sleeps on it. A sleep
// from which nobody wakes is a deadlock that it finds.
#pragma once

namespace pawl::detail {

class Event {
public:
    Event() {
        inner_.init(true, false, RL_INFO);
        only_ = this;
    }
    ~Event() { inner_.deinit(RL_INFO); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    bool ok() const noexcept { return true; }
    int fd() const noexcept { return 0; }
    void signal() noexcept {
        inner_.set(RL_INFO);
        readable_ = true;
    }
    void clear() noexcept {
        inner_.reset(RL_INFO);
        readable_ = false;
    }
    // One fiber runs at a time: nobody races for it.
    static bool is_readable() noexcept { return only_->readable_; }
    // What poll(2) does on a descriptor. A model has one.
    static void sleep_on(int) noexcept { only_->inner_.wait(false, false, RL_INFO); }

private:
    rl::generic_event inner_;
    bool readable_ = false;
    static inline Event* only_ = nullptr;
};

}  // namespace pawl::detail
