// A question to a whole shard, asked in order with the commands. Knows what a shard shows; not who
// asks.
#pragma once

#include <cstdint>

#include "pawl/detail/machine.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

class Sessions;

struct ShardFacts {
    const Machine& machine;
    const Sessions& sessions;
    Position committed;
    Sequence last_sequence;
    Time last_time;
};

// Runs on the shard's thread, between two commands.
struct Inspection {
    virtual void inspect(const ShardFacts& facts) noexcept = 0;

protected:
    ~Inspection() = default;
};

}  // namespace pawl::detail
