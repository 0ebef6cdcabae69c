// Where in a shard's files a position lies, for a cut there. Reads; changes nothing.
#pragma once

#include <cstdint>
#include <string>

#include "journal/layout.hpp"
#include "journal/manifest.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

struct CutPlace {
    std::uint64_t segment = 0;  // the last one that begins at or before it; 0: there is none
    bool archived = false;
    std::string path;
    Position first_position;       // of that segment
    std::uint64_t offset = 0;      // of the first block that is not wholly below
    std::uint64_t blocks_end = 0;  // behind the segment's last block
    Position offset_position;      // of that first block; the cut may be inside of it
};

// In segments that are whole up to their end, as after an orderly close.
Result<CutPlace> find_cut(Storage& storage, const std::string& directory, const Manifest& manifest,
                          std::uint32_t shard, Position at);

}  // namespace pawl::journal
