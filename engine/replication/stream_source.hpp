// One shard's committed stream as runs of whole records, from any position: from segments until it
// reaches what is still in the head. Knows positions and bytes; not who gets them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "journal/directory.hpp"
#include "journal/reader.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::replication {

// Whole records, one behind the other.
struct SourceRun {
    Position position;                  // of the first byte
    std::uint32_t checksum_before = 0;  // of the record before
    std::span<const std::byte> records;
};

struct SourceCounters {
    std::uint64_t head_bytes = 0;     // that came from memory
    std::uint64_t segment_bytes = 0;  // that came from disk
};

// One thread, beside shard and journaler, which never wait for it.
class StreamSource {
public:
    // Runs have at most run_bytes_max, or one larger record. The directory outlives it.
    StreamSource(journal::Directory& directory, std::uint32_t shard, std::size_t run_bytes_max);

    // Goes to `at`, where the record before has this checksum.
    void begin(Position at, std::uint32_t checksum_before);
    Position position() const noexcept { return position_; }

    // As much as is committed and fits; empty: nothing new. Lives until the next call. The same
    // again until advance(). An error: it cannot be read; mismatch: it is below what is kept.
    Result<SourceRun> look();
    // Behind the last run that look() gave.
    void advance();

    const SourceCounters& counters() const noexcept { return counters_; }

private:
    // Fills buffer_ with whole records from position_ on.
    Status fill();
    bool fill_from_head(Position committed);
    Status fill_from_segments(Position synced);
    std::uint64_t whole_records(std::span<const std::byte> bytes);

    journal::Directory& directory_;
    const std::uint32_t shard_;
    journal::Head& head_;
    const std::size_t run_bytes_max_;
    Position position_;
    std::uint32_t checksum_before_ = 0;
    std::vector<std::byte> buffer_;    // its size is the room, not the content
    std::size_t filled_ = 0;           // whole records in it
    std::uint32_t last_checksum_ = 0;  // of the last of them
    std::unique_ptr<journal::StreamReader> reader_;
    SourceCounters counters_;
};

}  // namespace pawl::replication
