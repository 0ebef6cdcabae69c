// Writes runs of records as chained blocks into one shard's segments. Knows blocks and files; not
// the head, not time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "journal/block.hpp"
#include "journal/layout.hpp"
#include "journal/segment.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// The end of a shard's stream: what the next record and the next block have to follow.
struct StreamTail {
    Position position;                // of the next record
    std::uint32_t checksum = 0;       // of the last record
    Sequence sequence;                // of the last event
    std::int64_t time_ns = 0;         // of the last record
    std::uint64_t block_hash = 0;     // header hash of the last block or segment header
    std::uint64_t segment_index = 0;  // 0: no segment yet
    std::uint64_t generation = 0;
    std::uint64_t offset_bytes = 0;  // in the segment: where the next block goes
};

struct BlockWriterOptions {
    Identity identity;
    std::uint32_t shard = 0;
    std::uint64_t epoch = 0;
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t inflight_bytes_max = inflight_bytes_default;
};

// How the two look that go on at `tail`, sealed: they follow from what they are given alone, so
// that what is lost can be formed again. `tail` is where they go on, not where they end. `page` has
// block_alignment_bytes.
void form_segment_header(std::byte* page, const BlockWriterOptions& options, const StreamTail& tail,
                         std::uint64_t index, std::uint64_t generation) noexcept;
// `records` are whole, `last` is behind the last one. `block` has room for them, the header and the
// padding; returns how much that is.
std::uint64_t form_block(std::byte* block, const BlockWriterOptions& options,
                         const StreamTail& tail, std::span<const std::byte> records,
                         const RecordPoint& last, std::uint32_t count) noexcept;

enum class WriteOutcome : std::uint8_t { written, no_segment, failed };

// Used by one thread at a time.
class BlockWriter {
public:
    // Goes on at `tail`; `file` is its segment, open for writing, null when segment_index is 0.
    BlockWriter(BlockWriterOptions options, StreamTail tail, std::unique_ptr<File> file);
    ~BlockWriter() = default;
    BlockWriter(const BlockWriter&) = delete;
    BlockWriter& operator=(const BlockWriter&) = delete;

    // Writes the longest run of whole records of [records, records + bytes) that fits one block;
    // durable when it returns. `no_segment`: it needs the next segment and the preparer has none
    // ready: nothing was written. `failed` is final: see failure().
    WriteOutcome write(const std::byte* records, std::uint64_t bytes, SegmentPreparer& preparer);

    const StreamTail& tail() const noexcept { return tail_; }
    std::uint64_t last_block_bytes() const noexcept { return last_block_bytes_; }
    const Error& failure() const noexcept { return failure_; }
    // A new epoch, and perhaps another bound: before its first block.
    void begin_reign(std::uint64_t epoch, std::uint64_t inflight_bytes_max);
    std::uint64_t room_left_bytes() const noexcept;

private:
    WriteOutcome open_segment(SegmentPreparer& preparer);
    WriteOutcome fail(Error error);
    std::uint64_t fill(const std::byte* records, std::uint64_t bytes, std::uint64_t room_bytes);

    BlockWriterOptions options_;
    StreamTail tail_;
    std::unique_ptr<File> file_;
    std::unique_ptr<AlignedBuffer> buffer_;  // one block of the largest size
    std::uint32_t filled_checksum_ = 0;      // of the last record in the buffer
    std::uint64_t last_block_bytes_ = 0;
    bool failed_ = false;
    Error failure_;
};

}  // namespace pawl::journal
