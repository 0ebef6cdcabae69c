// What a book decides about orders: enter, cancel, amend, replace. Included by book.hpp.
#pragma once

#include <algorithm>

#include "pawl/matching/book.hpp"

namespace pawl::matching {

// An order that trades now: new, or lifted out of its queue by an amendment.
struct Book::Incoming {
    OrderId order;
    std::int32_t limit;  // tick
    std::uint32_t lots;
    std::uint64_t filled;  // lots, before
    Owner owner;
    Side side;
    bool rests;  // what is left goes into the book
    CancelReason otherwise;
    TimeInForce time_in_force;
    PostOnly post_only;
};

// The four enumerators side by side: one comparison finds each that is not in its list.
inline bool Book::validate(const NewOrder& ask) noexcept {
    const auto word = static_cast<std::uint32_t>(ask.side) |
                      static_cast<std::uint32_t>(ask.kind) << 8 |
                      static_cast<std::uint32_t>(ask.time_in_force) << 16 |
                      static_cast<std::uint32_t>(ask.post_only) << 24;
    constexpr std::uint32_t plain = 0x0001'0001;  // a limit order that rests and may take
    const bool listed =
        (word & ~plain) == 0 || ((word & 0xFCFC'FEFE) == 0 && ask.post_only <= PostOnly::reprice &&
                                 !(takes_only(ask) && ask.post_only != PostOnly::none));
    return listed && ask.order != 0 && ask.quantity > 0 && ask.remainder <= Remainder::rest;
}

inline bool Book::takes_only(const NewOrder& ask) noexcept {
    return ask.kind == OrderKind::market || ask.time_in_force >= TimeInForce::immediate_or_cancel;
}

inline Action Book::action_of(const NewOrder& ask) noexcept {
    if (takes_only(ask)) return Action::take;
    return ask.post_only == PostOnly::none ? Action::rest : Action::rest_only;
}

inline bool Book::fits(Price price, Quantity quantity) const noexcept {
    return price >= terms_.price_min && price <= terms_.price_max && tick_.divides(price) &&
           quantity <= terms_.quantity_max && lot_.divides(quantity) &&
           (!notional_binds_ || notional_fits(price, quantity));
}

inline bool Book::notional_fits(Price price, Quantity quantity) const noexcept {
    __extension__ using Wide = __int128;
    const Wide notional = Wide{price} * Wide{quantity};
    return notional <= terms_.notional_max && -notional <= terms_.notional_max;
}

inline detail::Slot Book::own(OrderId order, Owner owner) const noexcept {
    const detail::Slot slot = queues_.find(order);
    return slot != detail::no_slot && queues_.order(slot).owner == owner ? slot : detail::no_slot;
}

// Trades until the limit or the quantity ends, oldest order of the best price first, and says what
// becomes of the rest.
template <class Ctx>
void Book::take(const Incoming& incoming, Ctx& ctx) const {
    std::uint32_t left = incoming.lots;
    std::uint32_t trades = 0;
    CancelReason reason = incoming.otherwise;
    detail::LevelNumber number = queues_.best(opposite(incoming.side));
    while (left != 0 && number != detail::no_level) {
        const detail::Level& level = queues_.level(number);
        if (!reaches(incoming.side, incoming.limit, level.tick)) break;
        const Price price = price_of(level.tick);
        for (detail::Slot slot = level.head; slot != detail::no_slot && left != 0;) {
            if (trades++ == trades_per_command_max) break;
            const detail::Order& maker = queues_.order(slot);
            const std::uint32_t lots = std::min(left, maker.open());
            ctx.emit(
                Traded{maker.id, incoming.order, price, quantity_of(lots), incoming.side, 0, 0, 0});
            left -= lots;
            slot = maker.next();
        }
        if (trades > trades_per_command_max) {
            reason = CancelReason::trades_max;
            break;
        }
        if (left != 0) number = queues_.next_worse(number);
    }
    if (left == 0) return;
    if (incoming.rests && reason != CancelReason::trades_max)
        ctx.emit(OrderRemained{incoming.order, price_of(incoming.limit), quantity_of(left),
                               quantity_of(incoming.filled + incoming.lots - left), incoming.owner,
                               incoming.side, incoming.time_in_force, incoming.post_only, 0});
    else
        ctx.emit(OrderCancelled{incoming.order, quantity_of(left), incoming.owner, reason, 0, 0});
}

template <class Ctx>
Verdict Book::decide(const NewOrder& ask, Ctx& ctx) const {
    if (!validate(ask)) return reject(Reason::malformed);
    const Action action = action_of(ask);
    if (!open_to(action)) [[unlikely]]
        return ready_for(action, Mode::matching);
    if (ask.kind == OrderKind::market) return enter_market(ask, ctx);
    if (!fits(ask.price, ask.quantity)) [[unlikely]]
        return check_price_and_quantity(ask.price, ask.quantity);
    if (queues_.find(ask.order) != detail::no_slot) return reject(Reason::duplicate_order);

    const std::int32_t tick = tick_of(ask.price);
    const std::uint32_t lots = lots_of(ask.quantity);
    if (action != Action::take && !queues_.has_room()) return reject(Reason::book_full);
    Price price = ask.price;
    if (phase_ == Phase::continuous) {
        const bool takes = would_take(ask.side, tick);
        if (ask.time_in_force == TimeInForce::fill_or_kill && !can_fill(ask.side, tick, lots))
            return reject(Reason::cannot_fill);
        if (takes && ask.post_only != PostOnly::none) {
            if (ask.post_only == PostOnly::reject) return reject(Reason::would_take);
            const detail::Level& best = queues_.level(queues_.best(opposite(ask.side)));
            price = price_of(best.tick) + (ask.side == Side::buy ? -price_of(1) : price_of(1));
            if (const Verdict no = check_price_and_quantity(price, ask.quantity); !no.accepted())
                return reject(Reason::would_take);
        } else if (takes || action == Action::take) {
            ctx.emit(OrderTook{ask.order, ask.price, ask.quantity, ask.owner, ask.side, ask.kind,
                               ask.time_in_force, 0});
            take({ask.order, tick, lots, 0, ask.owner, ask.side, action != Action::take,
                  CancelReason::immediate, ask.time_in_force, PostOnly::none},
                 ctx);
            return accept;
        }
    }
    ctx.emit(OrderRested{ask.order, price, ask.quantity, ask.owner, ask.side, ask.time_in_force,
                         ask.post_only, 0});
    return accept;
}

// A market order is a limit order at the collar: no order trades at any price.
template <class Ctx>
Verdict Book::enter_market(const NewOrder& ask, Ctx& ctx) const {
    if (terms_.collar == 0) return reject(Reason::no_collar);
    if (queues_.find(ask.order) != detail::no_slot) return reject(Reason::duplicate_order);
    const detail::LevelNumber best = queues_.best(opposite(ask.side));
    if (best == detail::no_level) return reject(Reason::no_opposite);
    const std::int32_t limit = collar_tick(ask.side, queues_.level(best).tick);
    const Price price = price_of(limit);
    if (const Verdict no = check_price_and_quantity(price, ask.quantity); !no.accepted()) return no;
    const std::uint32_t lots = lots_of(ask.quantity);
    if (ask.time_in_force == TimeInForce::fill_or_kill && !can_fill(ask.side, limit, lots))
        return reject(Reason::cannot_fill);
    const bool rests =
        ask.remainder == Remainder::rest && ask.time_in_force < TimeInForce::immediate_or_cancel;
    if (rests && !queues_.has_room()) return reject(Reason::book_full);
    ctx.emit(OrderTook{ask.order, price, ask.quantity, ask.owner, ask.side, ask.kind,
                       ask.time_in_force, 0});
    take({ask.order, limit, lots, 0, ask.owner, ask.side, rests, CancelReason::collar,
          ask.time_in_force, PostOnly::none},
         ctx);
    return accept;
}

template <class Ctx>
Verdict Book::decide(const CancelOrder& ask, Ctx& ctx) const {
    if (!open_to(Action::cancel)) [[unlikely]]
        return ready_for(Action::cancel, Mode::matching);
    const detail::Slot slot = own(ask.order, ask.owner);
    if (slot == detail::no_slot) return reject(Reason::unknown_order);
    ctx.emit(OrderCancelled{ask.order, quantity_of(queues_.order(slot).open()), ask.owner,
                            CancelReason::requested, 0, 0});
    return accept;
}

template <class Ctx>
Verdict Book::decide(const AmendOrder& ask, Ctx& ctx) const {
    if (!validate(ask)) return reject(Reason::malformed);
    if (!open_to(Action::amend)) [[unlikely]]
        return ready_for(Action::amend, Mode::matching);
    const detail::Slot slot = own(ask.order, ask.owner);
    if (slot == detail::no_slot) return reject(Reason::unknown_order);
    if (!fits(ask.price, ask.quantity)) [[unlikely]]
        return check_price_and_quantity(ask.price, ask.quantity);
    const OpenOrder old = describe(slot);
    if (ask.price == old.price && ask.quantity == old.open) return reject(Reason::unchanged);
    const bool keeps = ask.price == old.price && ask.quantity < old.open;
    const std::int32_t tick = tick_of(ask.price);
    const bool takes = !keeps && phase_ == Phase::continuous && would_take(old.side, tick);
    if (takes && old.post_only) return reject(Reason::would_take);
    if (!keeps && !queues_.has_room()) return reject(Reason::book_full);
    const Place place = keeps ? Place::kept : takes ? Place::lifted : Place::lost;
    ctx.emit(OrderAmended{ask.order, ask.price, ask.quantity, place, 0, 0, 0});
    if (takes)
        take({ask.order, tick, lots_of(ask.quantity), queues_.filled(slot), ask.owner, old.side,
              true, CancelReason::requested,
              old.good_till_cancel ? TimeInForce::good_till_cancel : TimeInForce::day,
              PostOnly::none},
             ctx);
    return accept;
}

template <class Ctx>
Verdict Book::decide(const ReplaceOrder& ask, Ctx& ctx) const {
    if (!validate(ask)) return reject(Reason::malformed);
    if (!open_to(Action::amend)) [[unlikely]]
        return ready_for(Action::amend, Mode::matching);
    const detail::Slot slot = own(ask.order, ask.owner);
    if (slot == detail::no_slot) return reject(Reason::unknown_order);
    if (ask.new_order != ask.order && queues_.find(ask.new_order) != detail::no_slot)
        return reject(Reason::duplicate_order);
    if (!fits(ask.price, ask.quantity)) [[unlikely]]
        return check_price_and_quantity(ask.price, ask.quantity);
    const OpenOrder old = describe(slot);
    if (ask.quantity <= old.filled) return reject(Reason::already_filled);
    const Quantity open = ask.quantity - old.filled;
    const bool keeps = ask.price == old.price && open <= old.open;
    const std::int32_t tick = tick_of(ask.price);
    const bool takes = !keeps && phase_ == Phase::continuous && would_take(old.side, tick);
    if (takes && old.post_only) return reject(Reason::would_take);
    if (!keeps && !queues_.has_room()) return reject(Reason::book_full);
    const Place place = keeps ? Place::kept : takes ? Place::lifted : Place::lost;
    ctx.emit(OrderReplaced{ask.order, ask.new_order, ask.price, open, place, 0, 0, 0});
    if (takes)
        take({ask.new_order, tick, lots_of(open), queues_.filled(slot), ask.owner, old.side, true,
              CancelReason::requested,
              old.good_till_cancel ? TimeInForce::good_till_cancel : TimeInForce::day,
              PostOnly::none},
             ctx);
    return accept;
}

}  // namespace pawl::matching
