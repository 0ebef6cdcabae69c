// The one queue of a shard that many threads may write to: for callers without a producer of their
// own. The only file that knows moodycamel's ConcurrentQueue.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#endif
#include <concurrentqueue/concurrentqueue.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "pawl/detail/message.hpp"

namespace pawl::detail {

// Order is kept per writing thread. Bounded by count; a message of up to three lines travels in
// place, a larger one in a box of its own.
class SharedQueue {
public:
    explicit SharedQueue(std::size_t capacity) : queue_(capacity), capacity_(capacity) {}
    ~SharedQueue() {
        Item item;
        while (queue_.try_dequeue(item)) delete[] item.box;
    }
    SharedQueue(const SharedQueue&) = delete;
    SharedQueue& operator=(const SharedQueue&) = delete;

    // Any thread. False: full.
    bool try_push(const Line* lines, std::size_t count) {
        // The count is reserved first, so that the bound is exact with any number of writers.
        // relaxed: only a number; the queue itself orders the bytes.
        if (size_.fetch_add(1, std::memory_order_relaxed) >= capacity_) {
            size_.fetch_sub(1, std::memory_order_relaxed);
            return false;
        }
        Item item;
        if (count <= inline_lines) {
            std::memcpy(item.lines, lines, count * sizeof(Line));
        } else {
            item.box = new Line[count];
            std::memcpy(item.box, lines, count * sizeof(Line));
        }
        const bool pushed = queue_.enqueue(item);
        PAWL_ASSERT(pushed);
        return true;
    }

    // The shard. Copies one message to `to` (message_lines_max lines of room); returns its lines, 0
    // when empty.
    std::size_t pop(Line* to) {
        Item item;
        if (!queue_.try_dequeue(item)) return 0;
        size_.fetch_sub(1, std::memory_order_relaxed);
        const Line* from = item.box != nullptr ? item.box : item.lines;
        const std::size_t count = MessageView(from->bytes).header().lines;
        std::memcpy(to, from, count * sizeof(Line));
        delete[] item.box;
        return count;
    }
    bool empty() const { return size_.load(std::memory_order_relaxed) == 0; }

private:
    static constexpr std::size_t inline_lines = 3;
    struct Item {
        Line lines[inline_lines];
        Line* box = nullptr;
    };
    moodycamel::ConcurrentQueue<Item> queue_;
    const std::size_t capacity_;
    std::atomic<std::size_t> size_{0};
};

}  // namespace pawl::detail
