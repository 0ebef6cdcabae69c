// What makes a block and a run of records good. Knows bytes and what they must follow; not files.
#pragma once

#include <cstddef>
#include <cstdint>

#include "journal/layout.hpp"
#include "journal/seal.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::journal {

// Name of a header: what the next block calls its previous one.
std::uint64_t hash_of(const BlockHeader& header) noexcept;
std::uint64_t hash_of(const SegmentHeader& header) noexcept;

// Fills in both hashes of a finished block: header, payload and zero padding must be there.
void seal_block(std::byte* block) noexcept;

// A header that some journal wrote whole: magic, hash, and sizes that make sense within
// `room_bytes`.
bool intact(const BlockHeader& header, std::uint64_t room_bytes) noexcept;
bool intact(const SegmentHeader& header) noexcept;

// Whether an intact header's payload, which must be in memory behind it, is what was hashed.
bool payload_intact(const std::byte* block) noexcept;

// Where a chain of records stands: what the next record must follow.
struct RecordPoint {
    std::uint32_t checksum = 0;  // of the last record
    std::uint64_t sequence = 0;  // of the last event
    std::int64_t time_ns = 0;    // of the last record
};

enum class RecordFault : std::uint8_t { none, length, kind, sequence, checksum };
const char* to_string(RecordFault) noexcept;

// Sequence of the last event in or before a record.
inline std::uint64_t last_sequence_of(const detail::RecordHeader& header) noexcept {
    return header.event_count == 0 ? header.sequence : header.sequence + header.event_count - 1;
}

// Judges the record at `bytes`, of which `left` may be read. The length is checked before it is
// used.
inline RecordFault check_record(const std::byte* bytes, std::uint64_t left,
                                const RecordPoint& point) noexcept {
    if (left < sizeof(detail::RecordHeader)) return RecordFault::length;
    const auto& header = *reinterpret_cast<const detail::RecordHeader*>(bytes);
    if (header.length < sizeof(detail::RecordHeader) || header.length > left ||
        header.length % detail::record_alignment != 0)
        return RecordFault::length;
    const auto kind = static_cast<std::uint8_t>(header.kind());
    if (kind == 0 || kind > detail::record_kind_max ||
        detail::RecordView(bytes).body_offset() > header.length)
        return RecordFault::kind;
    if (!sealed_correctly(header, point.checksum)) return RecordFault::checksum;
    const std::uint64_t first = point.sequence + (header.event_count == 0 ? 0 : 1);
    return header.sequence == first ? RecordFault::none : RecordFault::sequence;
}

// What a walk over records found.
struct RecordRun {
    std::uint64_t good_bytes = 0;
    std::uint64_t records = 0;
    std::uint64_t events = 0;
    RecordFault fault = RecordFault::none;  // of the first record that is not good; none: all were
};

// Visits each good record of [bytes, bytes + size) as visit(const std::byte*, offset), up to the
// first that is not good, and `records_max` at most; moves `point` along.
template <class Visit>
RecordRun walk_records(const std::byte* bytes, std::uint64_t size, RecordPoint& point,
                       Visit&& visit, std::uint64_t records_max = ~std::uint64_t{0}) {
    RecordRun run;
    while (run.good_bytes < size && run.records < records_max) {
        const std::byte* const at = bytes + run.good_bytes;
        run.fault = check_record(at, size - run.good_bytes, point);
        if (run.fault != RecordFault::none) return run;
        const auto& header = *reinterpret_cast<const detail::RecordHeader*>(at);
        point = RecordPoint{header.checksum, last_sequence_of(header), header.decided_ns};
        visit(at, run.good_bytes);
        run.good_bytes += header.length;
        ++run.records;
        run.events += header.event_count;
    }
    return run;
}

bool all_zero(const std::byte* bytes, std::size_t size) noexcept;

// Memory that direct I/O accepts; its content is undefined at first.
class AlignedBuffer {
public:
    explicit AlignedBuffer(std::size_t bytes);
    ~AlignedBuffer();
    AlignedBuffer(const AlignedBuffer&) = delete;
    AlignedBuffer& operator=(const AlignedBuffer&) = delete;

    std::byte* data() noexcept { return data_; }
    const std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

private:
    std::size_t size_;
    std::byte* data_;
};

}  // namespace pawl::journal
