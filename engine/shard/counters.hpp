// Named numbers in shared memory that another process can read. Knows names and atomics; not what
// they count.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "pawl/counters.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

// One writer each; relaxed, because a reader wants the number, not an order.
using Counter = std::atomic<std::uint64_t>;
static_assert(sizeof(Counter) == 8 && Counter::is_always_lock_free);

inline void add(Counter& counter, std::uint64_t n) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

// Hands out counters from a block of memory in the layout of pawl/counters.hpp. Made once, before
// the threads run.
class CounterPage {
public:
    CounterPage(std::byte* memory, std::size_t bytes) noexcept
        : header_(new(memory) CounterHeader{}),
          cells_(reinterpret_cast<CounterCell*>(memory + sizeof(CounterHeader))),
          cells_max_((bytes - sizeof(CounterHeader)) / sizeof(CounterCell)) {
        PAWL_ASSERT(bytes > sizeof(CounterHeader));
    }

    Counter& make(std::string_view name) {
        PAWL_ASSERT(used_ < cells_max_ && name.size() < sizeof(CounterCell::name));
        CounterCell* cell = new (&cells_[used_]) CounterCell{};
        std::memcpy(cell->name, name.data(), name.size());
        ++used_;
        // release: pairs with the acquire of the reading process: the name is there before the
        // count says so.
        std::atomic_ref<std::uint64_t>(header_->count).store(used_, std::memory_order_release);
        return *reinterpret_cast<Counter*>(&cell->value);
    }

private:
    CounterHeader* header_;
    CounterCell* cells_;
    std::size_t cells_max_;
    std::uint64_t used_ = 0;
};

// What one shard counts. Written by the shard's thread, once per batch.
struct ShardCounters {
    static constexpr std::size_t wait_buckets = 36;

    ShardCounters(CounterPage& page, std::uint32_t shard);

    Counter& commands;  // decided, repeats and questions not included
    Counter& accepted;
    Counter& rejected;
    Counter& refused;
    Counter& repeats;  // answered with their first outcome
    Counter& questions;
    Counter& events;
    Counter& records;
    Counter& stream_bytes;
    Counter& batches;
    Counter& room_waits;    // passes that found the head full: the disk is slower than the commands
    Counter& gate_waits;    // replies that had to wait for their durability
    Counter& gate_waiting;  // replies waiting now: commands not yet as safe as asked
    Counter& lag_bytes;     // committed and not yet on disk
    Counter& threw;
    Counter& offers_refused;  // messages that found no room or no engine; written by their senders
    Counter& blocks;          // the journal agent writes this one and those below
    Counter& disk_bytes;
    Counter& sync_ns_max;
    Counter& segment_waits;  // times it stood still because no segment was ready
    Counter& snapshots;      // the history agent writes this one and those below
    Counter& snapshot_bytes;
    Counter& snapshot_ns;
    Counter& snapshot_position;  // of the newest
    Counter& snapshots_failed;
    Counter& segments_gone;         // archived or removed
    Counter* waited[wait_buckets];  // commands by floor(log2(ns from captured to decided))

    static std::size_t wait_bucket(std::uint64_t ns) noexcept {
        const auto bucket = static_cast<std::size_t>(std::bit_width(ns | 1U) - 1);
        return bucket < wait_buckets ? bucket : wait_buckets - 1;
    }
};

}  // namespace pawl::detail
