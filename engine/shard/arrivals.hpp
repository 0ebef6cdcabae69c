// What other threads hand to one thread, without a lock. Knows a list; not what is handed over.
#pragma once

#include <atomic>
#include <utility>

namespace pawl::detail {

// Any thread adds, one takes. Order is not kept.
template <class T>
class Arrivals {
public:
    Arrivals() = default;
    ~Arrivals() {
        take([](const T&) {});
    }
    Arrivals(const Arrivals&) = delete;
    Arrivals& operator=(const Arrivals&) = delete;

    // Any thread.
    void add(T what) {
        auto* link = new Link{std::move(what), newest_.load(std::memory_order_relaxed)};
        // release: pairs with the acquire in take()
        while (!newest_.compare_exchange_weak(link->next, link, std::memory_order_release,
                                              std::memory_order_relaxed)) {
        }
    }
    // The taking thread. Hands over what has arrived. What hand_over() throws at stays for the next
    // time.
    template <class Function>
    void take(Function&& hand_over) {
        for (;;) {
            while (taken_ != nullptr) {
                hand_over(std::as_const(taken_->what));
                delete std::exchange(taken_, taken_->next);
            }
            if (newest_.load(std::memory_order_relaxed) == nullptr) return;
            // acquire: pairs with the release in add()
            taken_ = newest_.exchange(nullptr, std::memory_order_acquire);
        }
    }
    // The taking thread. What happened before the caller's own last acquire is seen.
    bool empty() const noexcept {
        return taken_ == nullptr && newest_.load(std::memory_order_relaxed) == nullptr;
    }

private:
    struct Link {
        T what;
        Link* next;
    };
    std::atomic<Link*> newest_{nullptr};
    Link* taken_ = nullptr;  // the taking thread's
};

}  // namespace pawl::detail
