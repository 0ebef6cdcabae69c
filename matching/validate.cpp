// Whether commands are well-formed in themselves, and an instrument's terms possible. Knows no
// state.
#include "pawl/matching/book.hpp"

namespace pawl::matching {

bool Book::validate(const AddInstrument& ask) noexcept {
    return ask.mode <= Mode::following && ask.phase <= Phase::closed;
}

bool Book::validate(const SetPhase& ask) noexcept {
    return ask.phase <= Phase::closed;
}

bool Book::validate(const Follow& ask) noexcept {
    if (ask.kind > FollowKind::replace || ask.side > Side::sell) return false;
    if (ask.kind == FollowKind::replace && ask.new_order == 0) return false;
    if (ask.kind != FollowKind::seed && ask.order == 0) return false;
    return ask.quantity > 0 || (ask.kind == FollowKind::remove && ask.quantity == 0);
}

Verdict Book::check_terms(const AddInstrument& terms) noexcept {
    const detail::ExactDivisor tick(terms.tick == 0 ? 1 : terms.tick);
    const detail::ExactDivisor lot(terms.lot == 0 ? 1 : terms.lot);
    const bool possible =
        terms.tick != 0 && terms.lot != 0 && terms.price_min <= terms.price_max &&
        tick.divides(terms.price_min) && tick.divides(terms.price_max) &&
        tick.quotient(terms.price_min) >= -price_ticks_max &&
        tick.quotient(terms.price_max) <= price_ticks_max && terms.quantity_max > 0 &&
        terms.quantity_max <= quantity_units_max && lot.divides(terms.quantity_max) &&
        lot.quotient(terms.quantity_max) <= quantity_lots_max && terms.notional_max > 0 &&
        terms.collar >= 0 && tick.divides(terms.collar) &&
        (terms.reference == 0 || tick.divides(terms.reference));
    return possible ? accept : reject(Reason::bad_instrument);
}

}  // namespace pawl::matching
