// Every open order of one instrument in its queue: the pure data structure. Knows ticks and lots;
// no rules, no events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/detail/assert.hpp"
#include "pawl/matching/detail/fill_table.hpp"
#include "pawl/matching/detail/order.hpp"
#include "pawl/matching/detail/order_index.hpp"
#include "pawl/matching/detail/price_ladder.hpp"
#include "pawl/matching/types.hpp"
#include "pawl/types.hpp"

namespace pawl::matching::detail {

// What a new order in a queue is made of.
struct Entry {
    std::uint64_t id;
    std::int32_t tick;
    std::uint32_t lots;
    std::uint64_t filled;  // lots, before it came here
    Owner owner;
    std::uint32_t flags;  // of Order
    Side side;
};

// Two sides, each a ladder of price levels, each a list of orders in time order. Takes memory when
// it grows, never in steady state. Copies and moves as a value.
class Queues {
public:
    explicit Queues(std::pmr::memory_resource* memory);

    Slot find(std::uint64_t id) const noexcept { return index_.find(id, orders_.data()); }
    const Order& order(Slot slot) const noexcept { return orders_[slot]; }
    const Level& level(LevelNumber number) const noexcept { return levels_[number]; }
    const Level& level_of(Slot slot) const noexcept { return levels_[orders_[slot].level()]; }
    std::uint64_t filled(Slot slot) const noexcept {
        return orders_[slot].is(Order::partly_filled) ? fills_.find(slot) : 0;
    }

    LevelNumber best(Side side) const noexcept { return ladder(side).best(); }
    // Does an opposite order with this limit reach the best price of this side?
    bool best_is_within(Side side, std::int32_t limit) const noexcept {
        return ladder(side).reached_by(key_of(side, limit));
    }
    LevelNumber at(Side side, std::int32_t tick) const noexcept {
        return ladder(side).find(key_of(side, tick));
    }
    LevelNumber next_worse(LevelNumber number) const noexcept {
        const Level& here = levels_[number];
        return ladder(here.side()).next_worse(key_of(here.side(), here.tick));
    }
    LevelNumber next_better(LevelNumber number) const noexcept {
        const Level& here = levels_[number];
        return ladder(here.side()).next_better(key_of(here.side(), here.tick));
    }

    std::uint32_t order_count() const noexcept { return static_cast<std::uint32_t>(index_.size()); }
    std::uint32_t level_count(Side side) const noexcept {
        return level_counts_[static_cast<std::size_t>(side)];
    }
    bool empty() const noexcept { return level_count(Side::buy) + level_count(Side::sell) == 0; }
    // Room for one more order at any price?
    bool has_room() const noexcept {
        return order_count() < open_orders_max &&
               level_count(Side::buy) + level_count(Side::sell) < price_levels_max;
    }
    std::size_t bytes_per_order() const noexcept;

    // To the end of the queue at its price. Nothing happens without room: ask has_room() first.
    void append(const Entry& entry);
    void remove(Slot slot) noexcept;
    // The same by number; nothing when there is no such order.
    void remove_id(std::uint64_t id) noexcept;
    // Takes lots from an order because they traded; an order without lots leaves.
    void fill(Slot slot, std::uint32_t lots);
    // Sets the open lots of an order in its place.
    void resize(Slot slot, std::uint32_t lots) noexcept;
    // Gives the order in its place another number.
    void rename(Slot slot, std::uint64_t id);
    // Adds (or takes, at most all) anonymous lots at a price.
    void add_anonymous(Side side, std::int32_t tick, std::uint64_t lots);
    void take_anonymous(Side side, std::int32_t tick, std::uint64_t lots) noexcept;

    // What will be read of an order that comes in, or is asked for, is fetched step by step.
    void expect_new(std::uint64_t id, Side side, std::int32_t tick, Comes when) const noexcept;
    void expect_known(std::uint64_t id, Comes when) const noexcept;

    void reserve(std::size_t orders);
    void clear() noexcept;

private:
    const PriceLadder& ladder(Side side) const noexcept {
        return ladders_[static_cast<std::size_t>(side)];
    }
    PriceLadder& ladder(Side side) noexcept { return ladders_[static_cast<std::size_t>(side)]; }
    LevelNumber level_for(Side side, std::int32_t tick);
    void unlink(Slot slot) noexcept;
    void leave_if_empty(LevelNumber number) noexcept;
    Slot new_slot();

    std::pmr::vector<Order> orders_;     // [0] is nobody
    std::pmr::vector<Level> levels_;     // [0] is nowhere
    Slot free_order_ = no_slot;          // linked through next
    LevelNumber free_level_ = no_level;  // linked through head
    std::uint32_t level_counts_[2] = {0, 0};
    OrderIndex index_;
    FillTable fills_;
    PriceLadder ladders_[2];  // by Side
};

inline void Queues::expect_known(std::uint64_t id, Comes when) const noexcept {
    if (when == Comes::soon) return index_.fetch(id);
    const Slot slot = index_.guess(id);
    const Order& order = orders_[slot];
    if (when == Comes::next) return fetch(&order);
    fetch(&levels_[order.level()]);
    fetch(&orders_[order.prev()]);
    fetch(&orders_[order.next()]);
}

inline void Queues::expect_new(std::uint64_t id, Side side, std::int32_t tick,
                               Comes when) const noexcept {
    if (when == Comes::soon) {
        index_.fetch(id);
        return ladder(side).fetch(key_of(side, tick));
    }
    const Level& here = levels_[at(side, tick)];
    if (when == Comes::next) return fetch(&here);
    fetch(&orders_[here.tail]);
}

inline LevelNumber Queues::level_for(Side side, std::int32_t tick) {
    const std::uint32_t key = key_of(side, tick);
    LevelNumber number = ladder(side).find(key);
    if (number != no_level) return number;
    if (free_level_ != no_level) {
        number = free_level_;
        free_level_ = levels_[number].head;
    } else {
        if (levels_.size() > price_levels_max) return no_level;
        number = static_cast<LevelNumber>(levels_.size());
        levels_.emplace_back();
    }
    levels_[number] = Level{tick, no_slot, no_slot, static_cast<std::uint32_t>(side) << 31, 0, 0};
    ladder(side).insert(key, number);
    ++level_counts_[static_cast<std::size_t>(side)];
    return number;
}

inline Slot Queues::new_slot() {
    if (free_order_ != no_slot) {
        const Slot slot = free_order_;
        free_order_ = orders_[slot].next();
        return slot;
    }
    if (orders_.size() > open_orders_max) return no_slot;
    orders_.emplace_back();
    return static_cast<Slot>(orders_.size() - 1);
}

[[gnu::always_inline]] inline void Queues::append(const Entry& entry) {
    if ((entry.lots & Order::open_mask) == 0) return;
    const Slot slot = new_slot();
    if (slot == no_slot) return;
    const LevelNumber number = level_for(entry.side, entry.tick);
    Order& order = orders_[slot];
    if (number == no_level) {
        order.set_place(no_slot, free_order_, no_level);
        free_order_ = slot;
        return;
    }
    Level& here = levels_[number];
    order.id = entry.id;
    order.owner = entry.owner;
    order.open_and_flags = (entry.lots & Order::open_mask) | entry.flags;
    order.set_place(here.tail, no_slot, number);
    if (here.tail != no_slot)
        orders_[here.tail].set_next(slot);
    else
        here.head = slot;
    here.tail = slot;
    ++here.count_and_side;
    here.lots += order.open();
    index_.insert(entry.id, slot, orders_.data());
    if (entry.filled != 0) {
        order.open_and_flags |= Order::partly_filled;
        fills_.set(slot, entry.filled);
    }
}

inline void Queues::leave_if_empty(LevelNumber number) noexcept {
    Level& here = levels_[number];
    if (here.count() != 0 || here.anonymous != 0) return;
    PAWL_ASSERT(here.lots == 0);
    const Side side = here.side();
    ladder(side).erase(key_of(side, here.tick));
    --level_counts_[static_cast<std::size_t>(side)];
    here.head = free_level_;
    free_level_ = number;
}

// Out of its queue and back to the pool; the index has forgotten it already.
[[gnu::always_inline]] inline void Queues::unlink(Slot slot) noexcept {
    Order& order = orders_[slot];
    const LevelNumber number = order.level();
    PAWL_ASSERT(number != no_level);
    Level& here = levels_[number];
    const Slot prev = order.prev();
    const Slot next = order.next();
    if (prev != no_slot)
        orders_[prev].set_next(next);
    else
        here.head = next;
    if (next != no_slot)
        orders_[next].set_prev(prev);
    else
        here.tail = prev;
    --here.count_and_side;
    here.lots -= order.open();
    if (order.is(Order::partly_filled)) fills_.erase(slot);
    order.set_place(no_slot, free_order_, no_level);
    free_order_ = slot;
    if (here.count() == 0) leave_if_empty(number);
}

inline void Queues::remove(Slot slot) noexcept {
    index_.erase(slot, orders_.data());
    unlink(slot);
}

inline void Queues::remove_id(std::uint64_t id) noexcept {
    const Slot slot = index_.take(id, orders_.data());
    if (slot != no_slot) unlink(slot);
}

inline void Queues::fill(Slot slot, std::uint32_t lots) {
    Order& order = orders_[slot];
    const std::uint32_t open = order.open();
    if (lots >= open) return remove(slot);
    levels_[order.level()].lots -= lots;
    order.set_open(open - lots);
    fills_.set(slot, filled(slot) + lots);
    order.open_and_flags |= Order::partly_filled;
}

}  // namespace pawl::matching::detail
