// Walks a shard's segments from the first, or from a place that is known, checking everything, up
// to the first position that is not good. Knows files and chains; judges nothing, writes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/block_writer.hpp"
#include "journal/judge.hpp"
#include "journal/layout.hpp"
#include "journal/recovery.hpp"
#include "journal/segment_files.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// Where a walk may begin: behind a block, or behind a segment's header page.
struct WalkFrom {
    StreamTail tail;  // segment_index is never 0
    // The block, or the header page (offset 0, 4096 bytes), that ends at the tail.
    std::uint64_t last_offset_bytes = 0;
    std::uint64_t last_bytes = block_alignment_bytes;
    std::uint64_t epoch = 0;  // of that block or header
};

inline constexpr Position no_bound{~std::uint64_t{0}};

struct WalkOptions {
    std::string directory;
    std::uint32_t shard = 0;
    Identity identity;
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t epoch_max = 0;  // no block can be of a later reign
    // Begin here instead of at the first segment. What stands there must be what it says.
    std::optional<WalkFrom> from;
    // Stop when everything below is seen: what lies behind may be written this very moment.
    Position bound = no_bound;
    std::function<void(std::uint64_t bytes_done, std::uint64_t bytes_total)> progress;
};

struct WalkEnd {
    StreamTail tail;  // behind the last good block
    Seen seen = Seen::nothing;
    bool bound_reached = false;
    std::string why;  // what is wrong there, with file and offset; empty when nothing is
    // The last good block, or segment header: what may not have been synced when the process died.
    std::uint64_t last_offset_bytes = 0;
    std::uint64_t last_bytes = 0;
    std::uint64_t epoch = 0;  // of that block or header
    // Good records at the front of the block that is bad, and what follows them there: copied from
    // the file.
    std::vector<std::byte> salvage;
    std::vector<std::byte> torn;
    std::uint64_t records = 0;
    std::uint64_t rejected = 0;
    std::uint64_t events = 0;
    std::uint64_t blocks = 0;
    std::uint64_t segments = 0;        // in use
    std::int64_t first_time_ns = 0;    // of the first record
    std::vector<std::string> remarks;  // odd, but nothing of the stream is wrong
};

// Calls sink.on_records for the good records of good blocks. Segments that are not in the shard's
// folder are looked for in the archive. An error: the storage could not be read (io), or
// options.from does not hold (damaged).
Result<WalkEnd> walk_segments(Storage& storage, const WalkOptions& options, RecordSink& sink);

// The same in slices: nothing that was read is read again. One thread.
class SegmentWalk {
public:
    // `options.from` is where it begins. The storage outlives it.
    SegmentWalk(Storage& storage, const WalkOptions& options);
    ~SegmentWalk();
    SegmentWalk(const SegmentWalk&) = delete;
    SegmentWalk& operator=(const SegmentWalk&) = delete;

    // From where the last slice ended, as walk_segments() with these; what WalkEnd counts is this
    // slice's. Not after an error, or when something bad was seen.
    Result<WalkEnd> go_on(Position bound, std::uint64_t epoch_max, RecordSink& sink);

private:
    class Walk;
    std::unique_ptr<Walk> walk_;
};

// Where a walk goes on that ended well at `end`: for slices. Only when some segment was entered.
WalkFrom continued(const WalkEnd& end);

// Empty: what stands in the segments before `from` is what it says, whole. Else the reason why it
// is not, with file and offset. An error: the storage could not be read.
Result<std::string> place_fault(Storage& storage, const WalkOptions& options, const WalkFrom& from);

// The place behind the header page of segment `index`: a walk can begin there without the ones
// before, by the header's own word. An error names the file: missing, or not this segment.
Result<WalkFrom> place_in_segment(Storage& storage, const WalkOptions& options,
                                  std::uint64_t index);

}  // namespace pawl::journal
