// How far each shard of a replay goes. Knows records; not states.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "journal/inspect.hpp"
#include "journal/storage.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/result.hpp"
#include "pawl/until.hpp"

namespace pawl::detail {

// All three hold.
struct Cut {
    Position position{~std::uint64_t{0}};  // records that begin below it
    std::uint64_t sequence = ~std::uint64_t{0};
    std::int64_t time_ns = std::numeric_limits<std::int64_t>::max();

    bool takes(const RecordHeader& header, Position at) const noexcept {
        const std::uint64_t last =
            header.event_count == 0 ? header.sequence : header.sequence + header.event_count - 1;
        return at < position && last <= sequence && header.decided_ns <= time_ns;
    }
    // Whether everything up to here is inside.
    bool reaches(Position end, std::uint64_t last_sequence, std::int64_t last_time) const noexcept {
        return end <= position && last_sequence <= sequence && last_time <= time_ns;
    }
};

// One per shard. Of a sequence only its own shard's is set: the others' is the time where that one
// ends. A mark is looked for in everything that can be read.
Result<std::vector<Cut>> cuts_of(const Until& until, journal::Storage& storage,
                                 const journal::Looked& looked);

}  // namespace pawl::detail
