// Appends records that were sealed elsewhere to a head: everything is checked before any of it is
// used. Knows the chain, sequences, epochs and the head; not where the bytes come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "journal/block.hpp"
#include "journal/directory.hpp"
#include "journal/epoch_log.hpp"
#include "journal/head.hpp"
#include "journal/reader.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// A run of whole records of one shard's stream, as somebody says.
struct StreamRun {
    Position position;                  // of the first byte
    std::uint32_t checksum_before = 0;  // of the record before it
    std::span<const std::byte> records;
    std::uint64_t epoch = 0;  // of who says so: no record may begin a later one
};

// The head's one writer, in place of a shard. One thread; beside the journaler.
class StreamAppender {
public:
    // Goes on at `end`, where the head ends: where recovery ended, or a shard that wrote meanwhile.
    // The directory outlives it.
    StreamAppender(Directory& directory, std::uint32_t shard, const ShardEnd& end);
    StreamAppender(Directory& directory, std::uint32_t shard)
        : StreamAppender(directory, shard, directory.end(shard)) {}
    ~StreamAppender();
    StreamAppender(const StreamAppender&) = delete;
    StreamAppender& operator=(const StreamAppender&) = delete;

    // Checks the whole run: it begins at or below end() (a gap is refused with both positions),
    // ends with a whole record, each record follows the one before in checksum, sequence, time and
    // epoch, and what is here already is the same. Done: it waits to be taken, and its bytes must
    // stay where they are until waiting_bytes() is 0. An error (damaged, mismatch): nothing of it
    // is used, ever. Not while another run waits.
    Status offer(const StreamRun& run);
    // Moves whole records that wait into the head and publishes them, as far as there is room and
    // not beyond `limit`. Returns the bytes. 0 with waiting_bytes() != 0: wait for the journaler.
    std::uint64_t take_some(Position limit = Position{~std::uint64_t{0}});
    std::uint64_t waiting_bytes() const noexcept { return waiting_.size(); }
    // Nothing of what waits will be taken.
    void forget_waiting() noexcept { waiting_ = {}; }

    Position end() const noexcept { return end_; }  // Head::committed()
    std::uint32_t last_checksum() const noexcept { return point_.checksum; }
    // Where a shard would go on.
    ShardEnd shard_end() const;
    const EpochLog& epochs() const noexcept { return epochs_; }

private:
    Error refused(ErrorCode code, const std::string& what) const;
    Status check_known(const StreamRun& run, std::uint64_t bytes);
    Status check_new(std::span<const std::byte> records, std::uint64_t epoch_max) const;
    Status read_here(Position at, std::uint64_t length);

    Directory& directory_;
    const std::uint32_t shard_;
    Head& head_;
    Position end_;
    RecordPoint point_;
    EpochLog epochs_;
    std::span<const std::byte> waiting_;
    std::unique_ptr<StreamReader> reader_;  // for what has left the head; made when needed
    std::vector<std::byte> here_;           // what is here already, to compare
};

}  // namespace pawl::journal
