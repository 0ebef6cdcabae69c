// What the rare events change in a book. Knows its queues; decides nothing.
#include "pawl/matching/book.hpp"

namespace pawl::matching {

void Book::apply(const InstrumentAdded& event) noexcept {
    if (event.tick == 0 || event.lot == 0 || event.phase > Phase::closed) return;
    terms_ = event;
    tick_ = detail::ExactDivisor(event.tick);
    lot_ = detail::ExactDivisor(event.lot);
    phase_ = event.phase;
    added_ = true;
    note_terms();
    queues_.reserve(event.orders_expected);
}

void Book::apply(const InstrumentChanged& event) noexcept {
    if (event.tick == 0 || event.lot == 0) return;
    terms_.price_min = event.price_min;
    terms_.price_max = event.price_max;
    terms_.quantity_max = event.quantity_max;
    terms_.notional_max = event.notional_max;
    terms_.reference = event.reference;
    terms_.collar = event.collar;
    terms_.tick = event.tick;
    terms_.lot = event.lot;
    tick_ = detail::ExactDivisor(event.tick);
    lot_ = detail::ExactDivisor(event.lot);
    note_terms();
}

void Book::apply(const InstrumentSuspended&) noexcept {
    suspended_ = true;
    note_terms();
}

void Book::apply(const InstrumentResumed&) noexcept {
    suspended_ = false;
    note_terms();
}

// What every order would ask for again is worked out here, once.
void Book::note_terms() noexcept {
    open_to_ = 0;
    if (phase_ > Phase::closed) return;
    for (int i = 0; i < action_count; ++i) {
        const auto action = static_cast<Action>(i);
        const Mode mode = action == Action::follow ? Mode::following : Mode::matching;
        if (ready_for(action, mode).accepted()) open_to_ |= static_cast<std::uint8_t>(1U << i);
    }
    __extension__ using Wide = __int128;
    const Wide quantity = terms_.quantity_max;
    notional_binds_ = terms_.notional_max < 0 ||
                      Wide{terms_.price_max} * quantity > terms_.notional_max ||
                      -Wide{terms_.price_min} * quantity > terms_.notional_max;
}

void Book::apply(const AuctionTraded& event) noexcept {
    const std::uint32_t lots = lots_of(event.quantity);
    const detail::Slot buy = head_or_find(Side::buy, event.buy);
    if (buy != detail::no_slot) queues_.fill(buy, lots);
    const detail::Slot sell = head_or_find(Side::sell, event.sell);
    if (sell != detail::no_slot) queues_.fill(sell, lots);
}

void Book::apply(const OrderAmended& event) noexcept {
    const detail::Slot slot = queues_.find(event.order);
    if (slot == detail::no_slot) return;
    if (event.place == Place::kept) return queues_.resize(slot, lots_of(event.open));
    const detail::Order old = queues_.order(slot);
    const Side side = queues_.level_of(slot).side();
    const std::uint64_t filled = queues_.filled(slot);
    queues_.remove(slot);
    if (event.place == Place::lost)
        queues_.append({old.id, tick_of(event.price), lots_of(event.open), filled, old.owner,
                        old.flags(), side});
}

void Book::apply(const OrderReplaced& event) noexcept {
    const detail::Slot slot = queues_.find(event.order);
    if (slot == detail::no_slot) return;
    if (event.place == Place::kept) {
        queues_.resize(slot, lots_of(event.open));
        return queues_.rename(slot, event.new_order);
    }
    const detail::Order old = queues_.order(slot);
    const Side side = queues_.level_of(slot).side();
    const std::uint64_t filled = queues_.filled(slot);
    queues_.remove(slot);
    if (event.place == Place::lost)
        queues_.append({event.new_order, tick_of(event.price), lots_of(event.open), filled,
                        old.owner, old.flags(), side});
}

void Book::apply(const AnonymousSeeded& event) noexcept {
    queues_.add_anonymous(detail::sound(event.side), tick_of(event.price), lots_of(event.quantity));
}

void Book::apply(const AnonymousReduced& event) noexcept {
    queues_.take_anonymous(detail::sound(event.side), tick_of(event.price),
                           static_cast<std::uint64_t>(lot_.quotient(event.quantity)));
}

void Book::apply(const OrderExecuted& event) noexcept {
    const detail::Slot slot = queues_.find(event.order);
    if (slot != detail::no_slot) queues_.fill(slot, lots_of(event.quantity));
}

}  // namespace pawl::matching
