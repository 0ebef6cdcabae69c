// The hashes of blocks, headers and texts. Knows bytes only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "journal/layout.hpp"

namespace pawl::journal {

// XXH3, the fast one with 64 bits. Any thread.
std::uint64_t hash64(const void* data, std::size_t bytes) noexcept;
// XXH3 with 128 bits.
Hash128 hash128(const void* data, std::size_t bytes) noexcept;

}  // namespace pawl::journal
