// Instruments while the engine runs: added, changed, suspended. And the mode that follows a feed.
#include <gtest/gtest.h>

#include "desk.hpp"
#include "orders.hpp"

namespace pawl::matching::test {
namespace {

TEST(AnInstrument, that_was_never_added_takes_nothing) {
    Desk desk;
    EXPECT_TRUE(desk.rejects(buy(1, 100, 1), Reason::unknown_instrument));
    EXPECT_TRUE(desk.rejects(cancel(1), Reason::unknown_instrument));
    EXPECT_TRUE(desk.rejects(SetPhase{Phase::auction}, Reason::unknown_instrument));
    EXPECT_TRUE(desk.rejects(Uncross{}, Reason::unknown_instrument));
    EXPECT_TRUE(desk.rejects(SuspendInstrument{}, Reason::unknown_instrument));
    EXPECT_TRUE(desk.rejects(ResumeInstrument{}, Reason::unknown_instrument));
    EXPECT_TRUE(desk.rejects(ChangeInstrument{}, Reason::unknown_instrument));
    EXPECT_TRUE(desk.rejects(Follow{.price = 1, .quantity = 1}, Reason::unknown_instrument));
    EXPECT_FALSE(desk.book().added());
}

TEST(AnInstrument, is_added_once) {
    Desk desk(Desk::plain());
    EXPECT_TRUE(desk.rejects(Desk::plain(), Reason::instrument_exists));
}

TEST(AnInstrument, begins_before_the_open_unless_told_otherwise) {
    Desk desk({.price_min = 1, .price_max = 10, .quantity_max = 10});
    EXPECT_EQ(desk.book().phase(), Phase::pre_open);
    EXPECT_EQ(desk.book().mode(), Mode::matching);
}

TEST(AnInstrument, with_terms_that_contradict_each_other_is_not_added) {
    const auto bad = [](auto change) {
        AddInstrument terms = Desk::plain();
        change(terms);
        Desk desk;
        return desk.rejects(terms, Reason::bad_instrument);
    };
    EXPECT_TRUE(bad([](AddInstrument& t) { t.tick = 0; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.lot = 0; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.price_min = t.price_max + 1; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.tick = 3; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.price_max = price_ticks_max + 1; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.price_min = -price_ticks_max - 1; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.quantity_max = 0; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.quantity_max = quantity_lots_max + 1; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.lot = 7; }));
    EXPECT_TRUE(bad([](AddInstrument& t) {
        t.lot = 1 << 30;
        t.quantity_max = std::int64_t{1} << 39;
    }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.notional_max = 0; }));
    EXPECT_TRUE(bad([](AddInstrument& t) { t.collar = -1; }));
}

ChangeInstrument change() {
    return {.price_min = 1, .price_max = 1'000'000, .quantity_max = 1'000'000, .collar = 10};
}

TEST(AnInstrument, changes_its_limits_while_orders_are_open) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 500'000, 10));
    ChangeInstrument narrow = change();
    narrow.price_max = 1'000;
    narrow.quantity_max = 50;
    desk.expect(narrow);
    EXPECT_TRUE(desk.rejects(buy(2, 1'001, 1), Reason::price_too_high));
    EXPECT_TRUE(desk.rejects(buy(2, 1'000, 51), Reason::quantity_too_large));
    EXPECT_EQ(desk.book().best_bid()->price, 500'000);
    desk.expect(cancel(1));
}

TEST(AnInstrument, changes_tick_and_lot_only_while_its_book_is_empty) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    ChangeInstrument coarse = change();
    coarse.price_min = 5;
    coarse.tick = 5;
    coarse.lot = 10;
    EXPECT_TRUE(desk.rejects(coarse, Reason::orders_open));
    desk.expect(cancel(1));
    desk.expect(coarse);
    EXPECT_TRUE(desk.rejects(buy(2, 101, 10), Reason::price_off_tick));
    EXPECT_TRUE(desk.rejects(buy(2, 100, 15), Reason::quantity_off_lot));
    desk.expect(buy(2, 105, 20));
    EXPECT_EQ(desk.book().best_bid()->price, 105);
    EXPECT_EQ(desk.book().best_bid()->quantity, 20);
}

TEST(ASuspendedInstrument, takes_only_cancels_until_it_is_resumed) {
    Desk desk(Desk::plain());
    desk.expect(buy(1, 100, 10));
    desk.expect(buy(2, 100, 10));
    desk.expect(SuspendInstrument{});
    EXPECT_TRUE(desk.rejects(buy(3, 100, 10), Reason::suspended));
    EXPECT_TRUE(desk.rejects(AmendOrder{.order = 1, .price = 100, .quantity = 5, .owner = 7},
                             Reason::suspended));
    EXPECT_TRUE(desk.rejects(SuspendInstrument{}, Reason::suspended));
    desk.expect(cancel(1));
    desk.expect(ResumeInstrument{});
    EXPECT_TRUE(desk.rejects(ResumeInstrument{}, Reason::not_suspended));
    desk.expect(buy(3, 100, 10));
}

AddInstrument followed() {
    AddInstrument terms = Desk::plain();
    terms.mode = Mode::following;
    return terms;
}
Follow feed(FollowKind kind, OrderId order, Price price, Quantity quantity, OrderId next = 0) {
    return {.order = order,
            .new_order = next,
            .price = price,
            .quantity = quantity,
            .kind = kind,
            .side = Side::buy};
}

TEST(AFollowingBook, takes_no_orders_and_a_matching_book_no_feed) {
    Desk following(followed());
    EXPECT_TRUE(following.rejects(buy(1, 100, 1), Reason::wrong_mode));
    EXPECT_TRUE(following.rejects(cancel(1), Reason::wrong_mode));
    Desk matching(Desk::plain());
    EXPECT_TRUE(matching.rejects(feed(FollowKind::add, 1, 100, 1), Reason::wrong_mode));
}

TEST(AFollowingBook, adds_reduces_executes_replaces_and_removes_what_it_is_told) {
    Desk desk(followed());
    desk.expect(feed(FollowKind::add, 1, 100, 10));
    desk.expect(feed(FollowKind::add, 2, 100, 10));
    desk.expect(feed(FollowKind::reduce, 1, 100, 4));
    EXPECT_EQ(desk.book().find(1)->open, 6);
    desk.expect(feed(FollowKind::execute, 2, 100, 3));  // not the oldest: the feed decides
    EXPECT_EQ(desk.of<OrderExecuted>().at(0).quantity, 3);
    EXPECT_EQ(desk.book().find(2)->open, 7);
    EXPECT_EQ(desk.book().find(2)->filled, 3);
    desk.expect(feed(FollowKind::replace, 1, 101, 9, 3));
    EXPECT_EQ(desk.book().best_bid()->price, 101);
    EXPECT_EQ(desk.book().find(3)->open, 9);
    desk.expect(feed(FollowKind::remove, 3, 0, 0));
    desk.expect(feed(FollowKind::execute, 2, 100, 7));
    EXPECT_EQ(desk.book().open_orders(), 0u);
}

TEST(AFollowingBook, takes_what_it_never_saw_added_from_the_anonymous_quantity_there) {
    Desk desk(followed());
    desk.expect(feed(FollowKind::seed, 0, 100, 10));
    desk.expect(feed(FollowKind::add, 1, 100, 5));
    EXPECT_EQ(desk.book().best_bid()->quantity, 15);
    EXPECT_EQ(desk.book().best_bid()->anonymous, 10);
    desk.expect(feed(FollowKind::execute, 77, 100, 4));
    EXPECT_TRUE(desk.of<AnonymousReduced>().at(0).traded);
    desk.expect(feed(FollowKind::remove, 78, 100, 6));
    EXPECT_FALSE(desk.of<AnonymousReduced>().at(0).traded);
    EXPECT_EQ(desk.book().best_bid()->quantity, 5);
    EXPECT_TRUE(desk.rejects(feed(FollowKind::remove, 79, 100, 1), Reason::unknown_order));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::replace, 79, 100, 1, 80), Reason::unknown_order));
}

TEST(AFollowingBook, refuses_what_cannot_be_true) {
    Desk desk(followed());
    desk.expect(feed(FollowKind::add, 1, 100, 10));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::add, 1, 100, 10), Reason::duplicate_order));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::reduce, 1, 100, 11), Reason::more_than_open));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::execute, 1, 100, 11), Reason::more_than_open));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::remove, 2, 100, 1), Reason::unknown_order));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::add, 0, 100, 1), Reason::malformed));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::replace, 1, 100, 1, 0), Reason::malformed));
    EXPECT_TRUE(desk.rejects(feed(FollowKind::add, 2, 100, 0), Reason::malformed));
}

}  // namespace
}  // namespace pawl::matching::test
