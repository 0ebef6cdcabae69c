// Takes in the snapshot of another copy of the stream, piece by piece. Knows where it waits and
// that it is whole; not where it came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "journal/snapshot.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// Where a snapshot is that is being received, or waits to be adopted.
std::string incoming_snapshot_path(const std::string& directory, std::uint32_t shard,
                                   Position position);

struct IncomingSnapshotOptions {
    std::string directory;  // may not be there yet; its parent is
    std::uint32_t shard = 0;
    Identity identity;
};

// One shard's; beside a running engine; one thread. What is unfinished when it is destroyed goes.
class IncomingSnapshot {
public:
    // `facts` as the sender has them; the place is not looked at, it is another one here. An error:
    // no room, a name that cannot be made, numbers that make no sense, or a change of the directory
    // that was interrupted and still needs what waits (open the directory once).
    static Result<std::unique_ptr<IncomingSnapshot>> create(Storage& storage,
                                                            const IncomingSnapshotOptions& options,
                                                            const SnapshotFacts& facts);
    IncomingSnapshot(const IncomingSnapshot&) = delete;
    IncomingSnapshot& operator=(const IncomingSnapshot&) = delete;
    ~IncomingSnapshot() = default;

    // The next bytes of the body. Every error is final; usage: more than facts.body_bytes.
    Status write(std::span<const std::byte> bytes);
    std::uint64_t bytes_done() const noexcept { return writer_->body_bytes(); }
    // All bytes are there and have this hash: it waits at incoming_snapshot_path(), durably. Else
    // an error (damaged), and nothing waits.
    Status finish(const Hash128& body_hash);

private:
    IncomingSnapshot(std::unique_ptr<SnapshotWriter> writer, SnapshotFacts facts);
    std::unique_ptr<SnapshotWriter> writer_;
    const SnapshotFacts facts_;
    StreamHash128 hash_;
};

}  // namespace pawl::journal
