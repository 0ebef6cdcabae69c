// What is known of the block, or of the segment's header, that is not good where a walk ended: from
// what stands around it. Knows headers; reads only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "journal/manifest.hpp"
#include "journal/segment_walk.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// A hole of exactly one block, or of one segment's header page. Whatever fits into it has this
// name, or ends with this checksum; at least one of the two is known.
struct Gap {
    std::uint64_t segment = 0;
    std::uint64_t offset_bytes = 0;  // 0: the segment's header page
    std::uint64_t bytes = 0;
    std::uint64_t generation = 0;
    Position begin, end;                         // of its records; equal: it has none
    std::optional<std::uint64_t> name;           // the hash of its header
    std::optional<std::uint32_t> checksum;       // of its last record
    std::uint64_t epoch_min = 0, epoch_max = 0;  // of the reign that wrote it
};

struct Gaps {
    std::vector<Gap> possible;  // the likeliest first: only one of them can be filled
    bool goes_on = false;       // something newer of this stream stands behind
};

// `end`: where a walk with these options ended, not by its bound.
Result<Gaps> find_gaps(Storage& storage, const WalkOptions& options, const Manifest& manifest,
                       const WalkEnd& end);

}  // namespace pawl::journal
