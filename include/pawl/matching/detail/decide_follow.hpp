// How a book follows a feed. Included by book.hpp.
#pragma once

#include <algorithm>

#include "pawl/matching/book.hpp"

namespace pawl::matching {

template <class Ctx>
Verdict Book::decide(const Follow& ask, Ctx& ctx) const {
    if (!validate(ask)) return reject(Reason::malformed);
    if (!open_to(Action::follow)) [[unlikely]]
        return ready_for(Action::follow, Mode::following);
    if (ask.kind == FollowKind::seed || ask.kind == FollowKind::add) {
        if (const Verdict no = check_price_and_quantity(ask.price, ask.quantity); !no.accepted())
            return no;
        if (!queues_.has_room()) return reject(Reason::book_full);
        if (ask.kind == FollowKind::seed) {
            ctx.emit(AnonymousSeeded{ask.price, ask.quantity, ask.side, 0, 0, 0});
            return accept;
        }
        if (queues_.find(ask.order) != detail::no_slot) return reject(Reason::duplicate_order);
        ctx.emit(OrderRested{ask.order, ask.price, ask.quantity, 0, ask.side, TimeInForce::day,
                             PostOnly::none, 0});
        return accept;
    }
    const detail::Slot slot = queues_.find(ask.order);
    return slot != detail::no_slot ? follow_known(ask, slot, ctx) : follow_anonymous(ask, ctx);
}

template <class Ctx>
Verdict Book::follow_known(const Follow& ask, detail::Slot slot, Ctx& ctx) const {
    const OpenOrder old = describe(slot);
    if (ask.kind == FollowKind::remove) {
        ctx.emit(OrderCancelled{ask.order, old.open, old.owner, CancelReason::feed, 0, 0});
        return accept;
    }
    if (ask.kind == FollowKind::replace) {
        if (const Verdict no = check_price_and_quantity(ask.price, ask.quantity); !no.accepted())
            return no;
        if (ask.new_order != ask.order && queues_.find(ask.new_order) != detail::no_slot)
            return reject(Reason::duplicate_order);
        if (!queues_.has_room()) return reject(Reason::book_full);
        ctx.emit(
            OrderReplaced{ask.order, ask.new_order, ask.price, ask.quantity, Place::lost, 0, 0, 0});
        return accept;
    }
    if (!lot_.divides(ask.quantity)) return reject(Reason::quantity_off_lot);
    if (ask.quantity > old.open) return reject(Reason::more_than_open);
    if (ask.kind == FollowKind::execute)
        ctx.emit(OrderExecuted{ask.order, ask.price, ask.quantity, old.side, 0, 0, 0});
    else if (ask.quantity == old.open)
        ctx.emit(OrderCancelled{ask.order, old.open, old.owner, CancelReason::feed, 0, 0});
    else
        ctx.emit(OrderAmended{ask.order, old.price, old.open - ask.quantity, Place::kept, 0, 0, 0});
    return accept;
}

// The order was there before we began to listen: it can only be part of what stands anonymously at
// its price.
template <class Ctx>
Verdict Book::follow_anonymous(const Follow& ask, Ctx& ctx) const {
    if (ask.kind == FollowKind::replace) return reject(Reason::unknown_order);
    if (const Verdict no = check_price_and_quantity(ask.price, ask.quantity); !no.accepted())
        return no;
    const detail::LevelNumber level = queues_.at(ask.side, tick_of(ask.price));
    if (level == detail::no_level || queues_.level(level).anonymous == 0)
        return reject(Reason::unknown_order);
    const Quantity there = quantity_of(queues_.level(level).anonymous);
    ctx.emit(AnonymousReduced{ask.order, ask.price, std::min(there, ask.quantity), ask.side,
                              ask.kind == FollowKind::execute, 0, 0});
    return accept;
}

}  // namespace pawl::matching
