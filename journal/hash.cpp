// With hash_avx2.cpp the only one that knows xxHash.
#include "journal/hash.hpp"

#include "journal/hash_avx2.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pawl::journal {

std::uint64_t hash64(const void* data, std::size_t bytes) noexcept {
    return XXH3_64bits(data, bytes);
}

Hash128 hash128(const void* data, std::size_t bytes) noexcept {
#ifdef PAWL_HASH_AVX2
    static const bool avx2_present = __builtin_cpu_supports("avx2") != 0;
    if (avx2_present) {
        Hash128 hash;
        hash128_avx2(data, bytes, hash.low, hash.high);
        return hash;
    }
#endif
    const XXH128_hash_t hash = XXH3_128bits(data, bytes);
    return Hash128{hash.low64, hash.high64};
}

struct StreamHash128::State {
    XXH3_state_t hash;
};

StreamHash128::StreamHash128() : state_(std::make_unique<State>()) {
    XXH3_128bits_reset(&state_->hash);
}
StreamHash128::~StreamHash128() = default;

void StreamHash128::add(const void* data, std::size_t bytes) noexcept {
    XXH3_128bits_update(&state_->hash, data, bytes);
}

Hash128 StreamHash128::value() const noexcept {
    const XXH128_hash_t hash = XXH3_128bits_digest(&state_->hash);
    return Hash128{hash.low64, hash.high64};
}

}  // namespace pawl::journal
