// CRC32C (Castagnoli) over bytes. Knows the processor's instruction and a table; not records.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pawl::journal {

// Checksum of `bytes` bytes at `data`, continuing `seed`: crc32c(crc32c(0, a), b) is the checksum
// of a and b in a row. Uses the processor's instruction where there is one; the choice is made
// once. Any thread.
std::uint32_t crc32c(std::uint32_t seed, const void* data, std::size_t bytes) noexcept;

// The two ways behind crc32c, for the test that compares them. The first may be called only where
// crc32c_hardware_present().
bool crc32c_hardware_present() noexcept;
std::uint32_t crc32c_hardware(std::uint32_t seed, const void* data, std::size_t bytes) noexcept;
std::uint32_t crc32c_table(std::uint32_t seed, const void* data, std::size_t bytes) noexcept;

// Checksum of a record: bytes [0, 4) and [8, length), seeded with the previous record's checksum.
// `record` is 8-byte aligned, `length` a multiple of 8 and at least 8. Made for the hot thread: one
// call, no loop over bytes.
std::uint32_t crc32c_record(std::uint32_t previous, const void* record,
                            std::size_t length) noexcept;

}  // namespace pawl::journal
