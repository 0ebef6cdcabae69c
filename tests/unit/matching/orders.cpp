// What becomes of a new order: limit, market, immediate, fill-or-kill, post-only, and every check
// before it.
#include <gtest/gtest.h>

#include <limits>

#include "desk.hpp"
#include "orders.hpp"

namespace pawl::matching::test {
namespace {

TEST(ALimitOrder, rests_as_one_event_of_32_bytes) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    ASSERT_EQ(desk.events().size(), 1u);
    EXPECT_EQ(desk.of<OrderRested>().size(), 1u);
    EXPECT_EQ(sizeof(OrderRested), 32u);
    EXPECT_EQ(desk.book().best_bid()->price, 100);
    EXPECT_EQ(desk.book().best_bid()->quantity, 10);
}

TEST(ALimitOrder, trades_with_the_best_price_first_and_the_oldest_order_there) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 101, 5));
    desk.expect(sell(2, 100, 5));
    desk.expect(sell(3, 100, 5));
    desk.expect(buy(4, 101, 12));
    const auto trades = desk.of<Traded>();
    ASSERT_EQ(trades.size(), 3u);
    EXPECT_EQ(trades[0].maker, 2u);
    EXPECT_EQ(trades[1].maker, 3u);
    EXPECT_EQ(trades[2].maker, 1u);
    EXPECT_EQ(trades[0].price, 100);
    EXPECT_EQ(trades[2].price, 101);
    EXPECT_EQ(trades[2].quantity, 2);
    EXPECT_EQ(trades[0].aggressor, Side::buy);
    EXPECT_EQ(desk.book().find(1)->open, 3);
    EXPECT_EQ(desk.book().find(1)->filled, 2);
}

TEST(ALimitOrder, trades_at_the_resting_price_on_the_sell_side_too) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 105, 5));
    desk.expect(sell(2, 100, 5));
    ASSERT_EQ(desk.of<Traded>().size(), 1u);
    EXPECT_EQ(desk.of<Traded>()[0].price, 105);
    EXPECT_EQ(desk.of<Traded>()[0].aggressor, Side::sell);
}

TEST(ALimitOrder, leaves_its_rest_in_the_book_knowing_what_was_filled) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 100, 4));
    desk.expect(buy(2, 100, 10));
    const auto rest = desk.of<OrderRemained>();
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0].open, 6);
    EXPECT_EQ(rest[0].filled, 4);
    EXPECT_EQ(desk.book().find(2)->filled, 4);
    EXPECT_FALSE(desk.book().best_ask());
}

TEST(ASweep, stops_at_the_most_trades_of_one_command_and_says_so) {
    Desk desk(Desk::plain());
    for (OrderId id = 1; id <= trades_per_command_max + 1; ++id) desk.expect(sell(id, 100, 1));
    desk.expect(buy(9'999, 100, trades_per_command_max + 1));
    EXPECT_EQ(desk.of<Traded>().size(), trades_per_command_max);
    ASSERT_EQ(desk.of<OrderCancelled>().size(), 1u);
    EXPECT_EQ(desk.of<OrderCancelled>()[0].reason, CancelReason::trades_max);
    EXPECT_EQ(desk.of<OrderCancelled>()[0].quantity, 1);
    EXPECT_FALSE(desk.book().find(9'999));
    EXPECT_EQ(desk.book().open_orders(), 1u);
}

TEST(AMarketOrder, stops_at_the_collar_and_its_rest_is_cancelled) {
    Desk desk(Desk::plain());  // collar 10
    desk.expect(sell(1, 100, 5));
    desk.expect(sell(2, 110, 5));
    desk.expect(sell(3, 111, 5));
    desk.expect(market(buy(4, 0, 20)));
    EXPECT_EQ(desk.of<Traded>().size(), 2u);
    ASSERT_EQ(desk.of<OrderCancelled>().size(), 1u);
    EXPECT_EQ(desk.of<OrderCancelled>()[0].quantity, 10);
    EXPECT_EQ(desk.of<OrderCancelled>()[0].reason, CancelReason::collar);
    EXPECT_EQ(desk.book().best_ask()->price, 111);
    EXPECT_FALSE(desk.book().best_bid());
}

TEST(AMarketOrder, rests_at_the_collar_by_choice) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 5));
    NewOrder ask = market(sell(2, 0, 20));
    ask.remainder = Remainder::rest;
    desk.expect(ask);
    EXPECT_EQ(desk.book().best_ask()->price, 90);
    EXPECT_EQ(desk.book().best_ask()->quantity, 15);
}

TEST(AMarketOrder, never_goes_beyond_the_range_of_prices) {
    AddInstrument instrument = Desk::plain();
    instrument.price_max = 105;
    Desk desk(instrument);
    desk.expect(sell(1, 100, 5));
    NewOrder ask = market(buy(2, 0, 20));
    ask.remainder = Remainder::rest;
    desk.expect(ask);
    EXPECT_EQ(desk.book().best_bid()->price, 105);
}

TEST(AMarketOrder, is_never_naked) {
    AddInstrument instrument = Desk::plain();
    instrument.collar = 0;
    Desk desk(instrument);
    desk.expect(sell(1, 100, 5));
    EXPECT_TRUE(desk.rejects(market(buy(2, 0, 1)), Reason::no_collar));
    Desk other(Desk::plain());
    EXPECT_TRUE(other.rejects(market(buy(2, 0, 1)), Reason::no_opposite));
}

TEST(AnImmediateOrder, has_its_rest_cancelled_with_a_reason_and_never_rests) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 100, 5));
    desk.expect(immediate(buy(2, 100, 8)));
    EXPECT_EQ(desk.of<Traded>().size(), 1u);
    ASSERT_EQ(desk.of<OrderCancelled>().size(), 1u);
    EXPECT_EQ(desk.of<OrderCancelled>()[0].quantity, 3);
    EXPECT_EQ(desk.of<OrderCancelled>()[0].reason, CancelReason::immediate);
    EXPECT_EQ(desk.book().open_orders(), 0u);
}

TEST(AnImmediateOrder, with_nobody_to_trade_with_is_told_so) {
    Desk desk(Desk::plain());
    desk.expect(immediate(buy(1, 100, 8)));
    EXPECT_EQ(desk.of<OrderTook>().size(), 1u);
    EXPECT_EQ(desk.of<OrderCancelled>().size(), 1u);
    EXPECT_EQ(desk.book().open_orders(), 0u);
}

TEST(AFillOrKillOrder, trades_all_or_nothing) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 100, 5));
    desk.expect(sell(2, 101, 5));
    desk.expect(sell(3, 102, 5));
    EXPECT_TRUE(desk.rejects(fill_or_kill(buy(4, 101, 11)), Reason::cannot_fill));
    desk.expect(fill_or_kill(buy(4, 101, 10)));
    EXPECT_EQ(desk.of<Traded>().size(), 2u);
    EXPECT_EQ(desk.book().open_orders(), 1u);
}

TEST(AFillOrKillOrder, that_would_need_too_many_trades_is_killed) {
    Desk desk(Desk::plain());
    for (OrderId id = 1; id <= trades_per_command_max + 1; ++id) desk.expect(sell(id, 100, 1));
    EXPECT_TRUE(desk.rejects(fill_or_kill(buy(9'999, 100, trades_per_command_max + 1)),
                             Reason::cannot_fill));
    desk.expect(fill_or_kill(buy(9'999, 100, trades_per_command_max)));
    EXPECT_EQ(desk.book().open_orders(), 1u);
}

TEST(APostOnlyOrder, is_rejected_when_it_would_take) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 100, 5));
    EXPECT_TRUE(desk.rejects(post_only(buy(2, 100, 5), PostOnly::reject), Reason::would_take));
    desk.expect(post_only(buy(2, 99, 5), PostOnly::reject));
    EXPECT_EQ(desk.book().best_bid()->price, 99);
}

TEST(APostOnlyOrder, is_repriced_by_choice_to_one_tick_from_the_best) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 100, 5));
    desk.expect(post_only(buy(2, 105, 5), PostOnly::reprice));
    ASSERT_EQ(desk.of<OrderRested>().size(), 1u);
    EXPECT_EQ(desk.of<OrderRested>()[0].price, 99);
    desk.expect(post_only(sell(3, 50, 5), PostOnly::reprice));
    EXPECT_EQ(desk.of<OrderRested>()[0].price, 100);
}

TEST(APostOnlyOrder, is_not_repriced_out_of_the_range) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 1, 5));
    EXPECT_TRUE(desk.rejects(post_only(buy(2, 5, 5), PostOnly::reprice), Reason::would_take));
}

TEST(APostOnlyOrder, does_not_take_after_an_amendment_either) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 100, 5));
    desk.expect(post_only(buy(2, 99, 5), PostOnly::reject));
    EXPECT_TRUE(desk.rejects(AmendOrder{.order = 2, .price = 100, .quantity = 5, .owner = 7},
                             Reason::would_take));
}

TEST(ADuplicate, is_refused_before_it_trades) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 90, 5));
    desk.expect(sell(2, 100, 5));
    EXPECT_TRUE(desk.rejects(buy(1, 100, 5), Reason::duplicate_order));
    EXPECT_TRUE(desk.rejects(market(buy(1, 0, 5)), Reason::duplicate_order));
    EXPECT_TRUE(desk.rejects(immediate(sell(1, 90, 5)), Reason::duplicate_order));
}

// The engine's sessions make a resend harmless; what is still open is also known here.
TEST(AResend, of_everything_open_enters_no_order_twice) {
    Desk desk(Desk::plain());
    std::vector<NewOrder> sent;
    for (OrderId id = 1; id <= 50; ++id)
        sent.push_back(id % 2 == 0 ? buy(id, 90 - static_cast<Price>(id % 7), 5)
                                   : sell(id, 110 + static_cast<Price>(id % 5), 5));
    for (const NewOrder& order : sent) desk.expect(order);
    for (const NewOrder& order : sent)
        EXPECT_TRUE(desk.rejects(order, Reason::duplicate_order)) << order.order;
    EXPECT_EQ(desk.book().open_orders(), 50u);
}

AddInstrument strict() {
    return {.price_min = 1'000,
            .price_max = 9'000,
            .quantity_max = 600,
            .notional_max = 3'000'000,
            .collar = 500,
            .tick = 50,
            .lot = 20,
            .phase = Phase::continuous};
}

TEST(ACheck, has_a_reason_of_its_own) {
    Desk desk(strict());
    EXPECT_TRUE(desk.rejects(buy(1, 1'010, 20), Reason::price_off_tick));
    EXPECT_TRUE(desk.rejects(buy(1, 950, 20), Reason::price_too_low));
    EXPECT_TRUE(desk.rejects(buy(1, 9'050, 20), Reason::price_too_high));
    EXPECT_TRUE(desk.rejects(buy(1, 1'000, 30), Reason::quantity_off_lot));
    EXPECT_TRUE(desk.rejects(buy(1, 1'000, 620), Reason::quantity_too_large));
    EXPECT_TRUE(desk.rejects(buy(1, 9'000, 340), Reason::notional_too_large));
    EXPECT_TRUE(desk.rejects(buy(0, 1'000, 20), Reason::malformed));
    EXPECT_TRUE(desk.rejects(buy(1, 1'000, 0), Reason::malformed));
    EXPECT_TRUE(desk.rejects(buy(1, 1'000, -20), Reason::malformed));
    desk.expect(buy(1, 1'000, 20));
    desk.expect(buy(2, 1'050, 600));
}

TEST(ACheck, holds_for_amendments_and_replacements_too) {
    Desk desk(strict());
    desk.expect(buy(1, 1'000, 20));
    const auto amend = [](Price price, Quantity quantity) {
        return AmendOrder{.order = 1, .price = price, .quantity = quantity, .owner = 7};
    };
    const auto replace = [](Price price, Quantity quantity) {
        return ReplaceOrder{
            .order = 1, .new_order = 2, .price = price, .quantity = quantity, .owner = 7};
    };
    EXPECT_TRUE(desk.rejects(amend(1'001, 20), Reason::price_off_tick));
    EXPECT_TRUE(desk.rejects(amend(1'000, 21), Reason::quantity_off_lot));
    EXPECT_TRUE(desk.rejects(replace(500, 20), Reason::price_too_low));
    EXPECT_TRUE(desk.rejects(replace(1'000, 620), Reason::quantity_too_large));
}

TEST(ANumber, that_overflows_is_rejected_and_never_wrapped) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    Desk desk({.price_min = -price_ticks_max,
               .price_max = price_ticks_max,
               .quantity_max = quantity_lots_max,
               .notional_max = 1'000'000'000'000'000'000,
               .phase = Phase::continuous});
    EXPECT_TRUE(desk.rejects(buy(1, most, 1), Reason::price_too_high));
    EXPECT_TRUE(desk.rejects(buy(1, least, 1), Reason::price_too_low));
    EXPECT_TRUE(desk.rejects(buy(1, 1, most), Reason::quantity_too_large));
    EXPECT_TRUE(desk.rejects(buy(1, 1, least), Reason::malformed));
    EXPECT_TRUE(
        desk.rejects(sell(1, price_ticks_max, quantity_lots_max), Reason::notional_too_large));
    EXPECT_TRUE(
        desk.rejects(sell(1, -price_ticks_max, quantity_lots_max), Reason::notional_too_large));
    desk.expect(sell(1, -price_ticks_max, 1));
    desk.expect(buy(2, -price_ticks_max, 1));
    EXPECT_EQ(desk.of<Traded>()[0].price, -price_ticks_max);
}

TEST(ANumber, of_the_largest_notional_needs_128_bits) {
    Desk desk({.price_min = 0,
               .price_max = price_ticks_max << 20,
               .quantity_max = quantity_lots_max,
               .tick = 1 << 20,
               .phase = Phase::continuous});
    // 2^64 exactly: in 64 bits this would be 0
    EXPECT_TRUE(desk.rejects(buy(1, std::int64_t{1} << 40, 1 << 24), Reason::notional_too_large));
    desk.expect(buy(1, std::int64_t{1} << 40, 1 << 22));
}

TEST(AField, outside_its_list_is_malformed) {
    Desk desk(Desk::plain());
    NewOrder order = buy(1, 100, 1);
    order.side = static_cast<Side>(2);
    EXPECT_TRUE(desk.rejects(order, Reason::malformed));
    order = buy(1, 100, 1);
    order.kind = static_cast<OrderKind>(9);
    EXPECT_TRUE(desk.rejects(order, Reason::malformed));
    order = buy(1, 100, 1);
    order.time_in_force = static_cast<TimeInForce>(77);
    EXPECT_TRUE(desk.rejects(order, Reason::malformed));
    order = immediate(post_only(buy(1, 100, 1), PostOnly::reject));
    EXPECT_TRUE(desk.rejects(order, Reason::malformed));
    EXPECT_TRUE(desk.rejects(SetPhase{static_cast<Phase>(6)}, Reason::malformed));
}

}  // namespace
}  // namespace pawl::matching::test
