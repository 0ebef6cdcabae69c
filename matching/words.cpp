// Readable words for the matching core's enumerators. Knows nothing else.
#include "pawl/matching/reason.hpp"
#include "pawl/matching/types.hpp"

namespace pawl::matching {

const char* to_string(Side side) noexcept {
    return side == Side::buy ? "buy" : "sell";
}

const char* to_string(Phase phase) noexcept {
    switch (phase) {
        case Phase::pre_open:
            return "pre-open";
        case Phase::auction:
            return "auction";
        case Phase::continuous:
            return "continuous";
        case Phase::halt:
            return "halt";
        case Phase::no_cancel:
            return "no-cancel";
        case Phase::closed:
            return "closed";
    }
    return "unknown phase";
}

const char* to_string(CancelReason reason) noexcept {
    switch (reason) {
        case CancelReason::requested:
            return "requested by its owner";
        case CancelReason::immediate:
            return "immediate or cancel";
        case CancelReason::collar:
            return "collar reached";
        case CancelReason::trades_max:
            return "too many trades for one command";
        case CancelReason::feed:
            return "cancelled by the feed";
    }
    return "unknown reason";
}

const char* to_string(Reason reason) noexcept {
    switch (reason) {
        case Reason::malformed:
            return "malformed";
        case Reason::unknown_instrument:
            return "unknown instrument";
        case Reason::instrument_exists:
            return "instrument exists already";
        case Reason::bad_instrument:
            return "impossible tick, lot, range or collar";
        case Reason::orders_open:
            return "tick and lot change only while the book is empty";
        case Reason::suspended:
            return "instrument suspended";
        case Reason::not_suspended:
            return "instrument not suspended";
        case Reason::wrong_mode:
            return "wrong mode: matching or following a feed";
        case Reason::not_in_this_phase:
            return "not in this phase";
        case Reason::book_crossed:
            return "book crossed: uncross first";
        case Reason::duplicate_order:
            return "duplicate order number";
        case Reason::unknown_order:
            return "unknown order";
        case Reason::price_off_tick:
            return "price off the tick";
        case Reason::price_too_low:
            return "price too low";
        case Reason::price_too_high:
            return "price too high";
        case Reason::quantity_off_lot:
            return "quantity off the lot";
        case Reason::quantity_too_large:
            return "quantity too large";
        case Reason::notional_too_large:
            return "notional too large";
        case Reason::no_collar:
            return "market order without a collar";
        case Reason::no_opposite:
            return "market order without an opposite side";
        case Reason::cannot_fill:
            return "cannot be filled whole";
        case Reason::would_take:
            return "post-only order would take";
        case Reason::already_filled:
            return "total already filled";
        case Reason::unchanged:
            return "nothing to change";
        case Reason::more_than_open:
            return "more than is open";
        case Reason::book_full:
            return "book full";
    }
    return "unknown reason";
}

}  // namespace pawl::matching
