// A bounded queue between one writing and one reading thread, used in place. Knows items; not what
// they are.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "pawl/detail/assert.hpp"

namespace pawl::detail {

// Positions only grow. Each side keeps a copy of the other's and looks again only when it needs
// more, so that in a burst the two cores exchange a line once per batch.
template <class T>
class SingleRing {
public:
    // `piece_max`: the most items that one claim() asks for; they always lie in one piece.
    explicit SingleRing(std::size_t capacity, std::size_t piece_max = 1)
        : capacity_(capacity),
          mask_(std::bit_ceil(capacity) - 1),
          items_(std::make_unique<T[]>(mask_ + piece_max)) {
        PAWL_ASSERT(capacity > 0 && piece_max > 0 && piece_max <= capacity);
    }
    SingleRing(const SingleRing&) = delete;
    SingleRing& operator=(const SingleRing&) = delete;

    // ---- writer ----

    // Room for so many in one piece; null: there is none. Nobody sees them before publish().
    T* claim(std::size_t count) noexcept {
        if (room_known() < count && look_for_room() < count) return nullptr;
        T* const first = items_.get() + (writer_.claimed & mask_);
        writer_.claimed += count;
        return first;
    }
    // Everything claimed is the reader's.
    void publish() noexcept {
        // release: pairs with the acquire in look_for_items()
        written_.at.store(writer_.claimed, std::memory_order_release);
    }
    // All of them or none.
    bool try_push(const T* items, std::size_t count) noexcept {
        T* const to = claim(count);
        if (to == nullptr) return false;
        std::copy_n(items, count, to);
        publish();
        return true;
    }
    // The first of them, as far as there is room; returns how many.
    std::size_t push_some(const T* items, std::size_t count) noexcept {
        if (room_known() < count) look_for_room();
        const std::size_t fit = std::min(count, room_known());
        for (std::size_t i = 0; i < fit; ++i) *claim(1) = items[i];
        if (fit != 0) publish();
        return fit;
    }
    std::size_t room() noexcept { return look_for_room(); }

    // ---- reader ----

    // The item so many behind the oldest; null: it is not there yet. Those that were claimed
    // together lie behind it. Its bytes are the reader's until consume().
    T* peek(std::size_t ahead) noexcept {
        if (items_known() <= ahead && look_for_items() <= ahead) return nullptr;
        return items_.get() + ((reader_.taken + ahead) & mask_);
    }
    // What peek() is about to be asked for.
    void prefetch(std::size_t ahead) const noexcept {
        __builtin_prefetch(items_.get() + ((reader_.taken + ahead) & mask_));
    }
    // The oldest so many are the writer's again.
    void consume(std::size_t count) noexcept {
        PAWL_ASSERT(count <= items_known());
        reader_.taken += count;
        // release: pairs with the acquire in look_for_room()
        read_.at.store(reader_.taken, std::memory_order_release);
    }
    // Takes up to `count`, oldest first; returns how many.
    std::size_t pop(T* items, std::size_t count) noexcept {
        if (items_known() < count) look_for_items();
        const std::size_t there = std::min(count, items_known());
        for (std::size_t i = 0; i < there; ++i) items[i] = items_[(reader_.taken + i) & mask_];
        if (there != 0) consume(there);
        return there;
    }
    bool empty() noexcept { return look_for_items() == 0; }

private:
    std::size_t room_known() const noexcept {
        return capacity_ - static_cast<std::size_t>(writer_.claimed - writer_.seen_read);
    }
    std::size_t look_for_room() noexcept {
        // acquire: pairs with the release in consume(): the reader has done with what it gave back
        writer_.seen_read = read_.at.load(std::memory_order_acquire);
        return room_known();
    }
    std::size_t items_known() const noexcept {
        return static_cast<std::size_t>(reader_.seen_written - reader_.taken);
    }
    std::size_t look_for_items() noexcept {
        // acquire: pairs with the release in publish(): the items are there
        reader_.seen_written = written_.at.load(std::memory_order_acquire);
        return items_known();
    }

    // Two lines each: processors fetch lines in pairs.
    struct alignas(128) Shared {
        std::atomic<std::uint64_t> at{0};
    };
    struct alignas(128) Writer {
        std::uint64_t claimed = 0;
        std::uint64_t seen_read = 0;
    };
    struct alignas(128) Reader {
        std::uint64_t taken = 0;
        std::uint64_t seen_written = 0;
    };

    const std::size_t capacity_;
    const std::uint64_t mask_;
    // Those of one claim that begin near the end go on behind it.
    const std::unique_ptr<T[]> items_;
    Writer writer_;
    Reader reader_;
    Shared written_;
    Shared read_;
};

}  // namespace pawl::detail
