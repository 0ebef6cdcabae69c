// One operator's conversation with a node: its status, a switchover, its history. Knows its
// gateway; not who the operator is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/replication/operator_messages.hpp"
#include "engine/replication/talk.hpp"
#include "engine/runtime/gateway.hpp"

namespace pawl::detail {

// On the gateway's thread. Must not outlive the gateway's core.
class OperatorTalk {
public:
    explicit OperatorTalk(Gateway& gateway) : gateway_(gateway) {}

    // Answers what came. What cannot be right, or cannot be answered, ends the talk.
    std::size_t do_work(replication::Talk& talk);

private:
    struct Run {
        std::uint32_t shard = 0;
        std::vector<std::byte> bytes;  // whole records
    };

    void answer(replication::Talk& talk, const replication::Received& frame);
    void hand_over(replication::Talk& talk, const replication::HandOverAsk& ask);
    void begin_reading(replication::Talk& talk, const replication::RecordsAskFixed& ask);
    void begin_range(replication::Talk& talk, const replication::RangeAskFixed& ask);
    std::size_t read(replication::Talk& talk);
    std::size_t read_records(replication::Talk& talk);
    bool is_wanted(const StreamRecord& record) const noexcept;
    void keep(const StreamRecord& record);
    bool send_runs(replication::Talk& talk);  // false: no room for all of them

    Gateway& gateway_;
    bool telling_ = false;                      // what was asked for last
    std::unique_ptr<StreamFollower> follower_;  // null: all of it is in runs_
    std::uint64_t session_ = 0;                 // whose records; 0: everybody's
    std::uint64_t records_ = 0;                 // found so far
    std::deque<Run> runs_;                      // that could not leave yet
    std::size_t sent_ = 0;                      // bytes of the first one
};

}  // namespace pawl::detail
