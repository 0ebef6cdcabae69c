// What the frequent events change in a book. Included by book.hpp; the rare ones are in
// matching/apply.cpp.
#pragma once

#include "pawl/matching/book.hpp"
#include "pawl/matching/detail/sound.hpp"

namespace pawl::matching {

namespace detail {
constexpr std::uint32_t flags_of(TimeInForce time_in_force, PostOnly post_only) noexcept {
    return (time_in_force == TimeInForce::good_till_cancel ? Order::good_till_cancel : 0U) |
           (post_only != PostOnly::none ? Order::post_only : 0U);
}
}  // namespace detail

// Who trades is nearly always the oldest order at the best price: no need to ask the index.
inline detail::Slot Book::head_or_find(Side side, OrderId order) const noexcept {
    const detail::LevelNumber best = queues_.best(side);
    if (best != detail::no_level) [[likely]] {
        const detail::Slot head = queues_.level(best).head;
        if (queues_.order(head).id == order) [[likely]]
            return head;
    }
    return queues_.find(order);
}

inline void Book::apply(const PhaseChanged& event) noexcept {
    if (event.phase > Phase::closed) return;
    phase_ = event.phase;
    note_terms();
}

inline void Book::apply(const OrderRested& event) noexcept {
    queues_.append({.id = event.order,
                    .tick = tick_of(event.price),
                    .lots = lots_of(event.quantity),
                    .filled = 0,
                    .owner = event.owner,
                    .flags = detail::flags_of(event.time_in_force, event.post_only),
                    .side = detail::sound(event.side)});
}

inline void Book::apply(const OrderRemained& event) noexcept {
    queues_.append({.id = event.order,
                    .tick = tick_of(event.price),
                    .lots = lots_of(event.open),
                    .filled = static_cast<std::uint64_t>(lot_.quotient(event.filled)),
                    .owner = event.owner,
                    .flags = detail::flags_of(event.time_in_force, event.post_only),
                    .side = detail::sound(event.side)});
}

inline void Book::apply(const Traded& event) noexcept {
    const detail::Slot maker = head_or_find(opposite(event.aggressor), event.maker);
    if (maker != detail::no_slot) queues_.fill(maker, lots_of(event.quantity));
}

inline void Book::apply(const OrderCancelled& event) noexcept {
    queues_.remove_id(event.order);
}

}  // namespace pawl::matching
