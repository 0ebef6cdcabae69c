// Makes a directory a copy of another one's stream: the same identity and fixed values, empty or
// beginning at a snapshot that was received. Knows files; not where the snapshot came from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/incoming_snapshot.hpp"
#include "journal/manifest.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// What two copies of one stream have in common, fixed at creation. The schema is of the program
// that opened it last.
struct Origin {
    Identity identity;
    std::uint32_t shards = 1;
    std::uint64_t router_hash = 0;
    std::uint64_t random_seed = 0;
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t head_bytes = head_bytes_default;
    std::uint64_t session_window = 0;
    std::string schema_text;
    friend bool operator==(const Origin&, const Origin&) = default;
};
Origin origin_of(const Manifest& manifest);

struct AdoptOptions {
    std::string path;
    Origin origin;
    // Of this copy: the folder for its heads, made when it is missing. Two copies on one machine
    // need two.
    std::string heads = "/dev/shm";
    std::uint64_t inflight_bytes_max = inflight_bytes_default;
    // One per shard: 0, or the position of a snapshot at incoming_snapshot_path().
    std::vector<Position> begins;
};

// The directory is then closed in order, its shards end at the begins, and below those there is
// nothing: as after retention. What an older copy here held is under quarantine/; it must have been
// closed in order, be of the same identity, and be open nowhere. An error before the first change
// leaves everything as it was; dying later is finished by the next opening.
Status adopt_directory(Storage& storage, const AdoptOptions& options);

}  // namespace pawl::journal
