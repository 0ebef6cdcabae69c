// The least that one thread does for a command of the bank: find the state, change it, write a
// record with its checksum. For one size of everything. Knows the checksum; nothing else of pawl.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pawl::perf {

struct BareLoop {
    std::uint64_t accounts = 1;         // any of them, in an array of states of 16 bytes
    std::size_t payload_bytes = 16;     // a multiple of 8; a record has 64 more
    std::size_t ring_bytes = 64 << 20;  // where the records go, again and again
};

// Nanoseconds per command, over about so many seconds, in batches of 64 that are prefetched. No
// ring between threads, no session, no reply.
double bare_loop_ns(const BareLoop& loop, double seconds);

}  // namespace pawl::perf
