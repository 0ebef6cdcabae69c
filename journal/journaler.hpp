// Drains one head into segments, block by block. An agent: knows head and segments; not aggregates,
// not threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "journal/block_writer.hpp"
#include "journal/head.hpp"
#include "journal/segment.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

enum class JournalerState : std::uint8_t {
    running = 0,
    disk_full = 1,  // no segment is ready and none can be made: resumes by itself
    failed = 2,     // a write or sync failed: final, see failure()
};

// Read by any thread; written by the journaler. Since it was opened.
struct JournalerCounters {
    std::atomic<std::uint64_t> blocks{0};
    std::atomic<std::uint64_t> record_bytes{0};
    std::atomic<std::uint64_t> disk_bytes{0};  // with headers and padding
    std::atomic<std::uint64_t> syncs{0};
    std::atomic<std::uint64_t> sync_ns_max{0};
    std::atomic<std::uint64_t> stalls{0};  // times it stood still because no segment was ready
};

struct JournalerOptions {
    std::int64_t flush_interval_ns = 10'000'000;
    std::uint64_t inflight_bytes_max = inflight_bytes_default;
    std::int64_t (*monotonic_ns)() noexcept = nullptr;  // times the syncs; null: they are not timed
};

// One thread calls do_work(), drain() and close(); demand(), state(), counters() and failure() are
// for any.
class Journaler {
public:
    // Goes on behind what `writer` has written. All three must outlive it.
    Journaler(Head& head, SegmentPreparer& preparer, BlockWriter& writer, JournalerOptions options);

    // Writes at most one block, durable when it returns, and moves Head::synced. Returns the stream
    // bytes written. It writes when somebody demanded, when the interval has passed, or when a full
    // block is waiting.
    std::size_t do_work(std::int64_t monotonic_ns);

    // Somebody waits for everything below `position` to be synced. Any thread; never waits itself.
    void demand(Position position) noexcept {
        std::uint64_t seen = demanded_.load(std::memory_order_relaxed);
        while (seen < position.value &&
               !demanded_.compare_exchange_weak(seen, position.value, std::memory_order_relaxed)) {
        }
    }

    // The highest of them; not above what will be committed.
    Position demanded() const noexcept {
        return Position{demanded_.load(std::memory_order_relaxed)};
    }

    // Everything below is on disk: Head::synced().
    Position synced() const noexcept { return head_.synced(); }
    JournalerState state() const noexcept { return state_.load(std::memory_order_acquire); }
    // It stands still, and the storage still has no room for the segment it needs. Any thread.
    bool disk_full() const noexcept {
        return state() == JournalerState::disk_full && preparer_.disk_full();
    }
    const JournalerCounters& counters() const noexcept { return counters_; }
    // The sentence that ended it. Only when failed.
    const std::string& failure() const noexcept;

    // Writes everything that is committed now, preparing segments itself if need be. For shutdown:
    // the agents' threads have stopped. An error when the disk is full or it has failed.
    Status drain(std::int64_t monotonic_ns);

private:
    std::size_t write_block(Position synced, Position committed);
    void fail(Error error);

    Head& head_;
    SegmentPreparer& preparer_;
    BlockWriter& writer_;
    const JournalerOptions options_;
    std::int64_t waiting_since_ns_ = 0;
    bool waiting_ = false;
    bool stalled_ = false;
    std::uint32_t full_in_a_row_ = 0;
    std::atomic<std::uint64_t> demanded_{0};
    std::atomic<JournalerState> state_{JournalerState::running};
    JournalerCounters counters_;
    std::string failure_;
};

}  // namespace pawl::journal
