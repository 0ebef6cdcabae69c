// Looks for the next header that is intact, and takes it at its word about what precedes it.
#include "journal/gap.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "journal/block.hpp"
#include "journal/segment_files.hpp"
#include "journal/snapshot.hpp"

namespace pawl::journal {
namespace {

class Search {
public:
    Search(Storage& storage, const WalkOptions& options, const Manifest& manifest,
           const WalkEnd& end)
        : storage_(storage), options_(options), manifest_(manifest), end_(end), tail_(end.tail) {}

    Result<Gaps> run() {
        if (tail_.segment_index != 0)
            if (const auto status = look_in_segment(); !status.ok()) return status.error();
        if (const auto status = look_at_next_segment(); !status.ok()) return status.error();
        if (const auto status = ask_snapshots(); !status.ok()) return status.error();
        if (const auto status = ask_clean_end(); !status.ok()) return status.error();
        return std::move(gaps_);
    }

private:
    // Where the next block would stand, until a block can reach no farther.
    Status look_in_segment() {
        const std::uint64_t begin = tail_.offset_bytes;
        const std::uint64_t end =
            std::min(options_.segment_bytes, begin + inflight_bytes_limit + block_alignment_bytes);
        std::vector<std::byte> bytes;
        if (const auto status = read(tail_.segment_index, begin, end, bytes); !status.ok())
            return status;
        for (std::uint64_t at = 0; at + block_alignment_bytes <= bytes.size();
             at += block_alignment_bytes) {
            BlockHeader header{};
            std::memcpy(&header, bytes.data() + at, sizeof header);
            if (!is_ours(header) || header.generation != tail_.generation) continue;
            last_ours_ = at;
            if (at == 0)
                follow(header);
            else
                precede(header.first_position, header.previous_hash, header.previous_checksum,
                        header.epoch, at);
        }
        return Done{};
    }

    // A block that says itself what it is, only its payload is not that: torn, when it is the last.
    void follow(const BlockHeader& header) {
        if (header.first_position != tail_.position.value ||
            header.previous_hash != tail_.block_hash || header.previous_checksum != tail_.checksum)
            return;
        Gap gap = here(Position{header.first_position + header.payload_bytes}, header.block_bytes);
        gap.name = header.header_hash;
        gap.epoch_min = gap.epoch_max = header.epoch;
        add(gap);
    }

    // What comes next begins at `position`, `room` bytes behind here (0: in the next segment).
    void precede(std::uint64_t position, std::uint64_t name, std::uint32_t checksum,
                 std::uint64_t epoch, std::uint64_t room) {
        if (position <= tail_.position.value) return;
        gaps_.goes_on = newer_stands_ = true;
        if (position - tail_.position.value > inflight_bytes_limit) return;
        Gap gap = here(Position{position}, bytes_for(Position{position}));
        if (room != 0 && room != gap.bytes) return;
        if (room == 0 && last_ours_ >= gap.bytes) return;
        gap.name = name;
        gap.checksum = checksum;
        gap.epoch_max = std::max(end_.epoch, epoch);
        add(gap);
    }

    Status look_at_next_segment() {
        const std::uint64_t next = tail_.segment_index + 1;
        std::vector<std::byte> bytes;
        if (const auto status = read(next, 0, 2 * block_alignment_bytes, bytes); !status.ok())
            return status;
        if (bytes.size() < 2 * block_alignment_bytes) return Done{};
        SegmentHeader header{};
        std::memcpy(&header, bytes.data(), sizeof header);
        const bool good = intact(header) && header.identity == options_.identity &&
                          header.shard == options_.shard && header.index == next;
        if (good && tail_.segment_index != 0)
            precede(header.first_position, header.previous_hash, header.previous_checksum,
                    header.epoch, 0);
        BlockHeader block{};
        std::memcpy(&block, bytes.data() + block_alignment_bytes, sizeof block);
        if (good || !is_ours(block)) return Done{};
        gaps_.goes_on = newer_stands_ = true;
        if (block.first_position != tail_.position.value ||
            block.previous_checksum != tail_.checksum || block.generation <= tail_.generation)
            return Done{};
        Gap gap;
        gap.segment = next;
        gap.bytes = block_alignment_bytes;
        gap.generation = block.generation;
        gap.begin = gap.end = tail_.position;
        gap.name = block.previous_hash;
        gap.epoch_min = end_.epoch;
        gap.epoch_max = block.epoch;
        gaps_.possible.push_back(gap);
        return Done{};
    }

    // A snapshot names the block that it ends with.
    Status ask_snapshots() {
        auto listed = list_snapshots(storage_, options_.directory, options_.shard);
        if (!listed.ok()) return listed.error();
        for (const std::string& path : listed.value()) {
            auto looked = SnapshotReader::look(storage_, path, options_.identity, options_.shard);
            if (!looked.ok()) continue;
            const WalkFrom place = looked->from();
            if (place.tail.position <= tail_.position) continue;
            gaps_.goes_on = true;
            if (place.tail.segment_index != tail_.segment_index ||
                place.last_offset_bytes != tail_.offset_bytes)
                continue;
            Gap gap = here(place.tail.position, place.last_bytes);
            gap.name = place.tail.block_hash;
            gap.checksum = place.tail.checksum;
            gap.epoch_min = gap.epoch_max = place.epoch;
            add(gap);
        }
        return Done{};
    }

    // The last block of all has nobody behind it to name it: it must be the only one that is gone.
    Status ask_clean_end() {
        if (manifest_.clean.empty() || tail_.segment_index == 0) return Done{};
        const CleanMark& mark = manifest_.clean[options_.shard];
        if (mark.position <= tail_.position) return Done{};
        gaps_.goes_on = true;
        Gap gap = here(mark.position, bytes_for(mark.position));
        if (newer_stands_ || gap.bytes > manifest_.inflight_bytes_max) return Done{};
        auto zeros = zeros_from(gap.offset_bytes + gap.bytes);
        if (!zeros.ok()) return zeros.error();
        if (!*zeros) return Done{};
        gap.checksum = mark.checksum;
        for (const EpochBegin& reign : manifest_.epochs) {
            const Position begin = reign.positions[options_.shard];
            if (begin <= tail_.position)
                gap.epoch_min = reign.epoch;
            else if (begin < mark.position)
                return Done{};  // a block is of one reign
        }
        gap.epoch_max = gap.epoch_min;
        add(gap);
        return Done{};
    }

    Result<bool> zeros_from(std::uint64_t begin) {
        std::vector<std::byte> bytes;
        const std::uint64_t end = std::min(options_.segment_bytes, begin + inflight_bytes_limit);
        if (const auto status = read(tail_.segment_index, begin, end, bytes); !status.ok())
            return status.error();
        return all_zero(bytes.data(), bytes.size());
    }
    bool is_ours(const BlockHeader& header) const noexcept {
        return intact(header, inflight_bytes_limit) && header.identity == options_.identity &&
               header.shard == options_.shard;
    }
    std::uint64_t bytes_for(Position end) const noexcept {
        return rounded_up_to_block(sizeof(BlockHeader) + (end.value - tail_.position.value));
    }
    Gap here(Position end, std::uint64_t bytes) const noexcept {
        Gap gap;
        gap.segment = tail_.segment_index;
        gap.offset_bytes = tail_.offset_bytes;
        gap.bytes = bytes;
        gap.generation = tail_.generation;
        gap.begin = tail_.position;
        gap.end = end;
        gap.epoch_min = end_.epoch;
        return gap;
    }
    void add(const Gap& gap) {
        if (gap.offset_bytes + gap.bytes <= options_.segment_bytes) gaps_.possible.push_back(gap);
    }

    // Less than [begin, end) where the file ends before; nothing where there is none.
    Status read(std::uint64_t segment, std::uint64_t begin, std::uint64_t end,
                std::vector<std::byte>& bytes) {
        if (begin >= end) return Done{};  // the segment is full
        std::unique_ptr<File> file;
        auto status = open_segment(storage_, options_.directory, options_.shard, segment, file);
        if (status.fault == StorageFault::missing) return Done{};
        AlignedBuffer buffer(end - begin);
        std::size_t got = 0;
        if (status.ok()) status = file->read_at(begin, {buffer.data(), buffer.size()}, got);
        if (!status.ok())
            return storage_error(status, "read the segment",
                                 segment_path(options_.directory, options_.shard, segment));
        bytes.assign(buffer.data(), buffer.data() + got);
        return Done{};
    }

    Storage& storage_;
    const WalkOptions& options_;
    const Manifest& manifest_;
    const WalkEnd& end_;
    const StreamTail& tail_;
    bool newer_stands_ = false;    // an intact header of what comes later
    std::uint64_t last_ours_ = 0;  // the farthest intact header seen behind here
    Gaps gaps_;
};

}  // namespace

Result<Gaps> find_gaps(Storage& storage, const WalkOptions& options, const Manifest& manifest,
                       const WalkEnd& end) {
    return Search(storage, options, manifest, end).run();
}

}  // namespace pawl::journal
