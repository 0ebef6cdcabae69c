// The ladder's rare paths: moving the array, the far list, walking. Knows keys and level numbers;
// no order.
#include "pawl/matching/detail/price_ladder.hpp"

#include <algorithm>

#include "pawl/detail/assert.hpp"

namespace pawl::matching::detail {

namespace {
constexpr std::uint32_t base_max = 0U - PriceLadder::width;

constexpr std::uint32_t base_around(std::uint32_t key) {
    return key < PriceLadder::width / 2 ? 0 : std::min(key - PriceLadder::width / 2, base_max);
}
}  // namespace

std::size_t PriceLadder::far_place(std::uint32_t key) const noexcept {
    const auto at = std::lower_bound(far_.begin(), far_.end(), key,
                                     [](const Far& far, std::uint32_t k) { return far.key > k; });
    return static_cast<std::size_t>(at - far_.begin());
}

LevelNumber PriceLadder::find_far(std::uint32_t key) const noexcept {
    const std::size_t place = far_place(key);
    return place < far_.size() && far_[place].key == key ? far_[place].level : no_level;
}

void PriceLadder::insert_far(std::uint32_t key, LevelNumber level) {
    far_.insert(far_.begin() + static_cast<std::ptrdiff_t>(far_place(key)), Far{key, level});
}

void PriceLadder::erase_far(std::uint32_t key) noexcept {
    const std::size_t place = far_place(key);
    PAWL_ASSERT(place < far_.size() && far_[place].key == key);
    far_.erase(far_.begin() + static_cast<std::ptrdiff_t>(place));
}

void PriceLadder::insert_outside(std::uint32_t key, LevelNumber level) {
    if (near_.empty()) near_.assign(width, no_level);
    if (empty()) {
        PAWL_ASSERT(far_.empty());
        base_ = base_around(key);
    } else if (key < base_) {
        move_to(key);
    } else if (best_offset() >= width - width / 4) {
        // the market drifted to the array's worse end: without this every new level would be a far
        // one
        move_to(base_ + best_offset());
    }
    const std::uint32_t offset = key - base_;
    if (offset < width)
        set(offset, level);
    else
        insert_far(key, level);
}

// All levels go through the far list: those of the array are better than any of it, so it stays
// sorted.
void PriceLadder::move_to(std::uint32_t key) {
    for (std::uint32_t word = width / 64; word-- > 0;) {
        while (bits_[word] != 0) {
            const std::uint32_t bit =
                63 - static_cast<std::uint32_t>(std::countl_zero(bits_[word]));
            const std::uint32_t offset = word * 64 + bit;
            far_.push_back({base_ + offset, near_[offset]});
            near_[offset] = no_level;
            bits_[word] &= ~(std::uint64_t{1} << bit);
        }
    }
    summary_ = 0;
    best_key_ = no_key;
    base_ = base_around(key);
    while (!far_.empty() && far_.back().key - base_ < width) {
        set(far_.back().key - base_, far_.back().level);
        far_.pop_back();
    }
}

LevelNumber PriceLadder::next_worse(std::uint32_t key) const noexcept {
    const std::uint32_t offset = key - base_;
    if (offset >= width) {
        const std::size_t place = far_place(key);
        return place == 0 ? no_level : far_[place - 1].level;
    }
    std::uint32_t word = offset / 64;
    std::uint64_t bits =
        bits_[word] & (offset % 64 == 63 ? 0 : ~std::uint64_t{0} << (offset % 64 + 1));
    if (bits == 0) {
        const std::uint64_t words = word == 63 ? 0 : summary_ & (~std::uint64_t{0} << (word + 1));
        if (words == 0) return far_.empty() ? no_level : far_.back().level;
        word = static_cast<std::uint32_t>(std::countr_zero(words));
        bits = bits_[word];
    }
    return near_[word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))];
}

LevelNumber PriceLadder::next_better(std::uint32_t key) const noexcept {
    const std::uint32_t offset = key - base_;
    std::uint32_t word = 64;
    std::uint64_t bits = 0;
    if (offset >= width) {
        const std::size_t place = far_place(key);
        if (place + 1 < far_.size()) return far_[place + 1].level;
    } else {
        word = offset / 64;
        bits = bits_[word] & ((std::uint64_t{1} << (offset % 64)) - 1);
    }
    if (bits == 0) {
        const std::uint64_t words =
            word == 64 ? summary_ : summary_ & ((std::uint64_t{1} << word) - 1);
        if (words == 0) return no_level;
        word = 63 - static_cast<std::uint32_t>(std::countl_zero(words));
        bits = bits_[word];
    }
    return near_[word * 64 + 63 - static_cast<std::uint32_t>(std::countl_zero(bits))];
}

void PriceLadder::clear() noexcept {
    summary_ = 0;
    best_key_ = no_key;
    bits_ = {};
    std::fill(near_.begin(), near_.end(), std::uint16_t{0});
    far_.clear();
}

}  // namespace pawl::matching::detail
