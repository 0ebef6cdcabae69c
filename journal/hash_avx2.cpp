// xxHash again, with vectors of twice the width.
#include "journal/hash_avx2.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pawl::journal {

void hash128_avx2(const void* data, std::size_t bytes, std::uint64_t& low,
                  std::uint64_t& high) noexcept {
    const XXH128_hash_t hash = XXH3_128bits(data, bytes);
    low = hash.low64;
    high = hash.high64;
}

}  // namespace pawl::journal
