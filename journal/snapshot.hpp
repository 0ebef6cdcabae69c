// Snapshot files: the fold of one shard's stream up to a block's end, as bytes that are the
// engine's own. Knows the header page and hashes; not what the body means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "journal/block.hpp"
#include "journal/block_writer.hpp"
#include "journal/epoch_log.hpp"
#include "journal/hash.hpp"
#include "journal/layout.hpp"
#include "journal/segment_walk.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// What a snapshot says about itself.
struct SnapshotFacts {
    StreamTail tail;  // everything below its position is folded; it is where a block ends
    // The block, or the segment's header page, that ends there: as in WalkEnd and WalkFrom.
    std::uint64_t last_offset_bytes = 0;
    std::uint64_t last_bytes = 0;
    std::uint64_t epoch = 0;    // of that block
    std::uint64_t records = 0;  // of the stream, below the position
    std::uint64_t events = 0;
    std::uint64_t layout_hash = 0;  // of the shape of what was folded; the caller's
    std::uint64_t state_hash = 0;   // of what was folded; the caller's
    EpochLog epochs;                // of the stream, below the position
    std::uint64_t body_bytes = 0;   // filled in by writer and reader
    std::string path;               // filled in by the reader

    WalkFrom from() const { return {tail, last_offset_bytes, last_bytes, epoch}; }
};

std::string snapshot_name(Position position);  // 20 digits and ".snap"
std::string snapshot_path(const std::string& directory, std::uint32_t shard, Position position);
// The position in a snapshot's name; false when it is not one.
bool snapshot_position(const std::string& name, Position& position) noexcept;

// Paths of the files that are named as snapshots, newest first. Their content is not looked at.
Result<std::vector<std::string>> list_snapshots(Storage& storage, const std::string& directory,
                                                std::uint32_t shard);

// Gives an intact snapshot that came from another copy of this stream its place in this one: the
// same fold at the same position, but behind the block or header page that ends there here. The
// file is `path`; durable when it returns. Dying meanwhile may leave it damaged.
Status place_snapshot(Storage& storage, const std::string& path, const Identity& identity,
                      std::uint32_t shard, const WalkFrom& place);

// Removes what an attempt that died left behind. Only while nobody writes a snapshot of this shard.
void remove_unfinished_snapshot(Storage& storage, const std::string& directory,
                                std::uint32_t shard);

struct SnapshotWriterOptions {
    std::string directory;
    std::uint32_t shard = 0;
    Identity identity;
    std::uint64_t estimate_bytes = 0;  // of the body, as well as the caller knows
    std::uint64_t reserve_bytes = 0;   // must stay free on the disk: what the next segments need
};

// Writes one snapshot of one shard under a temporary name; one at a time per shard, one thread.
// Bytes go to the disk as they come, so that no burst of them stands before the journal's writes.
// Destroyed before finish() was done: the temporary is removed.
class SnapshotWriter {
public:
    // An error (disk_full, io) says so in one sentence: give the attempt up, nothing else suffers.
    static Result<std::unique_ptr<SnapshotWriter>> create(Storage& storage,
                                                          const SnapshotWriterOptions& options);
    ~SnapshotWriter();
    SnapshotWriter(const SnapshotWriter&) = delete;
    SnapshotWriter& operator=(const SnapshotWriter&) = delete;

    // Appends to the body. After an error nothing but destruction makes sense.
    Status write(std::span<const std::byte> bytes);
    std::uint64_t body_bytes() const noexcept { return body_bytes_; }

    // The header, then the name: durable when it returns. Once. Replaces one of the same position.
    // facts.body_bytes and facts.path are not looked at.
    Status finish(const SnapshotFacts& facts);

private:
    SnapshotWriter(Storage& storage, const SnapshotWriterOptions& options,
                   std::unique_ptr<File> file);
    Status flush();
    Status check_room(std::uint64_t bytes);
    Status fail(Error error);

    Storage& storage_;
    const SnapshotWriterOptions options_;
    std::unique_ptr<File> file_;  // null: finished
    AlignedBuffer buffer_;
    std::size_t filled_bytes_ = 0;  // of the buffer
    std::uint64_t offset_bytes_;    // in the file: where the buffer goes
    std::uint64_t body_bytes_ = 0;
    StreamHash128 hash_;
    bool failed_ = false;
};

// Reads one snapshot. One thread.
class SnapshotReader {
public:
    // Checks everything that can be checked without the segments: name, header, identity, shard,
    // format, size, and the whole body against its hash. An error (damaged, io) says what is wrong.
    static Result<std::unique_ptr<SnapshotReader>> open(Storage& storage, const std::string& path,
                                                        const Identity& identity,
                                                        std::uint32_t shard);
    // As open(), but the body is still to be checked: about so many bytes per call of check_some(),
    // until it says true. Before that nothing is read.
    static Result<std::unique_ptr<SnapshotReader>> begin(Storage& storage, const std::string& path,
                                                         const Identity& identity,
                                                         std::uint32_t shard);
    Result<bool> check_some(std::uint64_t bytes_about);
    // The header alone, checked: much cheaper, and proof enough that its position was on disk.
    static Result<SnapshotFacts> look(Storage& storage, const std::string& path,
                                      const Identity& identity, std::uint32_t shard);

    SnapshotReader(const SnapshotReader&) = delete;
    SnapshotReader& operator=(const SnapshotReader&) = delete;
    ~SnapshotReader() = default;

    const SnapshotFacts& facts() const noexcept { return facts_; }
    // The next to.size() bytes of the body, which must be <= left().
    Status read(std::span<std::byte> to);
    std::uint64_t left() const noexcept { return facts_.body_bytes - read_bytes_; }
    // Back to the body's first byte.
    void rewind() noexcept;

private:
    SnapshotReader(std::unique_ptr<File> file, SnapshotFacts facts, const Hash128& body_hash);
    Status fill();

    std::unique_ptr<File> file_;
    SnapshotFacts facts_;
    const Hash128 body_hash_;
    std::unique_ptr<StreamHash128> checking_;  // null: the body is what it should be
    AlignedBuffer buffer_;
    std::uint64_t read_bytes_ = 0;  // of the body: handed out
    std::uint64_t buffer_at_ = 0;   // of the body: where the buffer begins
    std::uint64_t buffer_bytes_ = 0;
};

}  // namespace pawl::journal
