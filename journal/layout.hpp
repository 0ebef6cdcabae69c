// Layout of blocks, segments, snapshots and the head's first page. Knows bytes; not files, not
// threads, not records. Records are in pawl/detail/record.hpp; the prose twin of both is
// docs/journal-format.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pawl::journal {

// Number of the format. A reader refuses a higher one; a golden journal of each released one opens
// for ever.
inline constexpr std::uint32_t format_version = 1;

inline constexpr std::size_t block_alignment_bytes = 4096;
// Of one block. The larger, the fewer waits for the disk under load.
inline constexpr std::size_t inflight_bytes_default = std::size_t{4} << 20;
inline constexpr std::size_t inflight_bytes_limit = std::size_t{16} << 20;
inline constexpr std::uint64_t segment_bytes_default = std::uint64_t{128} << 20;
inline constexpr std::uint64_t segment_bytes_min = std::uint64_t{64} << 10;
inline constexpr std::uint64_t segment_bytes_limit = std::uint64_t{1} << 40;
inline constexpr std::uint64_t head_bytes_default = std::uint64_t{64} << 20;
inline constexpr std::uint64_t head_bytes_min = std::uint64_t{64} << 10;

constexpr std::uint64_t rounded_up_to_block(std::uint64_t bytes) noexcept {
    return (bytes + (block_alignment_bytes - 1)) & ~std::uint64_t{block_alignment_bytes - 1};
}

// Names one directory for ever: random, made at creation.
struct Identity {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend constexpr bool operator==(const Identity&, const Identity&) = default;
};
static_assert(sizeof(Identity) == 16);

// A 128-bit hash as it stands on disk.
struct Hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend constexpr bool operator==(const Hash128&, const Hash128&) = default;
};
static_assert(sizeof(Hash128) == 16);

inline constexpr std::uint64_t block_magic = 0x316B'636F'6C62'7770;    // "pwblock1"
inline constexpr std::uint64_t segment_magic = 0x3174'6E65'6D67'7770;  // "pwgment1"
inline constexpr std::uint64_t head_magic = 0x3164'6165'685F'7770;     // "pw_head1"

// First bytes of a block. The payload follows: whole records, then zeros up to block_bytes.
struct BlockHeader {
    std::uint64_t magic;
    std::uint64_t header_hash;  // xxh3-64 of this header with this field zero; names the block
    Hash128 payload_hash;       // xxh3-128 of everything behind this header, padding included
    std::uint64_t
        previous_hash;  // header_hash of the block before it; of the segment header for the first
    std::uint64_t first_position;  // stream position of the payload's first byte
    std::uint64_t
        durable_position;      // highest position known to be on disk when this was written: D
    Identity identity;         // of the directory
    std::uint64_t generation;  // of the segment: tells old bytes of a recycled file from new ones
    std::uint64_t epoch;       // number of the reign that wrote it
    std::uint64_t last_sequence;  // of the last event in or before this block
    std::int64_t last_time_ns;    // journal time of its last record
    std::uint32_t payload_bytes;  // records, without padding
    std::uint32_t block_bytes;    // all of it: a multiple of 4096
    std::uint32_t shard;
    std::uint32_t
        previous_checksum;  // of the record before the first one: a chain can be entered here
    std::uint32_t record_count;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(BlockHeader) == 128);
static_assert(offsetof(BlockHeader, header_hash) == 8);
static_assert(offsetof(BlockHeader, payload_hash) == 16);
static_assert(offsetof(BlockHeader, previous_hash) == 32);
static_assert(offsetof(BlockHeader, first_position) == 40);
static_assert(offsetof(BlockHeader, durable_position) == 48);
static_assert(offsetof(BlockHeader, identity) == 56);
static_assert(offsetof(BlockHeader, generation) == 72);
static_assert(offsetof(BlockHeader, epoch) == 80);
static_assert(offsetof(BlockHeader, last_sequence) == 88);
static_assert(offsetof(BlockHeader, payload_bytes) == 104);
static_assert(offsetof(BlockHeader, previous_checksum) == 116);
static_assert(offsetof(BlockHeader, reserved) == 124);

// First 4096 bytes of a segment in use: this, then zeros. A prepared segment has only zeros.
struct SegmentHeader {
    std::uint64_t magic;
    std::uint64_t header_hash;     // xxh3-64 of this header with this field zero
    std::uint64_t previous_hash;   // header_hash of the last block before; 0 for the first segment
    std::uint64_t first_position;  // of the segment's first block
    std::uint64_t durable_position;  // as in BlockHeader
    Identity identity;
    std::uint64_t generation;  // +1 per segment of a shard, recycled or not
    std::uint64_t epoch;
    std::uint64_t segment_bytes;  // size of the file
    std::uint64_t index;          // the number in the file's name
    std::uint64_t last_sequence;  // before this segment
    std::int64_t last_time_ns;
    std::uint32_t format;
    std::uint32_t shard;
    std::uint32_t previous_checksum;  // of the record before the first one
    std::uint32_t reserved_narrow;    // zero
    std::uint64_t reserved;           // zero
};
static_assert(sizeof(SegmentHeader) == 128);
static_assert(offsetof(SegmentHeader, header_hash) == 8);
static_assert(offsetof(SegmentHeader, identity) == 40);
static_assert(offsetof(SegmentHeader, index) == 80);
static_assert(offsetof(SegmentHeader, format) == 104);
static_assert(offsetof(SegmentHeader, reserved) == 120);

inline constexpr std::uint64_t snapshot_magic = 0x3170'616E'735F'7770;  // "pw_snap1"
inline constexpr std::size_t snapshot_page_bytes = 4096;

// First 4096 bytes of a snapshot: this, then zeros. The body follows, with zeros up to a multiple
// of 4096, and then the file ends.
struct SnapshotHeader {
    std::uint64_t magic;
    std::uint64_t header_hash;  // xxh3-64 of the whole page with this field zero
    Hash128 body_hash;          // xxh3-128 of everything behind the page, padding included
    std::uint64_t body_bytes;   // without padding
    Identity identity;
    std::uint64_t position;       // everything below is folded into the body; where a block ends
    std::uint64_t last_sequence;  // of the last event below
    std::int64_t last_time_ns;    // of the last record below
    std::uint64_t block_hash;     // name of the block (or segment header) that ends at position
    std::uint64_t segment_index;  // the segment which that block is in
    std::uint64_t generation;     // of that segment
    std::uint64_t offset_bytes;   // in that segment: behind that block
    std::uint64_t last_offset_bytes;  // where that block begins
    std::uint64_t last_bytes;         // and its size
    std::uint64_t epoch;              // of that block
    std::uint64_t records;            // of the stream, below position
    std::uint64_t events;
    std::uint64_t layout_hash;    // of the shape of what was folded; the caller's
    std::uint64_t state_hash;     // of what was folded; the caller's
    std::uint32_t last_checksum;  // of the last record below
    std::uint32_t format;
    std::uint32_t shard;
    std::uint32_t epoch_count;  // SnapshotEpochs at snapshot_epochs_offset
};
static_assert(sizeof(SnapshotHeader) == 184);
static_assert(offsetof(SnapshotHeader, header_hash) == 8);
static_assert(offsetof(SnapshotHeader, body_bytes) == 32);
static_assert(offsetof(SnapshotHeader, identity) == 40);
static_assert(offsetof(SnapshotHeader, position) == 56);
static_assert(offsetof(SnapshotHeader, block_hash) == 80);
static_assert(offsetof(SnapshotHeader, epoch) == 128);
static_assert(offsetof(SnapshotHeader, layout_hash) == 152);
static_assert(offsetof(SnapshotHeader, last_checksum) == 168);
static_assert(offsetof(SnapshotHeader, epoch_count) == 180);

// In the snapshot's page: the newest epoch records of the stream below, oldest first.
struct SnapshotEpoch {
    std::uint64_t epoch;
    std::uint64_t begin;  // position of the record
};
static_assert(sizeof(SnapshotEpoch) == 16);
inline constexpr std::size_t snapshot_epochs_offset = 1024;
inline constexpr std::size_t snapshot_epochs_max =
    (snapshot_page_bytes - snapshot_epochs_offset) / sizeof(SnapshotEpoch);
static_assert(snapshot_epochs_max == 192);

inline constexpr std::size_t head_page_bytes = 4096;

// First bytes of the head's page: fixed while the head lives. The moving positions follow at the
// offsets below, each on a pair of cache lines of its own.
struct HeadHeader {
    std::uint64_t magic;
    std::uint64_t header_hash;  // xxh3-64 of this header with this field zero
    Identity identity;
    std::uint64_t capacity_bytes;
    std::uint64_t base_position;  // where this head began: nothing below it is here
    std::uint64_t epoch;
    std::uint32_t format;
    std::uint32_t shard;
    std::uint32_t base_checksum;  // of the record before base_position
    std::uint32_t reserved;
};
static_assert(sizeof(HeadHeader) == 72);
inline constexpr std::size_t head_committed_offset =
    128;  // u64, then the last record's checksum as u32
inline constexpr std::size_t head_announced_offset = 256;  // u64
inline constexpr std::size_t head_synced_offset = 384;     // u64

// However large a block may be: a record fits one of this size, and so one message of a link.
inline constexpr std::size_t record_block_bytes = std::size_t{1} << 20;

// The largest record that a block can hold, given the bound on bytes in flight and the segments'
// size.
constexpr std::uint64_t record_bytes_max(std::uint64_t inflight_bytes_max,
                                         std::uint64_t segment_bytes) noexcept {
    const std::uint64_t room = segment_bytes - block_alignment_bytes;
    return (inflight_bytes_max < room ? inflight_bytes_max : room) - sizeof(BlockHeader);
}

}  // namespace pawl::journal
