// Reads one shard's records from its segments, from any position. Knows blocks and records; not the
// head. Writes nothing, so it is safe beside a running engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "journal/layout.hpp"
#include "journal/storage.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

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
    Result<RecordAt> next(Position end);

    // One record by its position, copied into `bytes`. Does not move the reader's place in the
    // stream.
    Status read_record(Position at, std::vector<std::byte>& bytes);

private:
    struct Place {  // a block in memory
        std::uint64_t segment = 0;
        std::uint64_t offset = 0;
        Position first, end;
        std::vector<std::byte> block;
    };
    Status load(Position at, Place& place);
    Status load_at(std::uint64_t segment, std::uint64_t offset, Place& place);
    Status find_segment(Position at, std::uint64_t& index);
    Status find_block(std::uint64_t segment, Position at, std::uint64_t& offset);
    Status refresh_segments();
    Result<RecordAt> record_in(const Place& place, Position at) const;
    Error lost(Position at, const std::string& why) const;

    struct Known {
        std::uint64_t index;
        Position first;
        std::uint64_t generation;
        std::unique_ptr<File> file;
    };
    Storage& storage_;
    const ReaderOptions options_;
    Position position_;
    Place place_;
    std::vector<Known> segments_;
};

}  // namespace pawl::journal
