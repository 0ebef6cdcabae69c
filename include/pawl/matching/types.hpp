// The words of the matching core: sides, kinds of order, trading phases. Know no book and no
// engine.
#pragma once

#include <cstdint>

namespace pawl::matching {

// Number of an order, chosen by whoever enters it. Unique among the open orders of one instrument;
// never 0.
using OrderId = std::uint64_t;
// Number of a member. Only the owner of an order may cancel, amend or replace it. Feeds use 0.
using Owner = std::uint32_t;
// Price in the instrument's units, an integer (for example 1/10,000 of the currency). May be
// negative.
using Price = std::int64_t;
// Quantity in the instrument's units, an integer.
using Quantity = std::int64_t;

enum class Side : std::uint8_t { buy = 0, sell = 1 };

constexpr Side opposite(Side side) noexcept {
    return side == Side::buy ? Side::sell : Side::buy;
}

enum class OrderKind : std::uint8_t {
    limit = 0,   // at its price or better
    market = 1,  // at the best opposite price or worse, no further than the instrument's collar
};

enum class TimeInForce : std::uint8_t {
    day = 0,                  // rests until it is filled or cancelled
    good_till_cancel = 1,     // the same; the word is kept for whoever ends the day
    immediate_or_cancel = 2,  // what cannot trade at once is cancelled
    fill_or_kill = 3,         // trades whole at once, or is rejected
};

// What an order that must not take does when it would.
enum class PostOnly : std::uint8_t {
    none = 0,     // it may take
    reject = 1,   // rejected: Reason::would_take
    reprice = 2,  // rests one tick away from the best opposite price
};

// What becomes of the part of a market order that did not trade within the collar.
enum class Remainder : std::uint8_t {
    cancel = 0,
    rest = 1,  // rests as a limit order at the collar
};

// What an instrument's orders do at this time of the day. Which command is allowed when:
// phases.hpp.
enum class Phase : std::uint8_t {
    pre_open = 0,    // orders are collected, nothing trades
    auction = 1,     // orders are collected for Uncross
    continuous = 2,  // orders trade as they come
    halt = 3,        // only cancels
    no_cancel = 4,   // an auction's last minutes: orders are collected, none can leave
    closed = 5,      // nothing
};
inline constexpr int phase_count = 6;

// Whether the book matches orders itself or follows a feed that reports what another venue did.
enum class Mode : std::uint8_t { matching = 0, following = 1 };

// What a feed reports; see Follow.
enum class FollowKind : std::uint8_t {
    seed = 0,     // this much stands at this price, nobody knows whose
    add = 1,      // a new resting order
    reduce = 2,   // an order lost some of its quantity and kept its place
    remove = 3,   // an order left
    execute = 4,  // a resting order traded
    replace = 5,  // an order left and another took its side, at the end of its queue
};

// Why quantity left the book, or never entered it, without a trade.
enum class CancelReason : std::uint8_t {
    requested = 0,   // its owner asked
    immediate = 1,   // immediate-or-cancel: nobody to trade with at its price
    collar = 2,      // market order: the collar was reached
    trades_max = 3,  // one command trades with at most trades_per_command_max orders
    feed = 4,        // the feed that is followed said so
};

// The most trades one command makes. A sweep that would need more cancels its remainder; an auction
// that needs more is finished by further Uncross commands, which find the same price.
inline constexpr std::uint32_t trades_per_command_max = 4096;

// The largest price in ticks (either sign) and the largest quantity in lots that an instrument may
// have.
inline constexpr std::int64_t price_ticks_max = (std::int64_t{1} << 31) - 2;
inline constexpr std::int64_t quantity_lots_max = (std::int64_t{1} << 29) - 1;
// The largest quantity in units, so that no sum over a full book overflows.
inline constexpr std::int64_t quantity_units_max = INT64_MAX >> 24;
// Open orders and occupied price levels that one book holds.
inline constexpr std::uint32_t open_orders_max = (std::uint32_t{1} << 24) - 2;
inline constexpr std::uint32_t price_levels_max = (std::uint32_t{1} << 16) - 2;

// A readable word for each enumerator: "buy", "continuous", ... Defined in pawl::matching's
// library.
const char* to_string(Side) noexcept;
const char* to_string(Phase) noexcept;
const char* to_string(CancelReason) noexcept;

}  // namespace pawl::matching
