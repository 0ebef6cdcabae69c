// The order index grows here. Knows the pool's order numbers; no queue, no rules.
#include "pawl/matching/detail/order_index.hpp"

#include <bit>
#include <utility>

namespace pawl::matching::detail {

namespace {
constexpr std::size_t capacity_min = 64;
}

void OrderIndex::grow(const Order* orders) {
    rebuild(table_.empty() ? capacity_min : table_.size() * 2, orders);
}

void OrderIndex::reserve(std::size_t count, const Order* orders) {
    std::size_t capacity = capacity_min;
    while (count * 4 > capacity * 3) capacity *= 2;
    if (capacity > table_.size()) rebuild(capacity, orders);
}

void OrderIndex::rebuild(std::size_t capacity, const Order* orders) {
    std::pmr::vector<std::uint32_t> old(capacity, 0, table_.get_allocator());
    std::swap(table_, old);
    mask_ = capacity - 1;
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(capacity));
    for (const std::uint32_t entry : old)
        if ((entry & distance_mask) != 0) place_entry(entry >> 8, home(orders[entry >> 8].id));
}

void OrderIndex::clear() noexcept {
    for (std::uint32_t& entry : table_) entry = 0;
    size_ = 0;
}

}  // namespace pawl::matching::detail
