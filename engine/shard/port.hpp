// The shard's end of one way in: what arrived and is not decided yet, what is answered and not
// delivered yet. Knows rings; not what messages mean.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/platform/bell.hpp"
#include "engine/ring/lane.hpp"
#include "engine/ring/shared_queue.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/detail/raw_reply.hpp"

namespace pawl::detail {

// Only the shard's thread.
class Port {
public:
    explicit Port(std::shared_ptr<Lane> lane)
        : lane_(std::move(lane)),
          answers_(&lane_->answers),
          reader_(lane_->reader),
          reply_capacity_(lane_->reply_capacity),
          pending_(std::bit_ceil(reply_capacity_)) {}
    // `reader`, if there is one, is rung when there are answers.
    Port(SharedQueue& queue, SingleRing<RawReply>& answers, std::size_t reply_capacity,
         Bell* reader = nullptr)
        : queue_(&queue),
          answers_(&answers),
          reader_(reader),
          reply_capacity_(reply_capacity),
          pending_(std::bit_ceil(reply_capacity_)) {}

    const Lane* lane() const noexcept { return lane_.get(); }

    // ---- in ----
    // Takes what arrived into the buffer, as far as it fits. A lane is read where it stands.
    void fill() {
        if (queue_ == nullptr) return;
        if (begin_ == end_) begin_ = end_ = 0;
        if (buffer_lines - end_ < message_lines_max && begin_ != 0) {
            std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
            end_ -= begin_;
            begin_ = 0;
        }
        while (!queue_->empty() && buffer_lines - end_ >= message_lines_max) {
            const std::size_t lines = queue_->pop(buffer_.data() + end_);
            if (lines == 0) return;
            end_ += lines;
        }
    }
    // The message `lines` behind the first undecided one; null when it is not there. Lives until it
    // is consumed.
    const std::byte* peek(std::size_t lines) noexcept {
        if (queue_ == nullptr) {
            const Line* const line = lane_->commands.peek(lines);
            return line != nullptr ? line->bytes : nullptr;
        }
        return begin_ + lines < end_ ? buffer_[begin_ + lines].bytes : nullptr;
    }
    // A message this far behind is about to be peeked at.
    void prefetch(std::size_t lines) const noexcept {
        if (queue_ == nullptr) lane_->commands.prefetch(lines);
    }
    void consume(std::size_t lines) noexcept {
        if (queue_ == nullptr) {
            lane_->commands.consume(lines);
            return;
        }
        PAWL_ASSERT(begin_ + lines <= end_);
        begin_ += lines;
    }
    bool input_empty() noexcept {
        return queue_ == nullptr ? lane_->commands.empty() : begin_ == end_ && queue_->empty();
    }

    // ---- out ----
    // Replies that still fit: a command is taken only when its reply has a place.
    std::size_t reply_room() const noexcept { return reply_capacity_ - waiting(); }
    std::size_t waiting() const noexcept {
        return static_cast<std::size_t>(pending_end_ - pending_begin_);
    }
    // Where the next reply of this port is to be written, behind the earlier ones. `may_leave`: it
    // waits for nothing but its reader. reply_room() was not 0. Seen by nobody before hand_over().
    RawReply& place_reply(bool may_leave) noexcept {
        PAWL_ASSERT(reply_room() != 0);
        if (may_leave && pending_begin_ == pending_end_) {
            if (RawReply* const place = answers_->claim(1)) return *place;
            reader_is_full_ = true;
        }
        return pending_[pending_end_++ & pending_mask()];
    }
    // What was placed and waits for nothing is the reader's.
    void hand_over() noexcept {
        answers_->publish();
        if (reader_ != nullptr) reader_->ring();
    }
    // Queues a reply that stands by itself.
    void queue_reply(const RawReply& reply) noexcept {
        place_reply(true) = reply;
        hand_over();
    }
    // The oldest replies not delivered, as many as lie in one piece; empty when there are none.
    std::span<RawReply> oldest() noexcept {
        const std::size_t at = pending_begin_ & pending_mask();
        return {pending_.data() + at, std::min(waiting(), pending_.size() - at)};
    }
    // Hands the oldest `count` over, or as many as the reader has made room for; returns how many.
    std::size_t deliver_oldest(std::size_t count) {
        const std::size_t pushed = answers_->push_some(oldest().data(), count);
        reader_is_full_ = pushed < count;
        pending_begin_ += pushed;
        if (reader_ != nullptr && pushed != 0) reader_->ring();
        return pushed;
    }
    // Leaves what did not fit to the producer itself. When nobody else uses the shard's end any
    // more.
    void leave_replies() {
        if (lane_ == nullptr) return;
        for (; pending_begin_ != pending_end_; ++pending_begin_)
            lane_->left_over.push_back(pending_[pending_begin_ & pending_mask()]);
    }
    // The last reply did not fit: it waits for its reader, not for its durability.
    bool reader_is_full() const noexcept { return reader_is_full_; }
    bool abandoned() const noexcept {
        // acquire: pairs with the release in Lane::abandoned: what was sent before it is visible.
        return lane_ != nullptr && lane_->abandoned.load(std::memory_order_acquire);
    }
    void forget_replies() noexcept { pending_begin_ = pending_end_; }

private:
    static constexpr std::size_t buffer_lines = 256;
    std::size_t pending_mask() const noexcept { return pending_.size() - 1; }

    std::shared_ptr<Lane> lane_;
    SharedQueue* queue_ = nullptr;
    SingleRing<RawReply>* answers_;
    Bell* const reader_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    const std::size_t reply_capacity_;
    std::vector<RawReply> pending_;  // a ring, a power of two large
    std::uint64_t pending_begin_ = 0;
    std::uint64_t pending_end_ = 0;
    bool reader_is_full_ = false;
    std::array<Line, buffer_lines> buffer_;
};

}  // namespace pawl::detail
