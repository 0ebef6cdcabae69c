// Scans the rest of the segments page by page.
#include "journal/evidence.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "journal/block.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 20;

class Scan {
public:
    Scan(const WalkOptions& options, std::uint64_t inflight_bytes_max)
        : options_(options),
          // One block, and the header page of the segment that it may have been the first of.
          window_bytes_(inflight_bytes_max + 2 * block_alignment_bytes) {}

    void page(const std::byte* bytes, std::uint64_t segment, std::uint64_t offset,
              std::uint64_t distance) {
        if (all_zero(bytes, block_alignment_bytes)) return;
        add_extent(segment, offset);
        const bool far = distance + block_alignment_bytes > window_bytes_;
        behind_.beyond = std::max(behind_.beyond, far ? Beyond::far : Beyond::near);
        BlockHeader block{};
        std::memcpy(&block, bytes, sizeof block);
        if (intact(block, inflight_bytes_limit) && block.identity == options_.identity &&
            block.shard == options_.shard)
            // One block in flight: a block says by its presence that what precedes it was on disk.
            durable(std::max(block.durable_position, block.first_position), segment, offset);
        SegmentHeader header{};
        std::memcpy(&header, bytes, sizeof header);
        if (intact(header) && header.identity == options_.identity &&
            header.shard == options_.shard)
            durable(header.durable_position, segment, offset);
    }
    Behind take() { return std::move(behind_); }
    void later(std::uint64_t segment) {
        auto& all = behind_.later;
        const auto is_in = [&](const Extent& extent) { return extent.segment == all.back(); };
        if (!all.empty() && std::none_of(behind_.extents.begin(), behind_.extents.end(), is_in))
            hole(segment_path(options_.directory, options_.shard, all.back()) +
                 " has only zeros, later segments are there");
        all.push_back(segment);
    }
    void resized(std::uint64_t segment) { behind_.resized.push_back(segment); }
    // A segment has its whole size before it has its name, and the next one is made only when its
    // header is on disk.
    void hole(std::string what) {
        if (behind_.hole.empty()) behind_.hole = std::move(what);
    }
    void hole_is_far() {
        if (!behind_.hole.empty()) behind_.beyond = Beyond::far;
    }

private:
    void durable(std::uint64_t position, std::uint64_t segment, std::uint64_t offset) {
        if (position <= behind_.durable.value) return;
        behind_.durable = Position{position};
        behind_.durable_source = segment_path(options_.directory, options_.shard, segment) +
                                 " offset " + std::to_string(offset);
    }
    void add_extent(std::uint64_t segment, std::uint64_t offset) {
        behind_.bytes += block_alignment_bytes;
        if (!behind_.extents.empty()) {
            auto& last = behind_.extents.back();
            PAWL_ASSERT(segment > last.segment || (segment == last.segment && offset >= last.end));
            if (last.segment == segment && last.end == offset) {
                last.end += block_alignment_bytes;
                return;
            }
        }
        behind_.extents.push_back({segment, offset, offset + block_alignment_bytes});
    }

    const WalkOptions& options_;
    std::uint64_t window_bytes_;
    Behind behind_;
};

}  // namespace

Result<Behind> look_behind(Storage& storage, const WalkOptions& options, const WalkEnd& end,
                           std::uint64_t inflight_bytes_max, bool ended_in_order) {
    auto listed = list_segments(storage, options.directory, options.shard);
    if (!listed.ok()) return listed.error();
    PAWL_ASSERT(end.tail.offset_bytes % block_alignment_bytes == 0);
    PAWL_ASSERT(inflight_bytes_max >= block_alignment_bytes);
    Scan scan(options, inflight_bytes_max);
    AlignedBuffer buffer(std::min<std::uint64_t>(read_bytes, options.segment_bytes));
    std::uint64_t distance = 0;
    std::uint64_t next_index = std::max<std::uint64_t>(end.tail.segment_index, 1);
    for (const std::uint64_t index : listed.value()) {
        if (index < end.tail.segment_index) continue;
        const std::string path = segment_path(options.directory, options.shard, index);
        if (index != next_index)
            scan.hole(segment_path(options.directory, options.shard, next_index) +
                      " is missing, later segments are there");
        next_index = index + 1;
        if (index > end.tail.segment_index) scan.later(index);
        std::unique_ptr<File> file;
        std::uint64_t bytes = 0;
        auto status = storage.open(path, OpenMode::read, file);
        if (status.ok()) status = file->size(bytes);
        if (!status.ok()) return storage_error(status, "read the segment", path);
        if (bytes != options.segment_bytes) scan.resized(index);
        if (bytes < options.segment_bytes)
            scan.hole(path + " has " + std::to_string(bytes) + " bytes, should have " +
                      std::to_string(options.segment_bytes));
        std::uint64_t offset = index == end.tail.segment_index ? end.tail.offset_bytes : 0;
        while (offset < bytes) {
            std::size_t got = 0;
            const auto wish = std::min<std::uint64_t>(buffer.size(), bytes - offset);
            status = file->read_at(offset, {buffer.data(), wish}, got);
            if (!status.ok()) return storage_error(status, "read the segment", path);
            if (got == 0) break;
            const std::uint64_t whole = rounded_up_to_block(got);
            std::memset(buffer.data() + got, 0, whole - got);
            for (std::uint64_t at = 0; at < whole; at += block_alignment_bytes)
                scan.page(buffer.data() + at, index, offset + at, distance + at);
            offset += whole;
            distance += whole;
        }
    }
    if (!ended_in_order) scan.hole_is_far();
    return scan.take();
}

}  // namespace pawl::journal
