// A copy of one state that other cores may read while the shard rewrites it. Knows bytes; not whose
// state it is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "pawl/types.hpp"

namespace pawl::detail {

// A sequence lock over words. One writer, which never waits; readers retry while it writes. The
// words are atomics, so that a reader that lost the race has read old or new words, never a broken
// promise of the language.
class ViewCell {
public:
    explicit ViewCell(std::size_t state_bytes)
        : state_bytes_(state_bytes),
          word_count_((state_bytes + 7) / 8 + 2),
          words_(std::make_unique<std::atomic<std::uint64_t>[]>(word_count_)) {}

    // The shard's thread.
    void write(const void* state, Version version, Time time) noexcept {
        const std::uint64_t stamp = stamp_.load(std::memory_order_relaxed);
        stamp_.store(stamp + 1, std::memory_order_relaxed);
        // release: pairs with the acquire fence in read(): who sees a new word sees the odd stamp.
        std::atomic_thread_fence(std::memory_order_release);
        words_[0].store(version.value, std::memory_order_relaxed);
        words_[1].store(static_cast<std::uint64_t>(time.ns), std::memory_order_relaxed);
        const auto* from = static_cast<const std::byte*>(state);
        for (std::size_t i = 2, left = state_bytes_; left != 0; ++i) {
            const std::size_t bytes = left < 8 ? left : 8;
            std::uint64_t word = 0;
            std::memcpy(&word, from, bytes);
            words_[i].store(word, std::memory_order_relaxed);
            from += bytes;
            left -= bytes;
        }
        // release: pairs with the first acquire in read()
        stamp_.store(stamp + 2, std::memory_order_release);
    }

    // Any thread.
    void read(void* state, Version& version, Time& time) const noexcept {
        for (;;) {
            const std::uint64_t before = stamp_.load(std::memory_order_acquire);
            version.value = words_[0].load(std::memory_order_relaxed);
            time.ns = static_cast<std::int64_t>(words_[1].load(std::memory_order_relaxed));
            auto* to = static_cast<std::byte*>(state);
            for (std::size_t i = 2, left = state_bytes_; left != 0; ++i) {
                const std::size_t bytes = left < 8 ? left : 8;
                const std::uint64_t word = words_[i].load(std::memory_order_relaxed);
                std::memcpy(to, &word, bytes);
                to += bytes;
                left -= bytes;
            }
            std::atomic_thread_fence(std::memory_order_acquire);
            if (before % 2 == 0 && stamp_.load(std::memory_order_relaxed) == before) return;
        }
    }

private:
    const std::size_t state_bytes_;
    const std::size_t word_count_;
    std::atomic<std::uint64_t> stamp_{0};
    std::unique_ptr<std::atomic<std::uint64_t>[]> words_;  // version, time, state
};

}  // namespace pawl::detail
