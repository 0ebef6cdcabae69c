// Where a walk may begin: what stands in the segments there, checked whole.
#include <memory>
#include <utility>

#include "journal/block.hpp"
#include "journal/segment_walk.hpp"

namespace pawl::journal {
namespace {

// One segment that is looked at without the ones before it.
class Place {
public:
    Place(Storage& storage, const WalkOptions& options, std::uint64_t index)
        : storage_(storage), options_(options), index_(index) {}

    // What is wrong, in why(); a fault of the storage, in status().
    bool open() {
        path_ = segment_path(options_.directory, options_.shard, index_);
        status_ = open_segment(storage_, options_.directory, options_.shard, index_, file_);
        if (status_.fault == StorageFault::missing) {
            status_ = {};
            return refuse("it is missing");
        }
        if (!status_.ok()) return false;
        path_ = file_->path();
        return read_header();
    }

    bool behind_header(const WalkFrom& from) {
        const StreamTail& tail = from.tail;
        const WalkFrom here = after_header();
        if (from.last_bytes != here.last_bytes || tail.offset_bytes != here.tail.offset_bytes ||
            tail.block_hash != here.tail.block_hash || tail.position != here.tail.position ||
            tail.checksum != here.tail.checksum || tail.sequence != here.tail.sequence ||
            tail.time_ns != here.tail.time_ns || tail.generation != here.tail.generation ||
            from.epoch != here.epoch)
            return refuse("the segment's header is not the one that was there");
        return true;
    }

    bool behind_block(const WalkFrom& from) {
        const StreamTail& tail = from.tail;
        const std::uint64_t offset = from.last_offset_bytes;
        if (offset >= options_.segment_bytes || from.last_bytes > inflight_bytes_limit ||
            from.last_bytes > options_.segment_bytes - offset ||
            from.last_bytes < block_alignment_bytes ||
            tail.offset_bytes != offset + from.last_bytes)
            return refuse("no block has such a place");
        AlignedBuffer buffer(from.last_bytes);
        std::size_t got = 0;
        status_ = file_->read_at(offset, {buffer.data(), buffer.size()}, got);
        if (!status_.ok()) return false;
        const auto& block = *reinterpret_cast<const BlockHeader*>(buffer.data());
        if (got != buffer.size() || !intact(block, buffer.size()) || !payload_intact(buffer.data()))
            return refuse("offset " + std::to_string(offset) + ": the block is not intact");
        if (block.header_hash != tail.block_hash || block.block_bytes != from.last_bytes ||
            block.identity != options_.identity || block.shard != options_.shard ||
            block.generation != tail.generation || block.epoch != from.epoch ||
            block.first_position + block.payload_bytes != tail.position.value)
            return refuse("offset " + std::to_string(offset) +
                          ": the block is not the one that was there");
        return ends_with(buffer.data(), tail);
    }

    WalkFrom after_header() const {
        WalkFrom from;
        from.tail.position = Position{header_.first_position};
        from.tail.checksum = header_.previous_checksum;
        from.tail.sequence = Sequence{header_.last_sequence};
        from.tail.time_ns = header_.last_time_ns;
        from.tail.block_hash = header_.header_hash;
        from.tail.segment_index = index_;
        from.tail.generation = header_.generation;
        from.tail.offset_bytes = block_alignment_bytes;
        from.epoch = header_.epoch;
        return from;
    }

    const std::string& why() const noexcept { return why_; }
    bool storage_failed() const noexcept { return !status_.ok(); }
    Error storage_fault() const { return storage_error(status_, "read the segment", path_); }

private:
    bool refuse(const std::string& what) {
        why_ = path_ + ": " + what;
        return false;
    }

    bool read_header() {
        std::size_t got = 0;
        status_ = file_->read_at(0, std::as_writable_bytes(std::span(&header_, 1)), got);
        if (!status_.ok()) return false;
        if (got != sizeof header_ || !intact(header_))
            return refuse("the segment's header is not intact");
        if (header_.identity != options_.identity || header_.shard != options_.shard)
            return refuse("the segment belongs to another directory or shard");
        if (header_.format != format_version || header_.segment_bytes != options_.segment_bytes ||
            header_.index != index_ || header_.epoch > options_.epoch_max)
            return refuse("the segment's header is not what the manifest and its name say");
        return true;
    }

    // The block's records are good, and the last of them is where the chain stands.
    bool ends_with(const std::byte* bytes, const StreamTail& tail) {
        const auto& block = *reinterpret_cast<const BlockHeader*>(bytes);
        const std::byte* const payload = bytes + sizeof(BlockHeader);
        const auto& first = *reinterpret_cast<const detail::RecordHeader*>(payload);
        RecordPoint point{block.previous_checksum,
                          first.event_count == 0 ? first.sequence : first.sequence - 1, 0};
        const auto run = walk_records(payload, block.payload_bytes, point,
                                      [](const std::byte*, std::uint64_t) {});
        if (run.fault != RecordFault::none || point.checksum != tail.checksum ||
            point.sequence != tail.sequence.value || point.time_ns != tail.time_ns)
            return refuse("the records do not end where they ended");
        return true;
    }

    Storage& storage_;
    const WalkOptions& options_;
    const std::uint64_t index_;
    std::unique_ptr<File> file_;
    SegmentHeader header_{};
    StorageStatus status_;
    std::string path_;
    std::string why_;
};

}  // namespace

WalkFrom continued(const WalkEnd& end) {
    PAWL_ASSERT(end.tail.segment_index != 0);
    return {end.tail, end.last_offset_bytes, end.last_bytes, end.epoch};
}

Result<std::string> place_fault(Storage& storage, const WalkOptions& options,
                                const WalkFrom& from) {
    PAWL_ASSERT(from.tail.segment_index != 0);
    Place place(storage, options, from.tail.segment_index);
    if (place.open()) {
        const bool holds =
            from.last_offset_bytes == 0 ? place.behind_header(from) : place.behind_block(from);
        if (holds) return std::string{};
    }
    if (place.storage_failed()) return place.storage_fault();
    PAWL_ASSERT(!place.why().empty());
    return place.why();
}

Result<WalkFrom> place_in_segment(Storage& storage, const WalkOptions& options,
                                  std::uint64_t index) {
    Place place(storage, options, index);
    if (place.open()) return place.after_header();
    if (place.storage_failed()) return place.storage_fault();
    return Error{ErrorCode::damaged, place.why() + ": restore it from a copy or a standby"};
}

}  // namespace pawl::journal
