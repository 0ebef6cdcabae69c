// What everybody who looks at a directory from outside shares. Reads only; takes no lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/block.hpp"
#include "journal/head.hpp"
#include "journal/manifest.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment_walk.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

struct Looked {
    std::string directory;
    Manifest manifest;
    bool live = false;  // somebody holds the lock
    std::string holder;
};

Result<Looked> look_at_directory(Storage& storage, const std::string& directory);

// Nobody opened, closed or replaced it in between.
bool same_life(const Looked& earlier, const Looked& later) noexcept;

// One shard as it stood at one moment.
struct ShardLook {
    HeadRemains head;
    bool head_current = false;  // it is of the manifest's present reign
    WalkOptions walk_options;   // of a live directory: up to what was synced
    WalkEnd end;
    std::uint64_t head_bytes =
        0;  // good bytes that the head has beyond the segments, given to the sink as well
    bool head_chain_good = true;
};

// Maps the head and says how far the segments may be walked; walks nothing.
ShardLook look_at_head(Storage& storage, const Looked& looked, std::uint32_t shard);

// Where the first record stands that can be read without a gap up to the end, in the archive or in
// the shard's folder: nothing when that is the stream's first.
Result<std::optional<WalkFrom>> first_place(Storage& storage, const WalkOptions& options);

// Walks the segments and then what the head has beyond them; all good records go to the sink. With
// a live directory the segments are walked to what was synced at the beginning.
Result<ShardLook> look_at_shard(Storage& storage, const Looked& looked, std::uint32_t shard,
                                RecordSink& sink);

// Gives [position, end) of a head whose owner may still write to the sink, each record copied and
// then checked to follow `point`; moves both along. `end` is not above what is committed.
enum class HeadEnd : std::uint8_t { all, overwritten, bad };
HeadEnd read_live_head(const HeadRemains& head, Position& position, Position end,
                       RecordPoint& point, RecordSink& sink);

}  // namespace pawl::journal
