// What can be asked of a book. Plain values without padding; know no state. `reserved` fields are
// 0.
#pragma once

#include <cstdint>

#include "pawl/matching/types.hpp"

namespace pawl::matching {

// Makes the book of this aggregate an instrument. Every price is a multiple of tick between
// price_min and price_max, every quantity a multiple of lot up to quantity_max.
struct AddInstrument {
    Price price_min = 1;
    Price price_max = 0;
    Quantity quantity_max = 0;
    std::int64_t notional_max = INT64_MAX;  // of price × quantity, compared in 128 bits
    Price reference = 0;  // decides ties of the auction price; 0 = the highest price does
    Price collar = 0;  // how far beyond the best opposite price a market order trades; 0 = none may
    std::uint32_t tick = 1;
    std::uint32_t lot = 1;
    std::uint32_t orders_expected =
        0;  // memory for so many open orders is taken at once; more may come
    Mode mode = Mode::matching;
    Phase phase = Phase::pre_open;
    std::uint16_t reserved = 0;
};

// Other limits for an instrument. Open orders stay, also those outside the new range.
struct ChangeInstrument {
    Price price_min = 1;
    Price price_max = 0;
    Quantity quantity_max = 0;
    std::int64_t notional_max = INT64_MAX;
    Price reference = 0;
    Price collar = 0;
    std::uint32_t tick = 1;  // tick and lot: only while no order is open
    std::uint32_t lot = 1;
};

// From now on only cancels.
struct SuspendInstrument {};
// As before the suspension.
struct ResumeInstrument {};

// Another trading phase. Continuous needs an uncrossed book.
struct SetPhase {
    Phase phase = Phase::pre_open;
};

// Executes the auction at one price: the one with the most volume, then the least imbalance, then
// the nearest to the reference (without one: the highest). Pairs in price-time order on both sides.
// Leaves the phase as it is. At most trades_per_command_max trades: Uncrossed::volume_left says
// whether to repeat it.
struct Uncross {};

struct NewOrder {
    OrderId order = 0;
    Price price = 0;  // ignored for market orders
    Quantity quantity = 0;
    Owner owner = 0;
    Side side = Side::buy;
    OrderKind kind = OrderKind::limit;
    TimeInForce time_in_force = TimeInForce::day;
    PostOnly post_only = PostOnly::none;
    Remainder remainder = Remainder::cancel;  // of a market order
    std::uint8_t reserved_1 = 0;
    std::uint16_t reserved_2 = 0;
    std::uint32_t reserved_4 = 0;
};

struct CancelOrder {
    OrderId order = 0;
    Owner owner = 0;
    std::uint32_t reserved = 0;
};

// Another price or open quantity for an open order. Less quantity at the same price keeps its place
// in the queue; anything else goes to the end, and trades first if the new price allows it.
struct AmendOrder {
    OrderId order = 0;
    Price price = 0;        // the old one, or a new one
    Quantity quantity = 0;  // what shall be open afterwards
    Owner owner = 0;
    std::uint32_t reserved = 0;
};

// Another number, price and total for an open order. The total includes what was filled: 100 after
// 40 were filled leaves 60 open. Place in the queue as with AmendOrder.
struct ReplaceOrder {
    OrderId order = 0;
    OrderId new_order = 0;
    Price price = 0;
    Quantity quantity = 0;  // total
    Owner owner = 0;
    std::uint32_t reserved = 0;
};

// One message of a feed that is followed (Mode::following). An order that was never added reduces
// the anonymous quantity of its side at its price; anonymous quantity is older than any order
// there.
//
//   kind     order   new_order  price                     quantity
//   seed     0       0          where                     how much stands there
//   add      new     0          its price                 its quantity
//   reduce   which   0          its price if unknown      how much less
//   remove   which   0          its price if unknown      its quantity if unknown
//   execute  which   0          of the trade              how much traded
//   replace  which   new        the new order's           the new order's
struct Follow {
    OrderId order = 0;
    OrderId new_order = 0;
    Price price = 0;
    Quantity quantity = 0;
    FollowKind kind = FollowKind::seed;
    Side side = Side::buy;  // of the resting order
    std::uint16_t reserved_2 = 0;
    std::uint32_t reserved_4 = 0;
};

}  // namespace pawl::matching
