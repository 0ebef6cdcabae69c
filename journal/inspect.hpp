// What dump, verify and stat share: a directory looked at from outside. Reads only; takes no lock.
#pragma once

#include <cstdint>
#include <string>

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

// One shard as it stood at one moment.
struct ShardLook {
    HeadRemains head;
    bool head_current = false;  // it is of the manifest's present reign
    WalkOptions walk_options;
    WalkEnd end;
    std::uint64_t head_bytes =
        0;  // good bytes that the head has beyond the segments, given to the sink as well
    bool head_chain_good = true;
};

// Walks the segments and then what the head has beyond them; all good records go to the sink. With
// a live directory the segments are walked to what was synced at the beginning.
Result<ShardLook> look_at_shard(Storage& storage, const Looked& looked, std::uint32_t shard,
                                RecordSink& sink);

}  // namespace pawl::journal
