// How much slower this build is than a release: a sanitizer makes a life several times as long.
// Knows the compiler's words.
#pragma once

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PAWL_SIM_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PAWL_SIM_SLOW 1
#endif
#endif

namespace pawl::sim {

#if defined(PAWL_SIM_SLOW) || !defined(__OPTIMIZE__)
inline constexpr std::uint64_t slowness = 8;
#else
inline constexpr std::uint64_t slowness = 1;
#endif

}  // namespace pawl::sim
