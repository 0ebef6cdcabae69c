// What lies behind the first position that is not good: how far, and what it says was on disk.
// Reads; judges nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/judge.hpp"
#include "journal/segment_walk.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// Bytes of a segment that are not zero, to whole pages.
struct Extent {
    std::uint64_t segment = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

struct Behind {
    Beyond beyond = Beyond::nothing;
    Position durable;                    // highest D of any intact header of ours
    std::string durable_source;          // file and offset that say so
    std::uint64_t bytes = 0;             // in the extents
    std::vector<Extent> extents;         // in the segment of the tail and the ones after it
    std::vector<std::uint64_t> later;    // numbers of the segments behind the tail's, sorted
    std::vector<std::uint64_t> resized;  // segments whose files do not have the size they should
    // A segment is missing or empty although a later one is there, or is shorter than it was made:
    // what it held nobody knows. Its path and what is wrong; empty when all is as it should be.
    std::string hole;
};

// Reads everything behind `end.tail`. inflight_bytes_max: of the life that wrote it. A hole is far
// beyond, unless that life ended in order: then nothing was there.
Result<Behind> look_behind(Storage& storage, const WalkOptions& options, const WalkEnd& end,
                           std::uint64_t inflight_bytes_max, bool ended_in_order = false);

}  // namespace pawl::journal
