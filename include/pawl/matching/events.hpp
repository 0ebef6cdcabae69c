// What happened in a book. Plain values without padding, kept in journals: fields are never
// changed. Trades, and who owned which order, follow from these alone.
#pragma once

#include <cstdint>

#include "pawl/matching/types.hpp"

namespace pawl::matching {

struct InstrumentAdded {
    Price price_min;
    Price price_max;
    Quantity quantity_max;
    std::int64_t notional_max;
    Price reference;
    Price collar;
    std::uint32_t tick;
    std::uint32_t lot;
    std::uint32_t orders_expected;
    Mode mode;
    Phase phase;
    std::uint16_t reserved;
};

struct InstrumentChanged {
    Price price_min;
    Price price_max;
    Quantity quantity_max;
    std::int64_t notional_max;
    Price reference;
    Price collar;
    std::uint32_t tick;
    std::uint32_t lot;
};

struct InstrumentSuspended {};
struct InstrumentResumed {};

struct PhaseChanged {
    Phase phase;
};

// A new order that traded nothing stands at the end of its price's queue. With post-only reprice
// `price` is where it stands, not what was asked.
struct OrderRested {
    OrderId order;
    Price price;
    Quantity quantity;
    Owner owner;
    Side side;
    TimeInForce time_in_force;
    PostOnly post_only;
    std::uint8_t reserved;
};

// A new order is about to trade, or to be cancelled at once. Its Traded events follow, then
// OrderRemained or OrderCancelled if something is left. Changes nothing by itself.
struct OrderTook {
    OrderId order;
    Price price;  // the limit; of a market order: the collar it may reach
    Quantity quantity;
    Owner owner;
    Side side;
    OrderKind kind;
    TimeInForce time_in_force;
    std::uint8_t reserved;
};

// An incoming order traded with a resting one, at the resting order's price.
struct Traded {
    OrderId maker;
    OrderId taker;
    Price price;
    Quantity quantity;
    Side aggressor;  // the taker's side
    std::uint8_t reserved_1;
    std::uint16_t reserved_2;
    std::uint32_t reserved_4;
};

// What an aggressive order did not trade stands at the end of its price's queue.
struct OrderRemained {
    OrderId order;
    Price price;
    Quantity open;
    Quantity filled;  // so far, over the order's whole life
    Owner owner;
    Side side;
    TimeInForce time_in_force;
    PostOnly post_only;
    std::uint8_t reserved;
};

// Two orders traded with each other in an auction.
struct AuctionTraded {
    OrderId buy;
    OrderId sell;
    Price price;
    Quantity quantity;
};

// The auction of this command is over.
struct Uncrossed {
    Price price;  // 0 when nothing could trade
    Quantity volume;
    Quantity volume_left;  // repeat Uncross: trades_per_command_max was reached
};

// An order left the book, or the rest of an aggressive order never entered it.
struct OrderCancelled {
    OrderId order;
    Quantity quantity;  // that was open
    Owner owner;
    CancelReason reason;
    std::uint8_t reserved_1;
    std::uint16_t reserved_2;
};

// What an amendment does to an order's place.
enum class Place : std::uint8_t {
    kept = 0,    // same price, less quantity
    lost = 1,    // end of the queue at its (new) price
    lifted = 2,  // taken out to trade; Traded and OrderRemained follow as for a new order
};

struct OrderAmended {
    OrderId order;
    Price price;
    Quantity open;  // after the amendment, before any trade of this command
    Place place;
    std::uint8_t reserved_1;
    std::uint16_t reserved_2;
    std::uint32_t reserved_4;
};

// The order goes on under another number, with what was filled.
struct OrderReplaced {
    OrderId order;
    OrderId new_order;
    Price price;
    Quantity open;  // after the replacement, before any trade of this command
    Place place;
    std::uint8_t reserved_1;
    std::uint16_t reserved_2;
    std::uint32_t reserved_4;
};

// Following a feed: so much more stands at a price; nobody knows whose.
struct AnonymousSeeded {
    Price price;
    Quantity quantity;
    Side side;
    std::uint8_t reserved_1;
    std::uint16_t reserved_2;
    std::uint32_t reserved_4;
};

// Following a feed: so much of the anonymous quantity left, on account of an order that was never
// added.
struct AnonymousReduced {
    OrderId order;
    Price price;
    Quantity quantity;
    Side side;
    bool traded;  // executed, else cancelled
    std::uint16_t reserved_2;
    std::uint32_t reserved_4;
};

// Following a feed: a resting order traded with somebody the feed does not name.
struct OrderExecuted {
    OrderId order;
    Price price;  // of the trade
    Quantity quantity;
    Side side;  // of the resting order
    std::uint8_t reserved_1;
    std::uint16_t reserved_2;
    std::uint32_t reserved_4;
};

}  // namespace pawl::matching
