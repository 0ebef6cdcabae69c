// In the place of moodycamel's queue, which is not ours to prove: a list under a lock.
#pragma once

#include <deque>
#include <mutex>

namespace moodycamel {

template <class T>
class ConcurrentQueue {
public:
    explicit ConcurrentQueue(std::size_t) {}
    bool enqueue(const T& item) {
        const std::lock_guard lock(mutex_);
        items_.push_back(item);
        return true;
    }
    bool try_dequeue(T& item) {
        const std::lock_guard lock(mutex_);
        if (items_.empty()) return false;
        item = items_.front();
        items_.pop_front();
        return true;
    }

private:
    std::mutex mutex_;
    std::deque<T> items_;
};

}  // namespace moodycamel
