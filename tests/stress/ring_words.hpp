// The words of a head's ring as atomics. Knows where they stand; not what they say.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace stress {

inline std::atomic<std::uint64_t>& word_at(std::byte* at) {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(at);
}
inline const std::atomic<std::uint64_t>& word_at(const std::byte* at) {
    return *reinterpret_cast<const std::atomic<std::uint64_t>*>(at);
}

}  // namespace stress
