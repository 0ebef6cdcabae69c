// Takes back the tail that a history has gone another way without: the stream ends at the part
// points afterwards. Knows segments, snapshots and the quarantine; not who says where it parted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/directory.hpp"
#include "journal/recovery.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// Both histories of a shard are equal below `position`, and `checksum` is that of the last record
// below it.
struct PartPoint {
    Position position;
    std::uint32_t checksum = 0;
    friend bool operator==(const PartPoint&, const PartPoint&) = default;
};

inline constexpr std::size_t cut_commands_max = 1000;

struct ShardCut {
    std::uint32_t shard = 0;
    Position end;  // before
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;             // of the stream
    std::vector<CutCommand> cut;         // the first cut_commands_max; all are in the list below
    std::string list_file;               // text, one command per line; empty: nothing was cut
    std::string quarantine_file;         // the blocks; later segments and snapshots are beside it
    std::vector<std::string> sentences;  // for people
};

struct CutReport {
    std::vector<ShardCut> shards;  // one per shard
};

// Recovers the directory as an opening would (what the head held is written down first), compares
// each part point with what stands there, and cuts everything behind. Nothing is deleted: it is all
// under quarantine/. The directory is closed afterwards. An error before the first change leaves
// everything there: mismatch when a checksum differs, no record ends at a part point, or what would
// be left cannot be replayed. Dying later is finished by the next opening.
// options: as for opening; parts: one per shard.
Result<CutReport> cut_directory(Storage& storage, const DirectoryOptions& options,
                                const std::vector<PartPoint>& parts);

}  // namespace pawl::journal
