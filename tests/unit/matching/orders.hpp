// Short words for orders in tests. Know the commands only.
#pragma once

#include "pawl/matching/commands.hpp"

namespace pawl::matching::test {

inline NewOrder buy(OrderId order, Price price, Quantity quantity, Owner owner = 7) {
    return {
        .order = order, .price = price, .quantity = quantity, .owner = owner, .side = Side::buy};
}
inline NewOrder sell(OrderId order, Price price, Quantity quantity, Owner owner = 7) {
    NewOrder ask = buy(order, price, quantity, owner);
    ask.side = Side::sell;
    return ask;
}
inline NewOrder market(NewOrder ask) {
    ask.kind = OrderKind::market;
    return ask;
}
inline NewOrder immediate(NewOrder ask) {
    ask.time_in_force = TimeInForce::immediate_or_cancel;
    return ask;
}
inline NewOrder fill_or_kill(NewOrder ask) {
    ask.time_in_force = TimeInForce::fill_or_kill;
    return ask;
}
inline NewOrder post_only(NewOrder ask, PostOnly how) {
    ask.post_only = how;
    return ask;
}
inline CancelOrder cancel(OrderId order, Owner owner = 7) {
    return {.order = order, .owner = owner};
}

}  // namespace pawl::matching::test
