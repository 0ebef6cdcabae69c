// What a sender knows of one shard. Private to sender*.cpp.
#pragma once

#include "engine/replication/sender.hpp"

namespace pawl::replication {

struct Sender::Shard {
    Shard(journal::Directory& directory, std::uint32_t shard, std::size_t run_bytes_max)
        : source(directory, shard, run_bytes_max) {}

    // Of the peer's copy, as it said.
    bool history_known = false;
    Position their_end;
    std::uint32_t their_checksum = 0;
    journal::EpochLog theirs;

    // Of ours, when the peer's history came: what is compared.
    bool looked = false;
    bool candidate = false;  // `part` is where both may be equal, and is to be compared
    bool proved = false;     // by the epochs
    Verdict verdict = Verdict::unknown;
    Position part;
    std::uint32_t part_checksum = 0;

    std::unique_ptr<SnapshotSource> snapshot;
    Position needed;  // until the peer follows
    StreamSource source;
    journal::ReplicatedPositions positions;
    Position disk_wanted;  // here
    Position disk_asked;   // and what the peer has been told of it
};

}  // namespace pawl::replication
