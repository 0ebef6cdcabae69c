// A book from its events, from its snapshot, and from a history with holes; and what an order costs
// in memory.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "desk.hpp"
#include "orders.hpp"
#include "pawl/archive.hpp"

namespace pawl::matching::test {
namespace {

// Bytes in memory: where a snapshot goes and comes from.
struct Memory final : pawl::detail::ByteSink, pawl::detail::ByteSource {
    bool write(const std::byte* from, std::size_t size) noexcept override {
        bytes.insert(bytes.end(), from, from + size);
        return true;
    }
    bool read(std::byte* to, std::size_t size) noexcept override {
        std::memcpy(to, bytes.data() + at, size);
        at += size;
        return true;
    }
    std::uint64_t left() const noexcept override { return bytes.size() - at; }
    std::vector<std::byte> bytes;
    std::size_t at = 0;
};

void save(Book& book, Memory& to) {
    pawl::detail::SaveArchive archive(to);
    book.snapshot(archive);
    archive.flush();
}
// Whether it is exactly what was saved.
bool load(Book& book, Memory& from) {
    pawl::detail::LoadArchive archive(from);
    book.snapshot(archive);
    return !archive.failed() && archive.left() == 0;
}

// A day with everything in it: quotes, trades, amendments, cancels, an auction.
void trade_a_day(Desk& desk, std::uint64_t seed, int steps) {
    std::mt19937_64 chance(seed);
    for (int i = 0; i < steps; ++i) {
        const OrderId order = 1 + chance() % 400;
        const Price price = 5'000 + static_cast<Price>(chance() % 41) - 20;
        const auto quantity = static_cast<Quantity>(1 + chance() % 30);
        const bool sells = chance() % 2 == 0;
        switch (chance() % 6) {
            case 0:
                desk.submit(cancel(order));
                break;
            case 1:
                desk.submit(
                    AmendOrder{.order = order, .price = price, .quantity = quantity, .owner = 7});
                break;
            case 2:
                desk.submit(ReplaceOrder{.order = order,
                                         .new_order = 1 + chance() % 400,
                                         .price = price,
                                         .quantity = quantity,
                                         .owner = 7});
                break;
            default:
                desk.submit(sells ? sell(order, price, quantity) : buy(order, price, quantity));
        }
        if (i % 100 == 50) desk.submit(SetPhase{Phase::auction});
        if (i % 100 == 80) {
            desk.submit(Uncross{});
            desk.expect(SetPhase{Phase::continuous});
        }
    }
}

TEST(ABook, made_of_its_events_alone_equals_the_live_one) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Desk desk(Desk::plain());
        trade_a_day(desk, seed, 1'000);
        ASSERT_GT(desk.book().open_orders(), 0u);
        EXPECT_EQ(hash_of(rebuilt(desk.history())), hash_of(desk.book())) << seed;
    }
}

TEST(ABook, loaded_from_its_snapshot_equals_the_saved_one_and_goes_on_alike) {
    Desk desk(Desk::plain());
    trade_a_day(desk, 5, 1'000);
    Memory memory;
    save(desk.book(), memory);
    Book loaded;
    ASSERT_TRUE(load(loaded, memory));
    EXPECT_EQ(hash_of(loaded), hash_of(desk.book()));

    const std::size_t before = desk.history().size();
    trade_a_day(desk, 6, 1'000);
    for (std::size_t i = before; i < desk.history().size(); ++i)
        std::visit([&loaded](const auto& e) { loaded.apply(e); }, desk.history()[i]);
    EXPECT_EQ(hash_of(loaded), hash_of(desk.book()));
}

TEST(ABook, of_a_feed_keeps_its_anonymous_quantity_in_a_snapshot) {
    AddInstrument terms = Desk::plain();
    terms.mode = Mode::following;
    Desk desk(terms);
    desk.expect(Follow{.price = 100, .quantity = 10, .kind = FollowKind::seed, .side = Side::buy});
    Memory memory;
    save(desk.book(), memory);
    Book loaded;
    ASSERT_TRUE(load(loaded, memory));
    EXPECT_EQ(loaded.best_bid()->anonymous, 10);
    EXPECT_EQ(hash_of(loaded), hash_of(desk.book()));
}

TEST(ABooksHash, does_not_depend_on_how_it_came_about) {
    Desk straight(Desk::plain());
    straight.expect(buy(1, 100, 5));
    straight.expect(buy(2, 90'000, 5));
    Desk winding(Desk::plain());
    for (OrderId id = 10; id < 200; ++id) winding.expect(buy(id, static_cast<Price>(id) * 400, 5));
    for (OrderId id = 10; id < 200; ++id) winding.expect(cancel(id));
    winding.expect(buy(9, 77, 1));
    winding.expect(buy(1, 100, 5));
    winding.expect(buy(2, 90'000, 5));
    winding.expect(cancel(9));
    EXPECT_EQ(hash_of(straight.book()), hash_of(winding.book()));
}

TEST(ABooksHash, sees_every_field_of_an_order) {
    const auto hash_with = [](auto change) {
        Desk desk(Desk::plain());
        NewOrder order = buy(1, 100, 5);
        change(order);
        desk.expect(order);
        return hash_of(desk.book());
    };
    const std::uint64_t plain = hash_with([](NewOrder&) {});
    EXPECT_NE(plain, hash_with([](NewOrder& o) { o.order = 2; }));
    EXPECT_NE(plain, hash_with([](NewOrder& o) { o.price = 101; }));
    EXPECT_NE(plain, hash_with([](NewOrder& o) { o.quantity = 6; }));
    EXPECT_NE(plain, hash_with([](NewOrder& o) { o.owner = 8; }));
    EXPECT_NE(plain, hash_with([](NewOrder& o) { o.side = Side::sell; }));
    EXPECT_NE(plain, hash_with([](NewOrder& o) { o.post_only = PostOnly::reject; }));
    EXPECT_NE(plain,
              hash_with([](NewOrder& o) { o.time_in_force = TimeInForce::good_till_cancel; }));
}

TEST(AHistory, with_any_event_left_out_can_still_be_applied) {
    Desk desk(Desk::plain());
    trade_a_day(desk, 9, 200);
    for (std::size_t without = 0; without < desk.history().size(); ++without) {
        Book book;
        for (std::size_t i = 0; i < desk.history().size(); ++i)
            if (i != without)
                std::visit([&book](const auto& e) { book.apply(e); }, desk.history()[i]);
        std::size_t orders = 0;
        for (const Side side : {Side::buy, Side::sell})
            book.for_each_order(side, [&orders](const OpenOrder&) { ++orders; });
        ASSERT_EQ(orders, book.open_orders()) << "without event " << without;
    }
}

// Facts come without a decision: whatever they say, the book stays whole.
TEST(ABook, survives_events_that_nobody_decided) {
    std::mt19937_64 chance(4);
    for (int round = 0; round < 200; ++round) {
        Desk desk(Desk::plain());
        desk.remember(false);
        for (int i = 0; i < 300; ++i) {
            const auto small = [&chance] { return static_cast<std::int64_t>(chance() % 40); };
            const auto apply = [&](auto event) {
                std::memset(static_cast<void*>(&event), 0, sizeof event);
                auto* bytes = reinterpret_cast<unsigned char*>(&event);
                for (std::size_t at = 0; at < sizeof event; ++at)
                    if (chance() % 3 == 0) bytes[at] = static_cast<unsigned char>(chance() % 12);
                if constexpr (requires { event.order; })
                    event.order = static_cast<OrderId>(small());
                if constexpr (requires { event.price; })
                    if (chance() % 2 == 0) event.price = small();
                desk.book().apply(event);
            };
            switch (chance() % 12) {
                case 0:
                    apply(Traded{});
                    break;
                case 1:
                    apply(AuctionTraded{});
                    break;
                case 2:
                    apply(OrderCancelled{});
                    break;
                case 3:
                    apply(OrderAmended{});
                    break;
                case 4:
                    apply(OrderReplaced{});
                    break;
                case 5:
                    apply(AnonymousSeeded{});
                    break;
                case 6:
                    apply(AnonymousReduced{});
                    break;
                case 7:
                    apply(PhaseChanged{});
                    break;
                case 8:
                    apply(OrderRemained{});
                    break;
                case 9:
                    desk.submit(Uncross{});
                    break;
                case 10:
                    desk.submit(buy(static_cast<OrderId>(small() + 1), small() + 1, 5));
                    break;
                default:
                    apply(OrderRested{});
            }
        }
        std::size_t orders = 0;
        for (const Side side : {Side::buy, Side::sell})
            desk.book().for_each_order(side, [&orders](const OpenOrder&) { ++orders; });
        ASSERT_EQ(orders, desk.book().open_orders());
    }
}

TEST(AnOpenOrder, costs_32_bytes_or_less_with_its_index) {
    Desk desk(Desk::plain());
    desk.remember(false);
    std::size_t worst = 0;
    std::size_t sum = 0;
    std::size_t samples = 0;
    for (OrderId id = 1; id <= 100'000; ++id) {
        desk.expect(buy(id * 7919, 1 + static_cast<Price>(id % 5'000), 1));
        if (id < 1'000) continue;
        worst = std::max(worst, desk.book().bytes_per_order());
        sum += desk.book().bytes_per_order();
        ++samples;
    }
    EXPECT_LE(sum / samples, 32u);
    EXPECT_LE(worst, 32u);  // just after the index has grown
}

}  // namespace
}  // namespace pawl::matching::test
