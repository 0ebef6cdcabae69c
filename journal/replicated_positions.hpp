// How far another copy of a shard's stream has come. Knows three numbers; not who moves them.
#pragma once

#include <atomic>
#include <cstdint>

namespace pawl::journal {

// Moved by who talks to the copy, read by the reply gate and by counters, but for the last. Without
// replication there is none.
struct ReplicatedPositions {
    std::atomic<std::uint64_t> received{0};  // in the standby's head
    std::atomic<std::uint64_t> synced{0};    // on the standby's disk
    std::atomic<std::uint64_t> applied{0};   // to the standby's state
    // No other copy counts at present: what is on this node's own disk stands in for it.
    std::atomic<bool> alone{false};
    // The other way, from the gate to who talks to the copy: a reply waits for everything below to
    // be on the standby's disk. Never falls within a reign.
    std::atomic<std::uint64_t> disk_wanted{0};
};

}  // namespace pawl::journal
