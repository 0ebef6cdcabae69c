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
        take([](T&&) {});
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
    // The taking thread. Hands over what has arrived.
    template <class Function>
    void take(Function&& hand_over) {
        if (newest_.load(std::memory_order_relaxed) == nullptr) return;
        // acquire: pairs with the release in add()
        Link* link = newest_.exchange(nullptr, std::memory_order_acquire);
        while (link != nullptr) {
            hand_over(std::move(link->what));
            delete std::exchange(link, link->next);
        }
    }
    // The taking thread. What happened before the caller's own last acquire is seen.
    bool empty() const noexcept { return newest_.load(std::memory_order_relaxed) == nullptr; }

private:
    struct Link {
        T what;
        Link* next;
    };
    std::atomic<Link*> newest_{nullptr};
};

}  // namespace pawl::detail
