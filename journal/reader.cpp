// Finds blocks by position, checks them whole, hands out their records.
#include "journal/reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "journal/block.hpp"
#include "journal/seal.hpp"
#include "journal/segment_files.hpp"
#include "journal/segment_walk.hpp"

namespace pawl::journal {

namespace {

constexpr std::size_t large_block_bytes = std::size_t{256} << 10;

}  // namespace

StreamReader::StreamReader(Storage& storage, ReaderOptions options)
    : storage_(storage),
      options_(std::move(options)),
      segments_(storage, options_.directory, options_.shard, options_.identity) {
    PAWL_ASSERT(options_.segment_bytes % block_alignment_bytes == 0);
}
StreamReader::~StreamReader() = default;

void StreamReader::seek(Position from) noexcept {
    PAWL_ASSERT(from.value % detail::record_alignment == 0);
    position_ = from;
    on_boundary_ = false;
}

Error StreamReader::lost(Position at) const {
    return Error{ErrorCode::damaged, "journal " + options_.directory + ": shard " +
                                         std::to_string(options_.shard) + ": position " +
                                         std::to_string(at.value) + " cannot be read: " + why_ +
                                         ": see 'pawl journal verify'"};
}

Error StreamReader::below_kept(Position at, Position first) const {
    return Error{ErrorCode::mismatch, "journal " + options_.directory + ": shard " +
                                          std::to_string(options_.shard) + ": position " +
                                          std::to_string(at.value) +
                                          " is below what is kept: the first position is " +
                                          std::to_string(first.value) +
                                          "; begin there, or put the removed segments back into " +
                                          archive_path(options_.directory, options_.shard)};
}

bool StreamReader::open_file(std::uint64_t index) {
    if (file_ != nullptr && file_index_ == index) return true;
    file_.reset();
    const auto status = open_segment(storage_, options_.directory, options_.shard, index, file_);
    if (!status.ok()) {
        const Error error = storage_error(status, "open the segment",
                                          segment_path(options_.directory, options_.shard, index));
        why_ = error.sentence;
        if (status.fault != StorageFault::missing) trouble_ = error;
        return false;
    }
    file_index_ = index;
    return true;
}

// An intact header of this segment's present life.
bool StreamReader::header_at(const SegmentIndex::Entry& segment, std::uint64_t offset,
                             BlockHeader& header) {
    if (offset + block_alignment_bytes > options_.segment_bytes) return false;
    std::size_t got = 0;
    const auto status = file_->read_at(offset, std::as_writable_bytes(std::span(&header, 1)), got);
    const std::uint64_t room =
        std::min(options_.segment_bytes - offset, options_.inflight_bytes_max);
    return status.ok() && got == sizeof header && intact(header, room) &&
           header.identity == options_.identity && header.shard == options_.shard &&
           header.generation == segment.generation;
}

// Halves the segment until little is left, then goes from header to header.
bool StreamReader::find_block(const SegmentIndex::Entry& segment, Position at,
                              std::uint64_t& offset) {
    if (!open_file(segment.index)) return false;
    std::uint64_t low = block_alignment_bytes;  // a block begins here, at or before `at`
    std::uint64_t high = options_.segment_bytes;
    BlockHeader header{};
    while (high - low > 64 * block_alignment_bytes) {
        const std::uint64_t middle = rounded_up_to_block(low + (high - low) / 2);
        std::uint64_t probe = middle;
        const std::uint64_t probe_end = std::min(high, middle + options_.inflight_bytes_max);
        while (probe < probe_end && !header_at(segment, probe, header))
            probe += block_alignment_bytes;
        if (probe < probe_end && header.first_position <= at.value)
            low = probe;
        else
            high = middle;
    }
    while (header_at(segment, low, header)) {
        if (at.value < header.first_position) break;
        if (at.value < header.first_position + header.payload_bytes) {
            offset = low;
            return true;
        }
        low += header.block_bytes;
    }
    why_ = segment_path(options_.directory, options_.shard, segment.index) + ": offset " +
           std::to_string(low) + ": no good block";
    return false;
}

bool StreamReader::load_at(const SegmentIndex::Entry& segment, std::uint64_t offset, Place& place) {
    if (!open_file(segment.index)) return false;
    BlockHeader header{};
    const auto refuse = [&](const std::string& what) {
        why_ = segment_path(options_.directory, options_.shard, segment.index) + ": offset " +
               std::to_string(offset) + ": " + what;
        place.first = place.end = Position{};
        return false;
    };
    if (!header_at(segment, offset, header)) return refuse("no good block");
    if (place.memory == nullptr || place.memory->size() < header.block_bytes)
        place.memory = std::make_unique<AlignedBuffer>(header.block_bytes);
    const std::span<std::byte> block(place.memory->data(), header.block_bytes);
    place.block = block;
    std::size_t got = 0;
    // Many small ones are fetched ahead of the reader by the system; a large one would only be
    // copied through its memory.
    const auto status = block.size() >= large_block_bytes ? file_->read_once(offset, block, got)
                                                          : file_->read_at(offset, block, got);
    if (!status.ok() || got != block.size()) return refuse("the block cannot be read");
    if (std::memcmp(place.block.data(), &header, sizeof header) != 0 ||
        !payload_intact(place.block.data()))
        return refuse("the block's payload is not intact");
    const std::byte* const payload = place.block.data() + sizeof(BlockHeader);
    detail::RecordHeader first{};
    if (header.payload_bytes < sizeof first) return refuse("the block is too short");
    std::memcpy(&first, payload, sizeof first);
    RecordPoint point{header.previous_checksum,
                      first.event_count == 0 ? first.sequence : first.sequence - 1, 0};
    const auto run =
        walk_records(payload, header.payload_bytes, point, [](const std::byte*, std::uint64_t) {});
    if (run.fault != RecordFault::none)
        return refuse("the record " + std::to_string(run.good_bytes) +
                      " bytes into the block is not good: " + to_string(run.fault));
    place.segment = segment.index;
    place.offset = offset;
    place.first = Position{header.first_position};
    place.end = Position{header.first_position + header.payload_bytes};
    return true;
}

// The block right behind the one in `place`, the usual case.
bool StreamReader::load_next(Place& place) {
    if (place.block.empty() || place.first == place.end) return false;
    const SegmentIndex::Entry* const segment = segments_.known(place.segment);
    if (segment == nullptr) return false;
    const Position expected = place.end;
    return load_at(*segment, place.offset + place.block.size(), place) && place.first == expected;
}

Status StreamReader::load(Position at, Place& place) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        trouble_.reset();
        why_ = "no segment holds it";
        const auto segment = segments_.find(at);
        std::uint64_t offset = 0;
        if (segment && find_block(*segment, at, offset) && load_at(*segment, offset, place) &&
            place.holds(at))
            return Done{};
        if (segments_.trouble()) trouble_ = segments_.trouble();
        // Others may have come into use meanwhile, and the lowest ones gone.
        if (const auto status = segments_.list(); !status.ok()) return status;
    }
    if (trouble_) return *trouble_;
    const auto lowest = segments_.lowest();
    if (!lowest.ok()) return lowest.error();
    if (*lowest && at < (*lowest)->first) return below_kept(at, (*lowest)->first);
    return lost(at);
}

Result<WalkFrom> StreamReader::place_at_begin_of(const SegmentIndex::Entry& segment) const {
    WalkOptions options;
    options.directory = options_.directory;
    options.shard = options_.shard;
    options.identity = options_.identity;
    options.segment_bytes = options_.segment_bytes;
    options.epoch_max = ~std::uint64_t{0};
    return place_in_segment(storage_, options, segment.index);
}

// Where a record begins in a loaded block; null when none begins there.
const std::byte* StreamReader::find_record(const Place& place, Position at) const {
    PAWL_ASSERT(place.holds(at));
    std::uint64_t position = place.first.value;
    const std::byte* bytes = place.block.data() + sizeof(BlockHeader);
    while (position < at.value) {
        const std::size_t length = detail::RecordView(bytes).length();
        position += length;
        bytes += length;
    }
    return position == at.value ? bytes : nullptr;
}

Result<const std::byte*> StreamReader::at_place() {
    if (!place_.holds(position_)) {
        const bool followed = position_ == place_.end && load_next(place_);
        if (!followed) {
            // Another block than expected: whether a record begins here is not known any more.
            on_boundary_ = false;
            if (const auto status = load(position_, place_); !status.ok()) return status.error();
        }
    }
    const std::byte* bytes =
        place_.block.data() + sizeof(BlockHeader) + (position_.value - place_.first.value);
    if (!on_boundary_ && position_ != place_.first) bytes = find_record(place_, position_);
    if (bytes == nullptr) {
        why_ = "no record begins there: it is not a position that was handed out";
        return lost(position_);
    }
    on_boundary_ = true;
    return bytes;
}

Result<RecordAt> StreamReader::next(Position end) {
    if (position_ >= end) return RecordAt{};
    const auto bytes = at_place();
    if (!bytes.ok()) return bytes.error();
    const Position behind{position_.value + detail::RecordView(*bytes).length()};
    PAWL_ASSERT(behind <= place_.end);
    if (behind > end) return RecordAt{};
    const RecordAt found{*bytes, position_, behind};
    position_ = behind;
    return found;
}

Result<RecordsAt> StreamReader::next_run(Position end, std::size_t bytes_max, bool or_one) {
    if (position_ >= end) return RecordsAt{};
    const auto bytes = at_place();
    if (!bytes.ok()) return bytes.error();
    const std::uint64_t left = std::min(end, place_.end).value - position_.value;
    RecordsAt found{{}, position_};
    std::uint64_t taken = 0;
    while (taken < left) {
        const detail::RecordView record(*bytes + taken);
        const std::uint64_t behind = taken + record.length();
        if (behind > left || (behind > bytes_max && !(or_one && taken == 0))) break;
        found.last_checksum = record.header().checksum;
        taken = behind;
    }
    found.records = {*bytes, taken};
    position_.value += taken;
    return found;
}

Result<std::optional<std::uint32_t>> StreamReader::checksum_before(Position at) {
    if (at.value % detail::record_alignment != 0) return std::optional<std::uint32_t>{};
    if (at.value == 0) return std::optional(chain_seed(options_.identity, options_.shard));
    const Position inside{at.value - detail::record_alignment};
    if (!aside_.holds(inside)) {
        if (const auto status = load(inside, aside_); !status.ok()) {
            // The first position that is kept: what is below is gone, its checksum is not.
            const auto lowest = segments_.lowest();
            if (!lowest.ok()) return lowest.error();
            if (!*lowest || (*lowest)->first != at) return status.error();
            auto place = place_at_begin_of(**lowest);
            if (!place.ok()) return place.error();
            return std::optional(place->tail.checksum);
        }
    }
    std::uint64_t position = aside_.first.value;
    const std::byte* bytes = aside_.block.data() + sizeof(BlockHeader);
    while (position < at.value) {
        const detail::RecordView record(bytes);
        position += record.length();
        bytes += record.length();
        if (position == at.value) return std::optional(record.header().checksum);
    }
    return std::optional<std::uint32_t>{};
}

Status StreamReader::read_record(Position at, std::vector<std::byte>& bytes) {
    const Place* place = place_.holds(at) ? &place_ : &aside_;
    if (!place->holds(at))
        if (const auto status = load(at, aside_); !status.ok()) return status;
    const std::byte* const found = find_record(*place, at);
    if (found == nullptr) {
        why_ = "no record begins there: it is not a position that was handed out";
        return lost(at);
    }
    bytes.assign(found, found + detail::RecordView(found).length());
    return Done{};
}

}  // namespace pawl::journal
