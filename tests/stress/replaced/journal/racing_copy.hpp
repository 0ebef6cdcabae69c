// In the place of journal/racing_copy.hpp: the words of the ring are atomics here, so that a reader
// may find an old one.
#pragma once

#include <cstddef>

#include "tests/stress/ring_words.hpp"

namespace pawl::journal {

inline void copy_racing(const std::byte* from, std::byte* to, std::size_t bytes) noexcept {
    auto* target = reinterpret_cast<std::uint64_t*>(to);
    for (std::size_t i = 0; i < bytes / sizeof(std::uint64_t); ++i)
        target[i] =
            stress::word_at(from + i * sizeof(std::uint64_t)).load(std::memory_order_relaxed);
}

inline void copied() noexcept {
    std::atomic_thread_fence(std::memory_order_acquire);
}

}  // namespace pawl::journal
