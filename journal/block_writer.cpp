// Fills one aligned buffer with whole records, seals it, writes it durably. One block in flight,
// never more.
#include "journal/block_writer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pawl::journal {
namespace {

std::unique_ptr<AlignedBuffer> block_buffer(const BlockWriterOptions& options) {
    return std::make_unique<AlignedBuffer>(
        std::min(options.inflight_bytes_max, options.segment_bytes - block_alignment_bytes));
}

}  // namespace

void form_segment_header(std::byte* page, const BlockWriterOptions& options, const StreamTail& tail,
                         std::uint64_t index, std::uint64_t generation) noexcept {
    std::memset(page, 0, block_alignment_bytes);
    auto& header = *reinterpret_cast<SegmentHeader*>(page);
    header.magic = segment_magic;
    header.previous_hash = tail.block_hash;
    header.first_position = tail.position.value;
    header.durable_position = tail.position.value;
    header.identity = options.identity;
    header.generation = generation;
    header.epoch = options.epoch;
    header.segment_bytes = options.segment_bytes;
    header.index = index;
    header.last_sequence = tail.sequence.value;
    header.last_time_ns = tail.time_ns;
    header.format = format_version;
    header.shard = options.shard;
    header.previous_checksum = tail.checksum;
    header.header_hash = hash_of(header);
}

std::uint64_t form_block(std::byte* block, const BlockWriterOptions& options,
                         const StreamTail& tail, std::span<const std::byte> records,
                         const RecordPoint& last, std::uint32_t count) noexcept {
    const std::uint64_t block_bytes = rounded_up_to_block(sizeof(BlockHeader) + records.size());
    std::byte* const payload = block + sizeof(BlockHeader);
    std::memcpy(payload, records.data(), records.size());
    std::memset(payload + records.size(), 0, block_bytes - sizeof(BlockHeader) - records.size());
    auto& header = *reinterpret_cast<BlockHeader*>(block);
    header = BlockHeader{};
    header.magic = block_magic;
    header.previous_hash = tail.block_hash;
    header.first_position = tail.position.value;
    // One block in flight: everything before this one is on disk.
    header.durable_position = tail.position.value;
    header.identity = options.identity;
    header.generation = tail.generation;
    header.epoch = options.epoch;
    header.last_sequence = last.sequence;
    header.last_time_ns = last.time_ns;
    header.payload_bytes = static_cast<std::uint32_t>(records.size());
    header.block_bytes = static_cast<std::uint32_t>(block_bytes);
    header.shard = options.shard;
    header.previous_checksum = tail.checksum;
    header.record_count = count;
    seal_block(block);
    return block_bytes;
}

BlockWriter::BlockWriter(BlockWriterOptions options, StreamTail tail, std::unique_ptr<File> file)
    : options_(options), tail_(tail), file_(std::move(file)), buffer_(block_buffer(options)) {
    PAWL_ASSERT((tail.segment_index == 0) == (file_ == nullptr));
    PAWL_ASSERT(tail.offset_bytes % block_alignment_bytes == 0);
    PAWL_ASSERT(tail.offset_bytes <= options.segment_bytes);
}

void BlockWriter::begin_reign(std::uint64_t epoch, std::uint64_t inflight_bytes_max) {
    PAWL_ASSERT(epoch > options_.epoch);
    options_.epoch = epoch;
    options_.inflight_bytes_max = inflight_bytes_max;
    buffer_ = block_buffer(options_);
}

std::uint64_t BlockWriter::room_left_bytes() const noexcept {
    return file_ == nullptr ? 0 : options_.segment_bytes - tail_.offset_bytes;
}

WriteOutcome BlockWriter::fail(Error error) {
    failed_ = true;
    failure_ = std::move(error);
    failure_.sentence += ": nothing is retried, the shard stops at position " +
                         std::to_string(tail_.position.value) +
                         "; replace the disk or free it, then open the directory again";
    return WriteOutcome::failed;
}

WriteOutcome BlockWriter::open_segment(SegmentPreparer& preparer) {
    auto prepared = preparer.take();
    if (prepared.file == nullptr) return WriteOutcome::no_segment;
    PAWL_ASSERT(prepared.index == tail_.segment_index + 1);
    form_segment_header(buffer_->data(), options_, tail_, prepared.index, tail_.generation + 1);
    const auto& header = *reinterpret_cast<const SegmentHeader*>(buffer_->data());
    const auto status = prepared.file->write_durable(0, {buffer_->data(), block_alignment_bytes});
    if (!status.ok())
        return fail(storage_error(status, "write the segment's header", prepared.file->path()));
    preparer.in_use();
    file_ = std::move(prepared.file);
    tail_.block_hash = header.header_hash;
    tail_.generation = header.generation;
    tail_.segment_index = prepared.index;
    tail_.offset_bytes = block_alignment_bytes;
    return WriteOutcome::written;
}

// Copies the longest run of whole records that fits a block of room_bytes; returns its size. Checks
// each record against the chain on the way: memory that was overwritten must not become a durable
// truth.
std::uint64_t BlockWriter::fill(const std::byte* records, std::uint64_t bytes,
                                std::uint64_t room_bytes) {
    const std::uint64_t limit = std::min<std::uint64_t>(room_bytes, buffer_->size());
    if (limit < block_alignment_bytes) return 0;
    const std::uint64_t payload_max = limit - sizeof(BlockHeader);
    RecordPoint point{tail_.checksum, tail_.sequence.value, tail_.time_ns};
    std::uint64_t used = 0;
    std::uint32_t count = 0;
    while (used < bytes) {
        const std::byte* const at = records + used;
        const auto& record = *reinterpret_cast<const detail::RecordHeader*>(at);
        if (bytes - used >= sizeof record && record.length > payload_max - used) break;
        const auto fault = check_record(at, bytes - used, point);
        if (fault != RecordFault::none) {
            fail(Error{ErrorCode::stopped,
                       "shard " + std::to_string(options_.shard) + ": the record at position " +
                           std::to_string(tail_.position.value + used) +
                           " was damaged in memory before it was written: " + to_string(fault)});
            return 0;
        }
        point = RecordPoint{record.checksum, last_sequence_of(record), record.decided_ns};
        used += record.length;
        ++count;
    }
    if (used == 0) return 0;
    form_block(buffer_->data(), options_, tail_, {records, used}, point, count);
    filled_checksum_ = point.checksum;
    return used;
}

WriteOutcome BlockWriter::write(const std::byte* records, std::uint64_t bytes,
                                SegmentPreparer& preparer) {
    PAWL_ASSERT(bytes != 0 && bytes % detail::record_alignment == 0);
    if (failed_) return WriteOutcome::failed;
    std::uint64_t used = fill(records, bytes, room_left_bytes());
    if (failed_) return WriteOutcome::failed;
    if (used == 0) {
        if (const auto outcome = open_segment(preparer); outcome != WriteOutcome::written)
            return outcome;
        used = fill(records, bytes, room_left_bytes());
        if (failed_) return WriteOutcome::failed;
        PAWL_ASSERT(used != 0 && "a record is larger than record_bytes_max: refuse it earlier");
    }
    const auto& header = *reinterpret_cast<const BlockHeader*>(buffer_->data());
    const auto status =
        file_->write_durable(tail_.offset_bytes, {buffer_->data(), header.block_bytes});
    if (!status.ok()) return fail(storage_error(status, "write a block", file_->path()));
    last_block_bytes_ = header.block_bytes;
    tail_.position.value += used;
    tail_.checksum = filled_checksum_;
    tail_.sequence = Sequence{header.last_sequence};
    tail_.time_ns = header.last_time_ns;
    tail_.block_hash = header.header_hash;
    tail_.offset_bytes += header.block_bytes;
    return WriteOutcome::written;
}

}  // namespace pawl::journal
