// Everything that belongs to one shard of an open engine, in the order in which it lives. Knows no
// thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/history/fold.hpp"
#include "engine/history/snapshotter.hpp"
#include "engine/platform/bell.hpp"
#include "engine/ring/lane.hpp"
#include "engine/ring/shared_queue.hpp"
#include "engine/shard/counters.hpp"
#include "engine/shard/shard.hpp"
#include "journal/head.hpp"
#include "journal/reader.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/options.hpp"

namespace pawl::detail {

struct ShardPart {
    ShardPart(const EngineOptions& options, std::unique_ptr<Fold> filled)
        : fold(std::move(filled)),
          queue(options.shared_queue_messages),
          answers(options.shared_queue_messages) {}

    // One pass of the shard, and the answer to close().
    std::size_t do_work() {
        const std::size_t work = shard->do_work();
        // acquire: pairs with close(); what was sent before it is visible to idle().
        if (work == 0 && drain.load(std::memory_order_acquire) && shard->idle())
            drained.store(true, std::memory_order_release);
        return work;
    }

    std::unique_ptr<Fold> fold;               // what recovery filled and the shard goes on with
    SharedQueue queue;                        // from threads without a producer
    SingleRing<RawReply> answers;             // to the reply agent
    std::unique_ptr<journal::Head> own_head;  // of a transient engine
    journal::Head* head = nullptr;
    journal::Journaler* journaler = nullptr;  // null when transient
    std::unique_ptr<ShardCounters> counters;
    std::unique_ptr<Shard> shard;
    std::unique_ptr<Snapshotter> snapshotter;  // null when transient
    std::mutex lanes_mutex;  // guards lanes: touched when a producer comes, and by close()
    std::vector<std::weak_ptr<Lane>> lanes;
    std::mutex reader_mutex;  // guards reader: replies that visit old events share it
    std::unique_ptr<journal::StreamReader> reader;
    Bell bell;  // somebody left work for the shard
    // Where the stream ended for this engine, when another goes on with it.
    std::atomic<std::uint64_t> last_position{~std::uint64_t{0}};
    Position replica_knows;            // shard_work's: end of what the replica agent was woken for
    std::atomic<bool> drain{false};    // close(): say when nothing waits any more
    std::atomic<bool> drained{false};  // the shard's thread: nothing waits
    bool disk_full_told = false;       // housekeeping's
    bool failure_told = false;         // the journal agent's
    std::uint64_t threw_told = 0;      // housekeeping's
};

}  // namespace pawl::detail
