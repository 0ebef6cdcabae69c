// The names of what a shard counts.
#include "engine/shard/counters.hpp"

#include <string>

namespace pawl::detail {

namespace {
Counter& named(CounterPage& page, std::uint32_t shard, const char* name) {
    return page.make("shard" + std::to_string(shard) + "." + name);
}
}  // namespace

ShardCounters::ShardCounters(CounterPage& page, std::uint32_t shard)
    : commands(named(page, shard, "commands")),
      accepted(named(page, shard, "accepted")),
      rejected(named(page, shard, "rejected")),
      refused(named(page, shard, "refused")),
      repeats(named(page, shard, "repeats")),
      questions(named(page, shard, "questions")),
      events(named(page, shard, "events")),
      records(named(page, shard, "records")),
      stream_bytes(named(page, shard, "stream_bytes")),
      batches(named(page, shard, "batches")),
      room_waits(named(page, shard, "room_waits")),
      gate_waits(named(page, shard, "gate_waits")),
      gate_waiting(named(page, shard, "gate_waiting")),
      lag_bytes(named(page, shard, "lag_bytes")),
      threw(named(page, shard, "threw")),
      offers_refused(named(page, shard, "offers_refused")),
      blocks(named(page, shard, "blocks")),
      disk_bytes(named(page, shard, "disk_bytes")),
      sync_ns_max(named(page, shard, "sync_ns_max")),
      segment_waits(named(page, shard, "segment_waits")),
      snapshots(named(page, shard, "snapshots")),
      snapshot_bytes(named(page, shard, "snapshot_bytes")),
      snapshot_ns(named(page, shard, "snapshot_ns")),
      snapshot_position(named(page, shard, "snapshot_position")),
      snapshots_failed(named(page, shard, "snapshots_failed")),
      segments_gone(named(page, shard, "segments_gone")) {
    for (std::size_t i = 0; i < wait_buckets; ++i)
        waited[i] = &named(page, shard, ("waited_ns_2^" + std::to_string(i)).c_str());
}

}  // namespace pawl::detail
