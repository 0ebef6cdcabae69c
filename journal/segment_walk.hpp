// Walks a shard's segments from the first, checking everything, up to the first position that is
// not good. Knows files and chains; judges nothing, writes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "journal/block_writer.hpp"
#include "journal/judge.hpp"
#include "journal/layout.hpp"
#include "journal/recovery.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

struct WalkOptions {
    std::string directory;
    std::uint32_t shard = 0;
    Identity identity;
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t epoch_max = 0;  // no block can be of a later reign
    // Stop when everything below is seen: what lies behind may be written this very moment.
    Position bound{~std::uint64_t{0}};
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

// Calls sink.on_record for each good record of a good block. An error: the storage could not be
// read.
Result<WalkEnd> walk_segments(Storage& storage, const WalkOptions& options, RecordSink& sink);

// Numbers of the segment files that are there, sorted.
Result<std::vector<std::uint64_t>> list_segments(Storage& storage, const std::string& directory,
                                                 std::uint32_t shard);

}  // namespace pawl::journal
