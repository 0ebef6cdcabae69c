// One producer's ring into one shard, and the ring of replies back. Knows lines and replies, never
// what they mean. The only file that knows Boost.Lockfree.
#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pawl/detail/message.hpp"
#include "pawl/detail/raw_reply.hpp"

namespace pawl::detail {

// A bounded queue between one writing and one reading thread.
template <class T>
class SingleRing {
public:
    explicit SingleRing(std::size_t capacity) : queue_(capacity) {}

    // Writer: all of them or none.
    bool try_push(const T* items, std::size_t count) {
        if (queue_.write_available() < count) return false;
        const std::size_t pushed = queue_.push(items, count);
        PAWL_ASSERT(pushed == count);
        return true;
    }
    // Writer: the first of them, as far as there is room; returns how many.
    std::size_t push_some(const T* items, std::size_t count) { return queue_.push(items, count); }
    // Reader: up to `count`, oldest first; returns how many.
    std::size_t pop(T* items, std::size_t count) { return queue_.pop(items, count); }
    bool empty() const { return queue_.read_available() == 0; }    // reader
    std::size_t room() const { return queue_.write_available(); }  // writer

private:
    boost::lockfree::spsc_queue<T> queue_;
};

// Both directions between one producer and one shard. Shared by the two; the last one out frees it.
struct Lane {
    Lane(std::size_t lines, std::size_t replies, SessionId owner, std::string name)
        : commands(lines),
          answers(replies),
          reply_capacity(replies),
          session(owner),
          session_name(std::move(name)) {}

    SingleRing<Line> commands;     // producer -> shard
    SingleRing<RawReply> answers;  // shard -> producer
    const std::size_t reply_capacity;
    const SessionId
        session;  // what commands without a session of their own belong to; 0 = anonymous
    const std::string session_name;
    // Answers that did not fit when the engine closed. Written before it says closed, read after.
    std::vector<RawReply> left_over;
    // release by the producer when it goes; pairs with the acquire in Shard: what was sent before
    // is still decided.
    std::atomic<bool> abandoned{false};
    // The producer is inside the engine's door: close() waits for it to fall, see Door::enter.
    alignas(64) std::atomic<bool> sending{false};
};

}  // namespace pawl::detail
