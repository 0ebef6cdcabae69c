// Seals a record: its checksum, seeded with the previous record's. Knows one record; not blocks,
// not files.
#pragma once

#include <cstdint>

#include "journal/crc32c.hpp"
#include "journal/layout.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::journal {

// What a shard's first record is seeded with: two directories never share a history by chance.
inline std::uint32_t chain_seed(const Identity& identity, std::uint32_t shard) noexcept {
    return crc32c(crc32c(0, &identity, sizeof identity), &shard, sizeof shard);
}

// The checksum that `record` should carry. `record.length` bytes must be readable behind it.
inline std::uint32_t record_checksum(const detail::RecordHeader& record,
                                     std::uint32_t previous_checksum) noexcept {
    return crc32c_record(previous_checksum, &record, record.length);
}

// Writes the checksum into a finished record: header, sections, events and zero padding must all be
// there.
inline void seal(detail::RecordHeader& record, std::uint32_t previous_checksum) noexcept {
    PAWL_ASSERT(record.length >= sizeof(detail::RecordHeader));
    PAWL_ASSERT(record.length % detail::record_alignment == 0);
    record.checksum = record_checksum(record, previous_checksum);
}

// True when the record is the one that was sealed behind `previous_checksum`. The caller has
// checked that `record.length` bytes are there.
inline bool sealed_correctly(const detail::RecordHeader& record,
                             std::uint32_t previous_checksum) noexcept {
    return record.checksum == record_checksum(record, previous_checksum);
}

}  // namespace pawl::journal
