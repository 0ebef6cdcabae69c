// The steps of a cut, each of which may have been done before: snapshots and segments behind it go
// to the quarantine, the last one is written anew up to it.
#include <algorithm>
#include <cstring>
#include <memory>

#include "journal/block.hpp"
#include "journal/cut_place.hpp"
#include "journal/interrupted.hpp"
#include "journal/quarantine.hpp"
#include "journal/segment_files.hpp"
#include "journal/snapshot.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

Error bad(const std::string& path, std::uint64_t offset, const std::string& what) {
    return Error{ErrorCode::damaged, path + ": offset " + std::to_string(offset) + ": " + what +
                                         ": the cut stops here; restore the segment from a copy"};
}

Result<SegmentHeader> read_segment_header(File& file, const std::string& path) {
    SegmentHeader header{};
    std::size_t got = 0;
    const auto status = file.read_at(0, std::as_writable_bytes(std::span(&header, 1)), got);
    if (!status.ok()) return storage_error(status, "read the segment", path);
    if (got != sizeof header) header = SegmentHeader{};
    return header;
}

class ShardSteps {
public:
    ShardSteps(Storage& storage, const std::string& directory, const Manifest& wanted,
               std::uint32_t shard)
        : storage_(storage),
          directory_(directory),
          wanted_(wanted),
          shard_(shard),
          end_(wanted.clean.at(shard).position) {}

    Status run() {
        if (auto status = clear_snapshots(); !status.ok()) return status;
        auto place = find_cut(storage_, directory_, wanted_, shard_, end_);
        if (!place.ok()) return place.error();
        if (auto status = clear_segments(place->segment); !status.ok()) return status;
        if (place->segment == 0) return Done{};
        if (!place->archived && place->offset == place->blocks_end) return Done{};
        if (auto status = write_anew(*place); !status.ok()) return status;
        if (!place->archived) return Done{};
        return aside(archived_segment_path(directory_, shard_, place->segment),
                     segment_name(place->segment));
    }

private:
    Status aside(const std::string& path, const std::string& name) {
        auto moved =
            set_file_aside(storage_, directory_, path, "s" + std::to_string(shard_) + "-" + name);
        if (!moved.ok()) return moved.error();
        return Done{};
    }

    // They hold what was never so.
    Status clear_snapshots() {
        remove_unfinished_snapshot(storage_, directory_, shard_);
        auto snapshots = list_snapshots(storage_, directory_, shard_);
        if (!snapshots.ok()) return snapshots.error();
        for (const auto& path : *snapshots) {
            Position position;
            const std::string name = path.substr(path.rfind('/') + 1);
            if (!snapshot_position(name, position) || position <= end_) continue;
            if (auto status = aside(path, name); !status.ok()) return status;
        }
        return Done{};
    }

    // Those behind the one that stays; the last first.
    Status clear_segments(std::uint64_t last) {
        auto here = list_segments(storage_, directory_, shard_);
        auto archived = list_archived_segments(storage_, directory_, shard_);
        if (!here.ok()) return here.error();
        if (!archived.ok()) return archived.error();
        for (auto index = here->rbegin(); index != here->rend() && *index > last; ++index)
            if (auto status = clear(segment_path(directory_, shard_, *index), *index); !status.ok())
                return status;
        for (auto index = archived->rbegin(); index != archived->rend() && *index > last; ++index)
            if (auto status = clear(archived_segment_path(directory_, shard_, *index), *index);
                !status.ok())
                return status;
        return Done{};
    }

    // One that was prepared and never used holds nothing.
    Status clear(const std::string& path, std::uint64_t index) {
        std::unique_ptr<File> file;
        if (const auto status = storage_.open(path, OpenMode::read, file); !status.ok())
            return storage_error(status, "read the segment", path);
        auto header = read_segment_header(*file, path);
        if (!header.ok()) return header.error();
        file.reset();
        if (!all_zero(reinterpret_cast<const std::byte*>(&*header), sizeof(SegmentHeader)))
            return aside(path, segment_name(index));
        if (const auto status = storage_.remove(path); !status.ok())
            return storage_error(status, "remove the unused segment", path);
        return Done{};
    }

    // A block is never shortened where it stands: dying meanwhile would tear what stays. The name
    // moves from the old file to the new one at once.
    Status write_anew(const CutPlace& place) {
        const std::string path = segment_path(directory_, shard_, place.segment);
        const std::string unborn = path + ".new";
        static_cast<void>(storage_.remove(unborn));
        std::unique_ptr<File> from;
        std::unique_ptr<File> to;
        auto status = storage_.open(place.path, OpenMode::read, from);
        if (!status.ok()) return storage_error(status, "read the segment", place.path);
        std::unique_ptr<AlignedBuffer> block;
        if (place.offset < place.blocks_end && place.offset_position < end_) {
            auto made = shorten(*from, place);
            if (!made.ok()) return made.error();
            block = std::move(made).value();
        }
        status = storage_.open(unborn, OpenMode::create, to);
        if (status.ok()) status = copy(*from, *to, place.offset);
        std::uint64_t at = place.offset;
        if (status.ok() && block != nullptr) {
            status = to->write_durable(at, {block->data(), block->size()});
            at += block->size();
        }
        if (status.ok()) status = zero(*to, at, wanted_.segment_bytes);
        if (status.ok()) status = to->sync();
        if (status.ok()) status = storage_.rename(unborn, path);
        if (status.ok()) status = storage_.sync_directory(shard_path(directory_, shard_));
        if (!status.ok()) return storage_error(status, "write the segment anew", unborn);
        return Done{};
    }

    static StorageStatus copy(File& from, File& to, std::uint64_t bytes) {
        AlignedBuffer buffer(chunk_bytes);
        for (std::uint64_t at = 0; at < bytes;) {
            const auto wish = std::min<std::uint64_t>(chunk_bytes, bytes - at);
            std::size_t got = 0;
            auto status = from.read_at(at, {buffer.data(), wish}, got);
            if (status.ok() && got != wish) status = {StorageFault::wrong_size, 0};
            if (status.ok()) status = to.write_durable(at, {buffer.data(), wish});
            if (!status.ok()) return status;
            at += wish;
        }
        return {};
    }

    static StorageStatus zero(File& to, std::uint64_t begin, std::uint64_t end) {
        AlignedBuffer zeros(chunk_bytes);
        std::memset(zeros.data(), 0, zeros.size());
        for (std::uint64_t at = begin; at < end;) {
            const auto part = std::min<std::uint64_t>(chunk_bytes, end - at);
            if (const auto status = to.write_durable(at, {zeros.data(), part}); !status.ok())
                return status;
            at += part;
        }
        return {};
    }

    // The block that the cut is in, with the records below it.
    Result<std::unique_ptr<AlignedBuffer>> shorten(File& from, const CutPlace& place) {
        BlockHeader header{};
        std::size_t got = 0;
        auto status =
            from.read_at(place.offset, std::as_writable_bytes(std::span(&header, 1)), got);
        if (!status.ok()) return storage_error(status, "read the segment", place.path);
        AlignedBuffer whole(header.block_bytes);
        status = from.read_at(place.offset, {whole.data(), whole.size()}, got);
        if (!status.ok()) return storage_error(status, "read the segment", place.path);
        if (got != whole.size() || !intact(header, whole.size()) || !payload_intact(whole.data()))
            return bad(place.path, place.offset, "the block is not intact");
        const std::byte* const payload = whole.data() + sizeof header;
        const auto& first = *reinterpret_cast<const detail::RecordHeader*>(payload);
        RecordPoint point{header.previous_checksum,
                          first.event_count == 0 ? first.sequence : first.sequence - 1, 0};
        const std::uint64_t bytes = end_.value - header.first_position;
        const auto run =
            walk_records(payload, bytes, point, [](const std::byte*, std::uint64_t) {});
        if (run.fault != RecordFault::none || point.checksum != wanted_.clean[shard_].checksum)
            return bad(place.path, place.offset,
                       "no record ends at position " + std::to_string(end_.value));
        auto block = std::make_unique<AlignedBuffer>(rounded_up_to_block(sizeof header + bytes));
        std::memset(block->data(), 0, block->size());
        std::memcpy(block->data() + sizeof header, payload, bytes);
        header.payload_bytes = static_cast<std::uint32_t>(bytes);
        header.block_bytes = static_cast<std::uint32_t>(block->size());
        header.record_count = static_cast<std::uint32_t>(run.records);
        header.last_sequence = point.sequence;
        header.last_time_ns = point.time_ns;
        std::memcpy(block->data(), &header, sizeof header);
        seal_block(block->data());
        return block;
    }

    Storage& storage_;
    const std::string& directory_;
    const Manifest& wanted_;
    const std::uint32_t shard_;
    const Position end_;
};

}  // namespace

Result<CutPlace> find_cut(Storage& storage, const std::string& directory, const Manifest& manifest,
                          std::uint32_t shard, Position at) {
    auto here = list_segments(storage, directory, shard);
    auto all = list_readable_segments(storage, directory, shard);
    if (!here.ok()) return here.error();
    if (!all.ok()) return all.error();
    CutPlace place;
    for (auto index = all->rbegin(); index != all->rend(); ++index) {
        std::unique_ptr<File> file;
        const auto opened = open_segment(storage, directory, shard, *index, file);
        if (!opened.ok())
            return storage_error(opened, "read the segment",
                                 segment_path(directory, shard, *index));
        auto segment = read_segment_header(*file, file->path());
        if (!segment.ok()) return segment.error();
        if (!intact(*segment) || segment->first_position > at.value) continue;
        place.segment = *index;
        place.archived = !std::binary_search(here->begin(), here->end(), *index);
        place.path = file->path();
        place.first_position = Position{segment->first_position};
        place.offset = place.blocks_end = block_alignment_bytes;
        place.offset_position = place.first_position;
        while (place.blocks_end + block_alignment_bytes <= manifest.segment_bytes) {
            BlockHeader header{};
            std::size_t got = 0;
            const auto status =
                file->read_at(place.blocks_end, std::as_writable_bytes(std::span(&header, 1)), got);
            if (!status.ok()) return storage_error(status, "read the segment", place.path);
            if (got != sizeof header || header.generation != segment->generation ||
                !intact(header, manifest.segment_bytes - place.blocks_end))
                break;
            place.blocks_end += header.block_bytes;
            if (header.first_position + header.payload_bytes > at.value) continue;
            place.offset = place.blocks_end;
            place.offset_position = Position{header.first_position + header.payload_bytes};
        }
        return place;
    }
    return place;
}

Status carry_out_cut(Storage& storage, const std::string& directory, const Manifest& wanted) {
    if (wanted.clean.size() != wanted.shards)
        return Error{ErrorCode::damaged,
                     "journal " + directory + ": the note of its cut says no ends: remove it"};
    for (std::uint32_t shard = 0; shard < wanted.shards; ++shard)
        if (auto status = ShardSteps(storage, directory, wanted, shard).run(); !status.ok())
            return status;
    return Done{};
}

}  // namespace pawl::journal
