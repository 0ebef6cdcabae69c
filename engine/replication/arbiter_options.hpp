// What may be set about talking to an arbiter. Knows defaults, their reasons and their ranges.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pawl/result.hpp"

namespace pawl::replication {

// None of these is for safety: however they are set, at most one swap from a revision happens. They
// say how soon a node gives up waiting.
struct ArbiterOptions {
    // One endpoint's time for a whole answer, then the next one's turn. Default: a disk of the
    // arbiter that syncs in 100 ms, twice, and some room. 1 ms … 1 min.
    std::int64_t attempt_timeout_ns = 300'000'000;
    // All endpoints together, or the wait for a file's lock; then the answer is `unknown`. Default:
    // three endpoints. At least attempt_timeout_ns … 10 min.
    std::int64_t request_timeout_ns = 1'000'000'000;
    // The largest body of an answer that is read. Default: twenty times the largest value in
    // base64. 4 KiB … 1 MiB.
    std::size_t answer_bytes_max = std::size_t{64} << 10;

    // An error of kind `usage` names the option, its value and its range.
    Status check() const;
};

}  // namespace pawl::replication
