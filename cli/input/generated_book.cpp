// Linked orders on an array of levels.
#include "cli/input/generated_book.hpp"

#include <algorithm>

#include "pawl/detail/assert.hpp"

namespace pawl::cli {

namespace {

constexpr std::size_t at(Side side) noexcept {
    return static_cast<std::size_t>(side);
}

}  // namespace

GeneratedBook::GeneratedBook(std::int32_t level_count)
    : level_count_(level_count), best_{-1, level_count} {
    PAWL_ASSERT(level_count > 0);
    for (auto& side : levels_) side.resize(static_cast<std::size_t>(level_count));
}

GeneratedBook::Level& GeneratedBook::level_of(Side side, std::int32_t level) noexcept {
    PAWL_ASSERT(level >= 0 && level < level_count_);
    return levels_[at(side)][static_cast<std::size_t>(level)];
}

const GeneratedBook::Level& GeneratedBook::level_of(Side side, std::int32_t level) const noexcept {
    PAWL_ASSERT(level >= 0 && level < level_count_);
    return levels_[at(side)][static_cast<std::size_t>(level)];
}

bool GeneratedBook::has(Side side) const noexcept {
    return best_[at(side)] >= 0 && best_[at(side)] < level_count_;
}

std::int32_t GeneratedBook::best(Side side) const noexcept {
    PAWL_ASSERT(has(side));
    return best_[at(side)];
}

std::int64_t GeneratedBook::quantity_at(Side side, std::int32_t level) const noexcept {
    return level_of(side, level).quantity;
}

bool GeneratedBook::enough(Side side, std::int32_t limit, std::int64_t quantity) const noexcept {
    const Side other = opposite(side);
    if (!has(other)) return false;
    const std::int32_t step = side == Side::buy ? 1 : -1;
    for (std::int32_t level = best(other); level >= 0 && level < level_count_; level += step) {
        if ((limit - level) * step < 0) return false;
        quantity -= quantity_at(other, level);
        if (quantity <= 0) return true;
    }
    return false;
}

std::int64_t GeneratedBook::take(Side side, std::int32_t limit, std::int64_t quantity) {
    const Side other = opposite(side);
    const std::int32_t step = side == Side::buy ? 1 : -1;
    while (quantity > 0 && has(other) && (limit - best(other)) * step >= 0) {
        const std::int64_t here = std::min(quantity, quantity_at(other, best(other)));
        PAWL_ASSERT(here > 0);
        take_best(other, here);
        quantity -= here;
    }
    return quantity;
}

void GeneratedBook::take_best(Side side, std::int64_t quantity) {
    Level& level = level_of(side, best(side));
    PAWL_ASSERT(quantity <= level.quantity);
    while (quantity > 0) {
        const std::uint32_t slot = level.oldest;
        Order& order = orders_[slot];
        if (order.quantity <= quantity) {
            quantity -= order.quantity;
            remove(slot);
        } else {
            order.quantity -= quantity;
            level.quantity -= quantity;
            quantity = 0;
        }
    }
    leave_empty_levels(side);
}

GeneratedBook::Handle GeneratedBook::rest(Side side, std::int32_t level, std::int64_t quantity,
                                          std::uint64_t order) {
    PAWL_ASSERT(quantity > 0 && order > 0);
    std::uint32_t slot = first_free_;
    if (slot == none) {
        slot = static_cast<std::uint32_t>(orders_.size());
        orders_.emplace_back();
    } else {
        first_free_ = orders_[slot].next;
    }
    Level& place = level_of(side, level);
    orders_[slot] = {order, quantity, level, none, place.newest, side};
    if (place.newest == none) {
        place.oldest = slot;
    } else {
        orders_[place.newest].next = slot;
    }
    place.newest = slot;
    place.quantity += quantity;
    ++live_count_;
    std::int32_t& best = best_[at(side)];
    best = side == Side::buy ? std::max(best, level) : std::min(best, level);
    return {slot, order};
}

void GeneratedBook::remove(std::uint32_t slot) {
    Order& order = orders_[slot];
    PAWL_ASSERT(order.order != 0);
    Level& level = level_of(order.side, order.level);
    level.quantity -= order.quantity;
    (order.previous == none ? level.oldest : orders_[order.previous].next) = order.next;
    (order.next == none ? level.newest : orders_[order.next].previous) = order.previous;
    order.order = 0;
    order.next = first_free_;
    first_free_ = slot;
    --live_count_;
}

void GeneratedBook::leave_empty_levels(Side side) noexcept {
    std::int32_t& best = best_[at(side)];
    const std::int32_t step = side == Side::buy ? -1 : 1;
    while (has(side) && quantity_at(side, best) == 0) best += step;
}

bool GeneratedBook::lives(Handle handle) const noexcept {
    return handle.order != 0 && orders_[handle.slot].order == handle.order;
}

void GeneratedBook::cancel(Handle handle) {
    PAWL_ASSERT(lives(handle));
    const Side side = orders_[handle.slot].side;
    remove(handle.slot);
    leave_empty_levels(side);
}

GeneratedBook::Handle GeneratedBook::near(std::uint64_t draw) const noexcept {
    if (orders_.empty()) return {};
    constexpr std::uint64_t tries = 32;
    for (std::uint64_t i = 0; i < tries; ++i) {
        const std::uint64_t slot = (draw + i) % orders_.size();
        if (orders_[slot].order != 0)
            return {static_cast<std::uint32_t>(slot), orders_[slot].order};
    }
    return {};
}

void GeneratedBook::uncross() {
    // From the lowest price up: supply grows by the sells, demand loses the buys that are left
    // behind.
    std::int64_t demand = 0;
    for (const Level& level : levels_[at(Side::buy)]) demand += level.quantity;
    std::int64_t supply = 0;
    std::int64_t volume = 0;
    std::int64_t imbalance = 0;
    for (std::int32_t level = 0; level < level_count_; ++level) {
        supply += quantity_at(Side::sell, level);
        const std::int64_t here = std::min(demand, supply);
        const std::int64_t uneven = std::max(demand, supply) - here;
        if (here > volume || (here == volume && uneven <= imbalance)) {
            volume = here;
            imbalance = uneven;
        }
        demand -= quantity_at(Side::buy, level);
    }
    for (const Side side : {Side::buy, Side::sell}) {
        std::int64_t left = volume;
        while (left > 0) {
            const std::int64_t here = std::min(left, quantity_at(side, best(side)));
            take_best(side, here);
            left -= here;
        }
    }
    PAWL_ASSERT(!has(Side::buy) || !has(Side::sell) || best(Side::buy) < best(Side::sell));
}

}  // namespace pawl::cli
