// Why the matching core rejects a command. Knows no book.
#pragma once

#include <cstdint>

namespace pawl::matching {

// Every rejection of a Book. Numbers are kept in journals: append only. A rejected command had no
// effect at all.
enum class Reason : std::uint16_t {
    malformed = 1,           // a field outside its list, an order number 0, a quantity below 1
    unknown_instrument = 2,  // AddInstrument was never accepted here
    instrument_exists = 3,   // AddInstrument twice
    bad_instrument =
        4,  // tick, lot, range or collar contradict each other, or exceed types.hpp's limits
    orders_open = 5,        // tick and lot change only while the book is empty
    suspended = 6,          // the instrument is suspended (or already is)
    not_suspended = 7,      // ResumeInstrument without a suspension
    wrong_mode = 8,         // a book that follows a feed takes no orders, one that matches no feed
    not_in_this_phase = 9,  // phases.hpp
    book_crossed = 10,      // Uncross before going to continuous
    duplicate_order = 11,   // an open order has this number
    unknown_order = 12,     // no open order of this owner has this number
    price_off_tick = 13,
    price_too_low = 14,
    price_too_high = 15,
    quantity_off_lot = 16,
    quantity_too_large = 17,
    notional_too_large = 18,  // price × quantity
    no_collar = 19,           // market orders need a collar
    no_opposite = 20,         // market order, and nobody on the other side
    cannot_fill = 21,         // fill-or-kill
    would_take = 22,          // post-only
    already_filled = 23,      // ReplaceOrder's total is not more than what was filled
    unchanged = 24,           // an amendment that changes nothing
    more_than_open = 25,      // the feed takes more from an order than it has
    book_full = 26,           // open_orders_max or price_levels_max
};
inline constexpr std::uint16_t reason_max = 26;

// A readable phrase for each enumerator: "price off the tick", ... Defined in pawl::matching's
// library.
const char* to_string(Reason) noexcept;

}  // namespace pawl::matching
