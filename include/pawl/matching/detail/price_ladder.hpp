// Which prices of one side are occupied, best first. Knows keys and level numbers; no order, no
// rules.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/matching/detail/order.hpp"

namespace pawl::matching::detail {

// A price as a key: the lower the better, on both sides.
constexpr std::uint32_t key_of(Side side, std::int32_t tick) noexcept {
    const std::uint32_t rising = static_cast<std::uint32_t>(tick) ^ 0x8000'0000U;
    return rising ^ (static_cast<std::uint32_t>(side) - 1U);  // no branch: sides come by chance
}

// `width` prices around the touch are an array with a bitmap over it; whatever is worse than that
// is a sorted list, best at the back. The array moves when the market leaves it. The best price is
// always inside the array.
class PriceLadder {
public:
    static constexpr std::uint32_t width = 4096;

    explicit PriceLadder(std::pmr::memory_resource* memory) : near_(memory), far_(memory) {}

    bool empty() const noexcept { return summary_ == 0; }
    // Does an opposite order with this limit (as a key of this side) reach the best price?
    bool reached_by(std::uint32_t key) const noexcept { return best_key_ <= key && !empty(); }

    LevelNumber best() const noexcept { return empty() ? no_level : near_[best_offset()]; }

    // The level at this key, or no_level.
    LevelNumber find(std::uint32_t key) const noexcept {
        const std::uint32_t offset = key - base_;
        if (offset < near_.size()) [[likely]]
            return near_[offset];
        return far_.empty() ? no_level : find_far(key);
    }

    // What find() will read, fetched.
    void fetch(std::uint32_t key) const noexcept {
        const std::uint32_t offset = key - base_;
        if (offset < near_.size()) detail::fetch(&near_[offset]);
    }

    // Adds a level where there is none. May move the array and allocate.
    void insert(std::uint32_t key, LevelNumber level) {
        const std::uint32_t offset = key - base_;
        if (offset < width && !empty()) [[likely]]
            set(offset, level);
        else
            insert_outside(key, level);
    }

    // Removes the level at this key, which must be there.
    void erase(std::uint32_t key) noexcept {
        const std::uint32_t offset = key - base_;
        if (offset >= width) return erase_far(key);
        near_[offset] = no_level;
        bits_[offset / 64] &= ~(std::uint64_t{1} << (offset % 64));
        if (bits_[offset / 64] == 0) {
            summary_ &= ~(std::uint64_t{1} << (offset / 64));
            if (summary_ == 0 && !far_.empty()) move_to(far_.back().key);
        }
        if (key == best_key_) note_best();
    }

    // The neighbour of an occupied key; no_level at the end.
    LevelNumber next_worse(std::uint32_t key) const noexcept;
    LevelNumber next_better(std::uint32_t key) const noexcept;

    void clear() noexcept;

private:
    struct Far {
        std::uint32_t key;
        std::uint32_t level;
    };

    std::uint32_t best_offset() const noexcept {
        const auto word = static_cast<std::uint32_t>(std::countr_zero(summary_));
        return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits_[word]));
    }
    void set(std::uint32_t offset, LevelNumber level) noexcept {
        near_[offset] = static_cast<std::uint16_t>(level);
        bits_[offset / 64] |= std::uint64_t{1} << (offset % 64);
        summary_ |= std::uint64_t{1} << (offset / 64);
        if (base_ + offset < best_key_) best_key_ = base_ + offset;
    }
    void note_best() noexcept { best_key_ = empty() ? no_key : base_ + best_offset(); }
    void insert_outside(std::uint32_t key, LevelNumber level);
    void insert_far(std::uint32_t key, LevelNumber level);
    LevelNumber find_far(std::uint32_t key) const noexcept;
    void erase_far(std::uint32_t key) noexcept;
    std::size_t far_place(std::uint32_t key) const noexcept;
    void move_to(std::uint32_t key);

    static constexpr std::uint32_t no_key = 0xFFFF'FFFF;  // no price of an instrument

    std::uint64_t summary_ = 0;        // bit i: word i of bits_ has a bit
    std::uint32_t base_ = 0;           // key of the array's first place
    std::uint32_t best_key_ = no_key;  // while it is not empty
    std::pmr::vector<std::uint16_t> near_;
    std::pmr::vector<Far> far_;  // keys falling
    std::array<std::uint64_t, width / 64> bits_{};
};
static_assert(PriceLadder::width == 64 * 64, "one summary word covers the bitmap");

}  // namespace pawl::matching::detail
