// The queues' rare paths. Knows ticks and lots; no rules, no events.
#include "pawl/matching/detail/queues.hpp"

#include <algorithm>

namespace pawl::matching::detail {

Queues::Queues(std::pmr::memory_resource* memory)
    : orders_(memory),
      levels_(memory),
      index_(memory),
      fills_(memory),
      ladders_{PriceLadder(memory), PriceLadder(memory)} {
    orders_.emplace_back();
    levels_.emplace_back();
}

void Queues::resize(Slot slot, std::uint32_t lots) noexcept {
    Order& order = orders_[slot];
    levels_[order.level()].lots += lots;
    levels_[order.level()].lots -= order.open();
    order.set_open(lots);
}

void Queues::rename(Slot slot, std::uint64_t id) {
    index_.erase(slot, orders_.data());
    orders_[slot].id = id;
    index_.insert(id, slot, orders_.data());
}

void Queues::add_anonymous(Side side, std::int32_t tick, std::uint64_t lots) {
    if (lots == 0) return;
    const LevelNumber number = level_for(side, tick);
    if (number != no_level) levels_[number].anonymous += lots;
}

void Queues::take_anonymous(Side side, std::int32_t tick, std::uint64_t lots) noexcept {
    const LevelNumber number = at(side, tick);
    if (number == no_level) return;
    Level& here = levels_[number];
    here.anonymous -= std::min(here.anonymous, lots);
    leave_if_empty(number);
}

void Queues::reserve(std::size_t orders) {
    orders = std::min<std::size_t>(orders, open_orders_max);
    orders_.reserve(orders + 1);
    index_.reserve(orders, orders_.data());
}

void Queues::clear() noexcept {
    orders_.resize(1);
    levels_.resize(1);
    free_order_ = no_slot;
    free_level_ = no_level;
    level_counts_[0] = level_counts_[1] = 0;
    index_.clear();
    fills_.clear();
    for (PriceLadder& side : ladders_) side.clear();
}

std::size_t Queues::bytes_per_order() const noexcept {
    return order_count() == 0
               ? 0
               : sizeof(Order) + (index_.bytes() + order_count() - 1) / order_count();
}

}  // namespace pawl::matching::detail
