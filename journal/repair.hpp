// The two changes that recovery makes to bytes of a segment. Knows files; decides nothing.
#pragma once

#include "journal/evidence.hpp"
#include "journal/segment_walk.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// The last good block, or the segment's header page, once more: the same bytes. It can be read, but
// was perhaps never synced: it may stand in the page cache only. Durable when it returns.
Status write_last_again(Storage& storage, const WalkOptions& options, const WalkEnd& end);

// Overwrites [begin, end) of a segment with zeros; durable when it returns.
Status zero_extent(Storage& storage, const WalkOptions& options, const Extent& extent);

}  // namespace pawl::journal
