// From an order's number to its slot: one flat table. Knows the pool's order numbers; no queue, no
// rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/matching/detail/order.hpp"

namespace pawl::matching::detail {

// Open addressing, linear, robin hood. An entry is 4 bytes: the slot, and how far it is from home +
// 1 (0 = empty, 255 = 254 or further). The distance is a filter: only an order with the same home
// is looked at in the pool, and a search ends at the first entry that is closer to its home than we
// are. Deleting moves the followers back, so there are no tombstones and no table ever needs
// cleaning. At most three quarters full: it then doubles.
class OrderIndex {
public:
    explicit OrderIndex(std::pmr::memory_resource* memory) : table_(memory) {}

    std::size_t size() const noexcept { return size_; }
    std::size_t bytes() const noexcept { return table_.size() * sizeof(std::uint32_t); }

    // The slot of the order `id`, or no_slot. `orders` is the pool.
    Slot find(std::uint64_t id, const Order* orders) const noexcept {
        if (size_ == 0) return no_slot;
        std::size_t place = home(id);
        for (std::uint32_t distance = 1;;) {
            const std::uint32_t entry = table_[place];
            const std::uint32_t theirs = entry & distance_mask;
            if (theirs == distance && orders[entry >> 8].id == id) return entry >> 8;
            if (theirs < distance) return no_slot;
            place = (place + 1) & mask_;
            distance += distance < distance_mask;
        }
    }

    // Adds the order that stands in `slot`. Grows, and then allocates, when three quarters are
    // used.
    void insert(Slot slot, const Order* orders) {
        if ((size_ + 1) * 4 > table_.size() * 3) grow(orders);
        place_entry(slot, home(orders[slot].id));
        ++size_;
    }

    // Removes the order that stands in `slot`; nothing when it is not here.
    void erase(Slot slot, const Order* orders) noexcept;

    // Finds and removes in one search: the slot of the order `id`, or no_slot.
    Slot take(std::uint64_t id, const Order* orders) noexcept {
        if (size_ == 0) return no_slot;
        std::size_t place = home(id);
        for (std::uint32_t distance = 1;;) {
            const std::uint32_t entry = table_[place];
            const std::uint32_t theirs = entry & distance_mask;
            if (theirs == distance && orders[entry >> 8].id == id) {
                close_gap(place, orders);
                return entry >> 8;
            }
            if (theirs < distance) return no_slot;
            place = (place + 1) & mask_;
            distance += distance < distance_mask;
        }
    }

    // Takes memory for `count` orders now.
    void reserve(std::size_t count, const Order* orders);

    void clear() noexcept;

private:
    static constexpr std::uint32_t distance_mask = 0xFF;

    std::size_t home(std::uint64_t id) const noexcept {
        id ^= id >> 32;
        return static_cast<std::size_t>((id * 0x9E37'79B9'7F4A'7C15ULL) >> shift_);
    }
    void place_entry(Slot slot, std::size_t place) noexcept {
        std::uint32_t entry = (slot << 8) | 1;
        for (;;) {
            const std::uint32_t there = table_[place];
            if ((there & distance_mask) < (entry & distance_mask)) {
                table_[place] = entry;
                if ((there & distance_mask) == 0) return;
                entry = there;
            }
            entry += (entry & distance_mask) < distance_mask;
            place = (place + 1) & mask_;
        }
    }
    void close_gap(std::size_t place, const Order* orders) noexcept;
    void grow(const Order* orders);
    void rebuild(std::size_t capacity, const Order* orders);

    std::pmr::vector<std::uint32_t> table_;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
    unsigned shift_ = 63;  // 64 - log2(capacity)
};

inline void OrderIndex::erase(Slot slot, const Order* orders) noexcept {
    if (size_ == 0) return;
    std::size_t place = home(orders[slot].id);
    for (std::uint32_t distance = 1;;) {
        const std::uint32_t entry = table_[place];
        if ((entry >> 8) == slot && (entry & distance_mask) == distance)
            return close_gap(place, orders);
        if ((entry & distance_mask) < distance) return;
        place = (place + 1) & mask_;
        distance += distance < distance_mask;
    }
}

// The followers that are not at home move back by one.
inline void OrderIndex::close_gap(std::size_t place, const Order* orders) noexcept {
    for (;;) {
        const std::size_t follower = (place + 1) & mask_;
        std::uint32_t entry = table_[follower];
        const std::uint32_t distance = entry & distance_mask;
        if (distance <= 1) break;
        if (distance == distance_mask) {  // "254 or further" tells nothing about one step less
            const std::size_t real = (follower - home(orders[entry >> 8].id)) & mask_;
            if (real <= 254) --entry;
        } else {
            --entry;
        }
        table_[place] = entry;
        place = follower;
    }
    table_[place] = 0;
    --size_;
}

}  // namespace pawl::matching::detail
