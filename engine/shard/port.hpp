// The shard's end of one way in: what arrived and is not decided yet, what is answered and not
// delivered yet. Knows rings; not what messages mean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/ring/lane.hpp"
#include "engine/ring/shared_queue.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/detail/raw_reply.hpp"

namespace pawl::detail {

// Only the shard's thread.
class Port {
public:
    explicit Port(std::shared_ptr<Lane> lane)
        : lane_(std::move(lane)), answers_(&lane_->answers), pending_(lane_->reply_capacity) {}
    Port(SharedQueue& queue, SingleRing<RawReply>& answers, std::size_t reply_capacity)
        : queue_(&queue), answers_(&answers), pending_(reply_capacity) {}

    const Lane* lane() const noexcept { return lane_.get(); }

    // ---- in ----
    // Takes what arrived into the buffer, as far as it fits.
    void fill() {
        if (begin_ == end_) begin_ = end_ = 0;
        if (buffer_lines - end_ < message_lines_max && begin_ != 0) {
            std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
            end_ -= begin_;
            begin_ = 0;
        }
        if (queue_ == nullptr) {
            end_ += lane_->commands.pop(&buffer_[end_], buffer_lines - end_);
            return;
        }
        while (buffer_lines - end_ >= message_lines_max) {
            const std::size_t lines = queue_->pop(&buffer_[end_]);
            if (lines == 0) return;
            end_ += lines;
        }
    }
    // The message `lines` behind the first undecided one; null when it is not (wholly) there.
    const std::byte* peek(std::size_t lines) const noexcept {
        const std::size_t at = begin_ + lines;
        if (at >= end_) return nullptr;
        const std::byte* message = buffer_[at].bytes;
        return at + MessageView(message).header().lines <= end_ ? message : nullptr;
    }
    void consume(std::size_t lines) noexcept {
        PAWL_ASSERT(begin_ + lines <= end_);
        begin_ += lines;
    }
    bool input_empty() const {
        return begin_ == end_ && (queue_ != nullptr ? queue_->empty() : lane_->commands.empty());
    }

    // ---- out ----
    // Replies that still fit: a command is taken only when its reply has a place.
    std::size_t reply_room() const noexcept { return pending_.size() - waiting(); }
    std::size_t waiting() const noexcept {
        return static_cast<std::size_t>(pending_end_ - pending_begin_);
    }
    // Queues a reply behind the earlier ones of this port. reply_room() was not 0.
    void queue_reply(const RawReply& reply) noexcept {
        PAWL_ASSERT(reply_room() != 0);
        pending_[pending_end_++ % pending_.size()] = reply;
    }
    // The oldest reply not delivered; null when there is none.
    RawReply* oldest() noexcept {
        return waiting() == 0 ? nullptr : &pending_[pending_begin_ % pending_.size()];
    }
    // Hands the oldest over. False: the reader has not made room.
    bool deliver_oldest() {
        reader_is_full_ = !answers_->try_push(&pending_[pending_begin_ % pending_.size()], 1);
        if (reader_is_full_) return false;
        ++pending_begin_;
        return true;
    }
    // Leaves what did not fit to the producer itself. When nobody else uses the shard's end any
    // more.
    void leave_replies() {
        if (lane_ == nullptr) return;
        for (; pending_begin_ != pending_end_; ++pending_begin_)
            lane_->left_over.push_back(pending_[pending_begin_ % pending_.size()]);
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

    std::shared_ptr<Lane> lane_;
    SharedQueue* queue_ = nullptr;
    SingleRing<RawReply>* answers_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::vector<RawReply> pending_;
    std::uint64_t pending_begin_ = 0;
    std::uint64_t pending_end_ = 0;
    bool reader_is_full_ = false;
    std::array<Line, buffer_lines> buffer_;
};

}  // namespace pawl::detail
