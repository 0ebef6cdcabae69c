// Durable writes into a segment that nobody else writes to.
#include "journal/repair.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "journal/block.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

// A read that goes wrong now must not be written over what is right on the disk.
bool still_the_same(const std::byte* bytes, const WalkEnd& end) noexcept {
    if (end.last_offset_bytes == 0) {
        SegmentHeader header{};
        std::memcpy(&header, bytes, sizeof header);
        return intact(header) && header.header_hash == end.tail.block_hash &&
               all_zero(bytes + sizeof header, end.last_bytes - sizeof header);
    }
    BlockHeader header{};
    std::memcpy(&header, bytes, sizeof header);
    return intact(header, end.last_bytes) && header.block_bytes == end.last_bytes &&
           header.header_hash == end.tail.block_hash && payload_intact(bytes);
}

}  // namespace

Status write_last_again(Storage& storage, const WalkOptions& options, const WalkEnd& end) {
    if (end.last_bytes == 0) return Done{};
    PAWL_ASSERT(end.tail.segment_index != 0);
    PAWL_ASSERT(end.last_offset_bytes + end.last_bytes == end.tail.offset_bytes);
    const std::string path = segment_path(options.directory, options.shard, end.tail.segment_index);
    std::unique_ptr<File> file;
    AlignedBuffer buffer(end.last_bytes);
    std::size_t got = 0;
    auto status = storage.open(path, OpenMode::write, file);
    if (status.ok())
        status = file->read_at(end.last_offset_bytes, {buffer.data(), buffer.size()}, got);
    if (status.ok() && got != buffer.size()) status = {StorageFault::wrong_size, 0};
    if (status.ok() && !still_the_same(buffer.data(), end))
        return Error{ErrorCode::io,
                     path + ": offset " + std::to_string(end.last_offset_bytes) + ", shard " +
                         std::to_string(options.shard) +
                         ": the last block was good and reads differently a moment later: nothing "
                         "was changed; open again, and look at the disk"};
    if (status.ok())
        status = file->write_durable(end.last_offset_bytes, {buffer.data(), buffer.size()});
    if (!status.ok()) return storage_error(status, "write the last block again", path);
    return Done{};
}

Status zero_extent(Storage& storage, const WalkOptions& options, const Extent& extent) {
    const std::string path = segment_path(options.directory, options.shard, extent.segment);
    PAWL_ASSERT(extent.begin < extent.end);
    PAWL_ASSERT(extent.begin % block_alignment_bytes == 0);
    std::unique_ptr<File> file;
    auto status = storage.open(path, OpenMode::write, file);
    AlignedBuffer zeros(chunk_bytes);
    std::memset(zeros.data(), 0, zeros.size());
    for (std::uint64_t at = extent.begin; status.ok() && at < extent.end; at += chunk_bytes) {
        const auto bytes = std::min<std::uint64_t>(chunk_bytes, extent.end - at);
        status = file->write_durable(at, {zeros.data(), bytes});
    }
    if (!status.ok()) return storage_error(status, "zero what was cut", path);
    return Done{};
}

}  // namespace pawl::journal
