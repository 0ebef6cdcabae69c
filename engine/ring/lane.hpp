// One producer's ring into one shard, and the ring of replies back. Knows lines and replies, never
// what they mean.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/ring/single_ring.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/detail/raw_reply.hpp"

namespace pawl::detail {

class Bell;

// Both directions between one producer and one shard. Shared by the two; the last one out frees it.
struct Lane {
    Lane(std::size_t lines, std::size_t replies, SessionId owner, std::string name,
         Bell* rung = nullptr)
        : commands(lines, message_lines_max),
          answers(replies),
          reply_capacity(replies),
          session(owner),
          session_name(std::move(name)),
          reader(rung) {}

    SingleRing<Line> commands;     // producer -> shard
    SingleRing<RawReply> answers;  // shard -> producer
    const std::size_t reply_capacity;
    const SessionId
        session;  // what commands without a session of their own belong to; 0 = anonymous
    const std::string session_name;
    // Rung when there are answers; outlives the lane. Null: the producer looks for itself.
    Bell* const reader;
    // Answers that did not fit when the engine closed. Written before it says closed, read after.
    std::vector<RawReply> left_over;
    // release by the producer when it goes; pairs with the acquire in Shard: what was sent before
    // is still decided.
    std::atomic<bool> abandoned{false};
    // The producer is inside the engine's door: close() waits for it to fall, see Door::enter.
    alignas(64) std::atomic<bool> sending{false};
};

}  // namespace pawl::detail
