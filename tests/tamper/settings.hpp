// How long the tamper tests run. Knows their flags.
#pragma once

#include <cstdint>

namespace pawl::journal::testing {

// A sanitizer or -O0 makes each recovery slower by about this factor: the defaults shrink by it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
inline constexpr std::uint64_t slowness = 12;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(undefined_behavior_sanitizer)
inline constexpr std::uint64_t slowness = 12;
#else
inline constexpr std::uint64_t slowness = 1;
#endif
#else
inline constexpr std::uint64_t slowness = 1;
#endif

struct Settings {
    std::uint64_t every = 97 * slowness;  // --every=N: one of so many bits is flipped
    std::uint64_t seed = 1;               // --seed=N: of the image
};
Settings& settings() noexcept;

}  // namespace pawl::journal::testing
