// What is in a stream from a position on: how many commands, and since when. Knows records; not why
// somebody asks.
#pragma once

#include <cstdint>

#include "journal/directory.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

struct AtRisk {
    std::uint64_t commands = 0;   // decided; facts too
    std::int64_t oldest_ns = -1;  // journal time of the first; -1: there is none
    bool operator==(const AtRisk&) const = default;
};

// Of what is committed from there on, where a record begins or the stream ends. Any thread, beside
// the shard. What lies behind so many bytes is not counted.
AtRisk at_risk_from(journal::Directory& directory, std::uint32_t shard, Position from,
                    std::uint64_t bytes_about = std::uint64_t{64} << 20);

}  // namespace pawl::detail
