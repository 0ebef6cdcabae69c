// Cancel, amend and replace: who may, what is left, and the place in the queue.
#include <gtest/gtest.h>

#include "desk.hpp"
#include "orders.hpp"

namespace pawl::matching::test {
namespace {

AmendOrder amend(OrderId order, Price price, Quantity quantity) {
    return {.order = order, .price = price, .quantity = quantity, .owner = 7};
}
ReplaceOrder replace(OrderId order, OrderId new_order, Price price, Quantity total) {
    return {.order = order, .new_order = new_order, .price = price, .quantity = total, .owner = 7};
}
OrderId first_to_trade(Desk& desk) {
    desk.expect(immediate(sell(1'000, 1, 1)));
    return desk.of<Traded>().at(0).maker;
}

TEST(ACancel, takes_the_order_out_and_says_how_much_was_open) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(immediate(sell(2, 100, 4)));
    desk.expect(cancel(1));
    ASSERT_EQ(desk.of<OrderCancelled>().size(), 1u);
    EXPECT_EQ(desk.of<OrderCancelled>()[0].quantity, 6);
    EXPECT_EQ(desk.book().open_orders(), 0u);
    EXPECT_TRUE(desk.rejects(cancel(1), Reason::unknown_order));
}

TEST(SomebodyElsesOrder, is_an_unknown_order) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10, 7));
    AmendOrder other_amend = amend(1, 100, 5);
    other_amend.owner = 8;
    ReplaceOrder other_replace = replace(1, 2, 100, 5);
    other_replace.owner = 8;
    EXPECT_TRUE(desk.rejects(cancel(1, 8), Reason::unknown_order));
    EXPECT_TRUE(desk.rejects(other_amend, Reason::unknown_order));
    EXPECT_TRUE(desk.rejects(other_replace, Reason::unknown_order));
    EXPECT_TRUE(desk.rejects(cancel(99, 8), Reason::unknown_order));
}

TEST(AnAmendment, to_less_quantity_keeps_its_place) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(buy(2, 100, 10));
    desk.expect(amend(1, 100, 3));
    EXPECT_EQ(desk.book().best_bid()->quantity, 13);
    EXPECT_EQ(first_to_trade(desk), 1u);
}

TEST(AnAmendment, to_more_quantity_loses_its_place) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(buy(2, 100, 10));
    desk.expect(amend(1, 100, 11));
    EXPECT_EQ(first_to_trade(desk), 2u);
}

TEST(AnAmendment, to_another_price_and_back_loses_its_place) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(buy(2, 100, 10));
    desk.expect(amend(1, 99, 10));
    desk.expect(amend(1, 100, 10));
    EXPECT_EQ(first_to_trade(desk), 2u);
}

TEST(AnAmendment, that_enters_tiny_and_grows_does_not_jump_the_queue) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 1));  // the trick: be early and small
    desk.expect(buy(2, 100, 50));
    desk.expect(amend(1, 100, 1'000));
    desk.expect(immediate(sell(3, 100, 60)));
    const auto trades = desk.of<Traded>();
    ASSERT_EQ(trades.size(), 2u);
    EXPECT_EQ(trades[0].maker, 2u);
    EXPECT_EQ(trades[0].quantity, 50);
    EXPECT_EQ(trades[1].quantity, 10);
}

TEST(AnAmendment, that_crosses_trades_at_once) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 102, 4));
    desk.expect(buy(2, 100, 10));
    desk.expect(amend(2, 102, 10));
    ASSERT_EQ(desk.of<Traded>().size(), 1u);
    EXPECT_EQ(desk.of<Traded>()[0].taker, 2u);
    EXPECT_EQ(desk.book().find(2)->open, 6);
    EXPECT_EQ(desk.book().find(2)->filled, 4);
    EXPECT_EQ(desk.book().find(2)->price, 102);
    EXPECT_EQ(desk.book().open_orders(), 1u);
}

TEST(AnAmendment, that_loses_the_place_does_not_forget_what_was_filled) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 80));
    desk.expect(immediate(sell(2, 100, 40)));
    desk.expect(amend(1, 99, 50));
    EXPECT_EQ(desk.book().find(1)->filled, 40);
    desk.expect(replace(1, 3, 99, 100));
    EXPECT_EQ(desk.book().find(3)->open, 60);
}

TEST(AnAmendment, that_changes_nothing_is_rejected) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    EXPECT_TRUE(desk.rejects(amend(1, 100, 10), Reason::unchanged));
}

TEST(AReplacement, after_a_partial_fill_means_the_total) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 80));
    desk.expect(immediate(sell(2, 100, 40)));
    desk.expect(replace(1, 3, 100, 100));
    EXPECT_FALSE(desk.book().find(1));
    EXPECT_EQ(desk.book().find(3)->open, 60);
    EXPECT_EQ(desk.book().find(3)->filled, 40);
    desk.expect(replace(3, 4, 101, 100));  // what was filled goes along
    EXPECT_EQ(desk.book().find(4)->open, 60);
}

TEST(AReplacement, by_a_total_that_was_filled_already_is_rejected) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 80));
    desk.expect(immediate(sell(2, 100, 40)));
    EXPECT_TRUE(desk.rejects(replace(1, 3, 100, 40), Reason::already_filled));
    EXPECT_TRUE(desk.rejects(replace(1, 3, 100, 39), Reason::already_filled));
}

TEST(AReplacement, to_less_at_the_same_price_keeps_the_place_under_its_new_number) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(buy(2, 100, 10));
    desk.expect(replace(1, 3, 100, 9));
    EXPECT_EQ(first_to_trade(desk), 3u);
}

TEST(AReplacement, by_a_number_that_is_taken_is_rejected) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(buy(2, 100, 10));
    EXPECT_TRUE(desk.rejects(replace(1, 2, 101, 10), Reason::duplicate_order));
}

TEST(AReplacement, that_crosses_trades_under_its_new_number) {
    Desk desk(Desk::plain());
    desk.expect(sell(1, 102, 4));
    desk.expect(buy(2, 100, 10));
    desk.expect(replace(2, 3, 105, 10));
    ASSERT_EQ(desk.of<Traded>().size(), 1u);
    EXPECT_EQ(desk.of<Traded>()[0].taker, 3u);
    EXPECT_EQ(desk.of<Traded>()[0].price, 102);
    EXPECT_EQ(desk.book().find(3)->open, 6);
    EXPECT_FALSE(desk.book().find(2));
}

TEST(AReplacement, by_its_own_number_is_an_amendment_of_the_total) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(replace(1, 1, 101, 20));
    EXPECT_EQ(desk.book().find(1)->open, 20);
    EXPECT_EQ(desk.book().find(1)->price, 101);
}

}  // namespace
}  // namespace pawl::matching::test
