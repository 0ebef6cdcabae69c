// Trading phases and auctions: which command when, at which price, who with whom.
#include <gtest/gtest.h>

#include "desk.hpp"
#include "orders.hpp"

namespace pawl::matching::test {
namespace {

Desk desk_in(Phase phase) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(sell(2, 110, 10));
    if (phase != Phase::continuous) desk.expect(SetPhase{phase});
    return desk;
}

// The table once more, in words of a venue's rule book.
struct Row {
    Phase phase;
    const char* allowed;  // r est, o nly resting (post-only), t ake, c ancel, a mend, u ncross
};
constexpr Row rule_book[] = {
    {Phase::pre_open, "rca"}, {Phase::auction, "rcau"}, {Phase::continuous, "rotca"},
    {Phase::halt, "c"},       {Phase::no_cancel, "ru"}, {Phase::closed, ""},
};

TEST(APhase, allows_each_command_exactly_as_the_rule_book_says) {
    for (const Row& row : rule_book) {
        const std::string allowed = row.allowed;
        const auto check = [&](char what, const auto& command) {
            Desk desk = desk_in(row.phase);
            const bool yes = allowed.find(what) != std::string::npos;
            if (yes)
                EXPECT_TRUE(desk.submit(command).accepted()) << to_string(row.phase) << what;
            else
                EXPECT_TRUE(desk.rejects(command, Reason::not_in_this_phase))
                    << to_string(row.phase) << what;
        };
        check('r', buy(3, 90, 1));
        check('o', post_only(buy(3, 90, 1), PostOnly::reject));
        check('o', post_only(buy(3, 90, 1), PostOnly::reprice));
        check('t', immediate(buy(3, 110, 1)));
        check('t', fill_or_kill(buy(3, 110, 1)));
        check('t', market(buy(3, 0, 1)));
        check('c', cancel(1));
        check('a', AmendOrder{.order = 1, .price = 100, .quantity = 5, .owner = 7});
        check('a',
              ReplaceOrder{.order = 1, .new_order = 5, .price = 100, .quantity = 5, .owner = 7});
        check('u', Uncross{});
    }
}

TEST(APhase, that_collects_orders_lets_them_cross_without_trading) {
    for (const Phase phase : {Phase::pre_open, Phase::auction, Phase::no_cancel}) {
        Desk desk = desk_in(phase);
        desk.expect(buy(3, 120, 5));
        EXPECT_EQ(desk.of<OrderRested>().size(), 1u);
        EXPECT_TRUE(desk.book().crossed());
        EXPECT_TRUE(desk.rejects(SetPhase{Phase::continuous}, Reason::book_crossed));
    }
}

TEST(APhase, can_be_left_for_any_other) {
    for (const Row& from : rule_book)
        for (const Row& to : rule_book) {
            Desk desk = desk_in(from.phase);
            desk.expect(SetPhase{to.phase});
            EXPECT_EQ(desk.book().phase(), to.phase);
        }
}

Desk auction(Price reference = 0) {
    AddInstrument instrument = Desk::plain();
    instrument.phase = Phase::auction;
    instrument.reference = reference;
    return Desk(instrument);
}

TEST(AnAuction, trades_the_most_volume_at_one_price) {
    Desk desk = auction();
    desk.expect(buy(1, 105, 10));
    desk.expect(buy(2, 103, 10));
    desk.expect(buy(3, 101, 10));
    desk.expect(sell(4, 100, 5));
    desk.expect(sell(5, 102, 10));
    desk.expect(sell(6, 104, 30));
    const auto found = desk.book().indicative();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->price, 103);  // 20 to buy, 15 to sell
    EXPECT_EQ(found->volume, 15);
    EXPECT_EQ(found->imbalance, 5);
    desk.expect(Uncross{});
    Quantity volume = 0;
    for (const AuctionTraded& trade : desk.of<AuctionTraded>()) {
        EXPECT_EQ(trade.price, 103);
        volume += trade.quantity;
    }
    EXPECT_EQ(volume, 15);
    EXPECT_FALSE(desk.book().crossed());
    EXPECT_EQ(desk.book().find(2)->open, 5);
    desk.expect(SetPhase{Phase::continuous});
}

TEST(AnAuction, prefers_the_least_imbalance_among_equal_volumes) {
    Desk desk = auction();
    desk.expect(buy(1, 105, 10));
    desk.expect(buy(2, 102, 3));
    desk.expect(sell(3, 100, 10));
    EXPECT_EQ(desk.book().indicative()->price, 105);  // 103 to 105: nobody is left over
    desk.expect(sell(4, 104, 5));
    EXPECT_EQ(desk.book().indicative()->volume, 10);  // 104 and 105: 5 too many to sell
    EXPECT_EQ(desk.book().indicative()->price, 103);  // 102 and below: 3 too many to buy
    EXPECT_EQ(desk.book().indicative()->imbalance, 0);
}

TEST(AnAuction, prefers_the_highest_price_when_nothing_else_decides) {
    Desk desk = auction();
    desk.expect(buy(1, 105, 10));
    desk.expect(sell(2, 100, 10));
    EXPECT_EQ(desk.book().indicative()->price, 105);
}

TEST(AnAuction, prefers_the_nearest_price_to_the_reference_where_there_is_one) {
    for (const auto& [reference, price] :
         {std::pair{103, 103}, std::pair{90, 100}, std::pair{200, 105}}) {
        Desk desk = auction(reference);
        desk.expect(buy(1, 105, 10));
        desk.expect(sell(2, 100, 10));
        EXPECT_EQ(desk.book().indicative()->price, price);
    }
}

TEST(AnAuction, pairs_in_price_time_order_on_both_sides) {
    Desk desk = auction();
    desk.expect(sell(1, 100, 4));
    desk.expect(sell(2, 99, 4));
    desk.expect(sell(3, 99, 4));
    desk.expect(buy(4, 100, 6));
    desk.expect(buy(5, 101, 6));
    desk.expect(Uncross{});
    const auto trades = desk.of<AuctionTraded>();
    ASSERT_EQ(trades.size(), 4u);
    const OrderId expected[][2] = {{5, 2}, {5, 3}, {4, 3}, {4, 1}};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(trades[i].buy, expected[i][0]);
        EXPECT_EQ(trades[i].sell, expected[i][1]);
    }
    EXPECT_EQ(desk.book().open_orders(), 0u);
}

TEST(AnAuction, without_a_cross_trades_nothing_and_says_so) {
    Desk desk = desk_in(Phase::auction);
    EXPECT_FALSE(desk.book().indicative());
    desk.expect(Uncross{});
    ASSERT_EQ(desk.of<Uncrossed>().size(), 1u);
    EXPECT_EQ(desk.of<Uncrossed>()[0].volume, 0);
    EXPECT_EQ(desk.book().open_orders(), 2u);
}

TEST(AnAuction, with_more_trades_than_one_command_makes_goes_on_at_the_same_price) {
    Desk desk = auction();
    const OrderId count = trades_per_command_max + 100;
    for (OrderId id = 1; id <= count; ++id) {
        desk.expect(buy(2 * id, 105 + static_cast<Price>(id % 3), 1));
        desk.expect(sell(2 * id + 1, 103 - static_cast<Price>(id % 2), 1));
    }
    desk.expect(Uncross{});
    const Uncrossed first = desk.of<Uncrossed>().at(0);
    EXPECT_EQ(first.volume, trades_per_command_max);
    EXPECT_EQ(first.volume_left, 100);
    EXPECT_TRUE(desk.rejects(SetPhase{Phase::continuous}, Reason::book_crossed));
    desk.expect(Uncross{});
    const Uncrossed second = desk.of<Uncrossed>().at(0);
    EXPECT_EQ(second.price, first.price);
    EXPECT_EQ(second.volume, 100);
    EXPECT_EQ(second.volume_left, 0);
    EXPECT_EQ(desk.book().open_orders(), 0u);
}

}  // namespace
}  // namespace pawl::matching::test
