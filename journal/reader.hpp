// Reads one shard's records from its segments and archived segments, from any position. Knows
// blocks and records; not the head. Writes nothing, so it is safe beside a running engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/block.hpp"
#include "journal/layout.hpp"
#include "journal/segment_index.hpp"
#include "journal/storage.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

struct WalkFrom;

struct ReaderOptions {
    std::string directory;
    std::uint32_t shard = 0;
    Identity identity;
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t inflight_bytes_max = inflight_bytes_limit;  // no block is larger
};

// One record: bytes is null when there is none below the bound. Lives until the reader's next call.
struct RecordAt {
    const std::byte* bytes = nullptr;
    Position position;
    Position next;
    explicit operator bool() const noexcept { return bytes != nullptr; }
    detail::RecordView view() const noexcept { return detail::RecordView(bytes); }
};

// Whole records in a row; empty: there are none, or not so small. They live until the reader's next
// call.
struct RecordsAt {
    std::span<const std::byte> records;
    Position position;
    std::uint32_t last_checksum = 0;  // of the last one
};

// One thread at a time; as many readers as one likes. Every length, hash and checksum is checked
// before it is believed.
class StreamReader {
public:
    StreamReader(Storage& storage, ReaderOptions options);
    ~StreamReader();
    StreamReader(const StreamReader&) = delete;
    StreamReader& operator=(const StreamReader&) = delete;

    // Goes to `from`: where a record begins, or the stream's end.
    void seek(Position from) noexcept;
    Position position() const noexcept { return position_; }

    // The next record that ends at or below `end`, which must not be above what is synced. The
    // bytes below `end` are known to be on disk: what cannot be read there is an error (damaged).
    // Where retention removed it, the error (mismatch) names the first position that is kept.
    Result<RecordAt> next(Position end);

    // The same for the next ones of a block: as many as end at or below `end` and fit bytes_max.
    // `or_one`: the first one is handed out also if it is larger than that.
    Result<RecordsAt> next_run(Position end, std::size_t bytes_max, bool or_one);

    // The checksum of the record that ends at `at`, a position that is synced; at the stream's
    // begin what its first record is seeded with. Nothing: no record ends there. An error as in
    // next(). Does not move the reader's place in the stream.
    Result<std::optional<std::uint32_t>> checksum_before(Position at);

    // One record by its position, copied into `bytes`. Does not move the reader's place in the
    // stream.
    Status read_record(Position at, std::vector<std::byte>& bytes);

private:
    struct Place {  // a block in memory
        std::uint64_t segment = 0;
        std::uint64_t offset = 0;
        Position first, end;
        std::span<const std::byte> block;
        std::unique_ptr<AlignedBuffer> memory;  // grows with the blocks
        bool holds(Position p) const noexcept { return first <= p && p < end; }
    };
    Status load(Position at, Place& place);
    // False, with the reason in why_, when there is no good block that begins there.
    bool load_at(const SegmentIndex::Entry& segment, std::uint64_t offset, Place& place);
    bool load_next(Place& place);
    bool find_block(const SegmentIndex::Entry& segment, Position at, std::uint64_t& offset);
    bool header_at(const SegmentIndex::Entry& segment, std::uint64_t offset, BlockHeader& header);
    bool open_file(std::uint64_t index);
    Result<WalkFrom> place_at_begin_of(const SegmentIndex::Entry& segment) const;
    const std::byte* find_record(const Place& place, Position at) const;
    // The record at position_, which is below what is on disk.
    Result<const std::byte*> at_place();
    Error lost(Position at) const;
    Error below_kept(Position at, Position first) const;

    Storage& storage_;
    const ReaderOptions options_;
    Position position_;
    bool on_boundary_ = false;  // position_ is known to be where a record of place_ begins
    Place place_;
    Place aside_;  // read_record's own
    SegmentIndex segments_;
    std::unique_ptr<File> file_;
    std::uint64_t file_index_ = 0;
    std::string why_;
    std::optional<Error> trouble_;  // the last segment is there and could not be opened
};

}  // namespace pawl::journal
