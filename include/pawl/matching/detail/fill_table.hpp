// How much of each partly filled open order was filled. Knows slots; no order, no queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/matching/detail/order.hpp"

namespace pawl::matching::detail {

// A small flat map from slot to lots. Few resting orders are partly filled, mostly one per price
// level, so this is cheaper than a field in every order.
class FillTable {
public:
    explicit FillTable(std::pmr::memory_resource* memory) : entries_(memory) {}

    // 0 when the slot is not here.
    std::uint64_t find(Slot slot) const noexcept;
    // Sets the slot's lots. Allocates while it grows.
    void set(Slot slot, std::uint64_t lots);
    void erase(Slot slot) noexcept;
    void clear() noexcept;
    std::size_t size() const noexcept { return size_; }

private:
    struct Entry {
        Slot slot;  // no_slot = empty
        std::uint64_t lots;
    };
    std::size_t home(Slot slot) const noexcept {
        return static_cast<std::size_t>(slot * 0x9E37'79B9U) & (entries_.size() - 1);
    }
    std::size_t place_of(Slot slot) const noexcept;

    std::pmr::vector<Entry> entries_;
    std::size_t size_ = 0;
};

}  // namespace pawl::matching::detail
