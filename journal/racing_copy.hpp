// Copies bytes that another thread may be overwriting. Knows words; the caller knows how to find
// out afterwards whether it was so.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pawl::journal {

// The caller throws the bytes away when they were overwritten meanwhile. Volatile words keep the
// compiler from reading twice, the attribute keeps the race detector from reporting what is checked
// afterwards. Both addresses and `bytes` are multiples of 8.
__attribute__((no_sanitize("thread"))) inline void copy_racing(const std::byte* from, std::byte* to,
                                                               std::size_t bytes) noexcept {
    const auto* source = reinterpret_cast<const volatile std::uint64_t*>(from);
    auto* target = reinterpret_cast<std::uint64_t*>(to);
    for (std::size_t i = 0; i < bytes / sizeof(std::uint64_t); ++i) target[i] = source[i];
}

// Orders the copy before the next load. The thread sanitizer knows no fences.
inline void copied() noexcept {
#if defined(__SANITIZE_THREAD__)
    std::atomic_signal_fence(std::memory_order_acquire);
#else
    std::atomic_thread_fence(std::memory_order_acquire);
#endif
}

}  // namespace pawl::journal
