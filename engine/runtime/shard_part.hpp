// Everything that belongs to one shard of an open engine, in the order in which it lives. Knows no
// thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/platform/memory.hpp"
#include "engine/ring/lane.hpp"
#include "engine/ring/shared_queue.hpp"
#include "engine/shard/counters.hpp"
#include "engine/shard/replayer.hpp"
#include "engine/shard/sessions.hpp"
#include "engine/shard/shard.hpp"
#include "journal/head.hpp"
#include "journal/reader.hpp"
#include "journal/recovery.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/options.hpp"

namespace pawl::detail {

// Feeds recovered records to a replayer and remembers the first that did not fit.
class ReplaySink final : public journal::RecordSink {
public:
    explicit ReplaySink(Replayer& replayer) noexcept : replayer_(replayer) {}
    void on_record(const RecordView& record, Position position) override {
        if (!failed_ && !replayer_.replay(record, position)) {
            failed_ = true;
            at_ = position;
        }
    }
    bool failed() const noexcept { return failed_; }
    Position at() const noexcept { return at_; }

private:
    Replayer& replayer_;
    bool failed_ = false;
    Position at_;
};

struct ShardPart {
    ShardPart(const EngineOptions& options, const Domain& domain, std::uint32_t index)
        : heap(make_shard_heap()),
          machine(domain.make_machine(index, options.shards, heap->resource())),
          sessions(options.session_window, options.sessions_max),
          replayer(*machine, sessions),
          sink(replayer),
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

    std::unique_ptr<ShardHeap> heap;
    std::unique_ptr<Machine> machine;
    Sessions sessions;
    Replayer replayer;
    ReplaySink sink;
    SharedQueue queue;                        // from threads without a producer
    SingleRing<RawReply> answers;             // to the reply agent
    std::unique_ptr<journal::Head> own_head;  // of a transient engine
    journal::Head* head = nullptr;
    journal::Journaler* journaler = nullptr;  // null when transient
    std::unique_ptr<ShardCounters> counters;
    std::unique_ptr<Shard> shard;
    std::mutex lanes_mutex;  // guards lanes: touched when a producer comes, and by close()
    std::vector<std::weak_ptr<Lane>> lanes;
    std::mutex reader_mutex;  // guards reader: replies that visit old events share it
    std::unique_ptr<journal::StreamReader> reader;
    std::atomic<bool> drain{false};    // close(): say when nothing waits any more
    std::atomic<bool> drained{false};  // the shard's thread: nothing waits
    bool disk_full_told = false;       // housekeeping's
    bool failure_told = false;         // the journal agent's
    std::uint64_t threw_told = 0;      // housekeeping's
};

}  // namespace pawl::detail
