// A real trading day and two real feeds, each against what the exchange published. Knows the data's
// README.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "desk.hpp"
#include "market_data.hpp"

namespace pawl::matching::test {
namespace {

struct Stock {
    std::string name;
    std::size_t commands, trades;
    Price bid, ask;
    std::size_t open_orders;
};

Verdict submit_line(Desk& desk, const std::vector<std::string_view>& field) {
    const Side side = field[4] == "B" ? Side::buy : Side::sell;
    const auto order = static_cast<OrderId>(number(field[3]));
    switch (field[2][0]) {
        case 'N':
            return desk.submit(NewOrder{.order = order,
                                        .price = number(field[5]),
                                        .quantity = number(field[6]),
                                        .owner = 7,
                                        .side = side});
        case 'C':
            return desk.submit(CancelOrder{.order = order, .owner = 7});
        case 'U':
            return desk.submit(Uncross{});
        default:
            return desk.submit(
                SetPhase{field[4] == "AUCTION" ? Phase::auction : Phase::continuous});
    }
}

// What the events of one command say about trades, in the published form.
void print_trades(const Desk& desk, std::string_view number, std::vector<std::string>& to) {
    const auto line = [&](OrderId buy, OrderId sell, Price price, Quantity quantity, char who) {
        to.push_back(std::string(number) + ',' + std::to_string(buy) + ',' + std::to_string(sell) +
                     ',' + std::to_string(price) + ',' + std::to_string(quantity) + ',' + who);
    };
    for (const Event& event : desk.events()) {
        if (const auto* t = std::get_if<Traded>(&event)) {
            if (t->aggressor == Side::buy)
                line(t->taker, t->maker, t->price, t->quantity, 'B');
            else
                line(t->maker, t->taker, t->price, t->quantity, 'S');
        } else if (const auto* a = std::get_if<AuctionTraded>(&event)) {
            line(a->buy, a->sell, a->price, a->quantity, '0');
        }
    }
}

class ARealDay : public ::testing::TestWithParam<Stock> {};

TEST_P(ARealDay, comes_out_trade_for_trade) {
    const Stock& stock = GetParam();
    const auto commands_file = market_data("sse/" + stock.name + ".SH_commands.csv.zst");
    const auto trades_file = market_data("sse/" + stock.name + ".SH_trades.csv.zst");
    if (!commands_file || !trades_file) GTEST_SKIP() << "skipped: no market data";
    const std::string commands = read_all(*commands_file);
    const std::string published = read_all(*trades_file);

    Desk desk(
        {.price_min = 100, .price_max = 10'000'000, .quantity_max = 100'000'000, .tick = 100});
    std::vector<std::string> trades;
    const auto lines = lines_of(commands);
    ASSERT_EQ(lines.size(), stock.commands + 1);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const auto fields = fields_of(lines[i]);
        const Verdict verdict = submit_line(desk, fields);
        ASSERT_TRUE(verdict.accepted())
            << lines[i] << ": " << to_string(static_cast<Reason>(verdict.reason()));
        print_trades(desk, fields[0], trades);
    }

    const auto expected = lines_of(published);
    ASSERT_EQ(expected.size(), stock.trades + 1);
    for (std::size_t i = 0; i < std::min(trades.size(), stock.trades); ++i)
        ASSERT_EQ(trades[i], expected[i + 1]) << "trade " << i + 1;
    EXPECT_EQ(trades.size(), stock.trades);
    ASSERT_TRUE(desk.book().best_bid() && desk.book().best_ask());
    EXPECT_EQ(desk.book().best_bid()->price, stock.bid);
    EXPECT_EQ(desk.book().best_ask()->price, stock.ask);
    EXPECT_EQ(desk.book().open_orders(), stock.open_orders);
    EXPECT_EQ(hash_of(rebuilt(desk.history())), hash_of(desk.book()));
}

INSTANTIATE_TEST_SUITE_P(shanghai, ARealDay,
                         ::testing::Values(Stock{"600536", 66'531, 33'553, 507'300, 507'400, 4'861},
                                           Stock{"600961", 50'103, 28'937, 91'500, 91'600, 2'077},
                                           Stock{"605580", 33'996, 16'996, 145'000, 145'100,
                                                 2'244}),
                         [](const auto& stock) { return "stock_" + stock.param.name; });

AddInstrument us_stock() {
    return {.price_min = 1,
            .price_max = 1'999'999'900,
            .quantity_max = 100'000'000,
            .mode = Mode::following,
            .phase = Phase::continuous};
}

Price price_or(const std::optional<PriceLevel>& level, Price none) {
    return level ? level->price : none;
}

TEST(AFollowedFeed, has_the_published_best_prices_after_each_row) {
    const auto messages_file = market_data("lobster/AAPL_2012-06-21_message_50.csv.zst");
    const auto best_file = market_data("lobster/AAPL_2012-06-21_orderbook_1.csv.zst");
    const auto seed_file = market_data("lobster/AAPL_2012-06-21_orderbook_50_row1.csv");
    if (!messages_file || !best_file || !seed_file) GTEST_SKIP() << "skipped: no market data";
    const std::string messages = read_all(*messages_file);
    const std::string best = read_all(*best_file);
    const std::string seed = read_all(*seed_file);

    Desk desk(us_stock());
    desk.remember(false);
    const auto levels = fields_of(lines_of(seed)[0]);
    for (std::size_t i = 0; i + 1 < levels.size(); i += 2)
        if (number(levels[i + 1]) != 0)  // 0: the side has fewer levels
            desk.expect(Follow{.price = number(levels[i]),
                               .quantity = number(levels[i + 1]),
                               .kind = FollowKind::seed,
                               .side = i % 4 == 0 ? Side::sell : Side::buy});

    const auto rows = lines_of(messages);
    const auto bests = lines_of(best);
    ASSERT_EQ(rows.size(), 91'997u);
    ASSERT_EQ(bests.size(), rows.size());
    std::size_t different = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {  // the seed is the book after row 1
        const auto field = fields_of(rows[i]);
        const std::int64_t type = number(field[1]);
        constexpr FollowKind kinds[] = {FollowKind::seed, FollowKind::add, FollowKind::reduce,
                                        FollowKind::remove, FollowKind::execute};
        if (type >= 1 && type <= 4)
            desk.submit(Follow{.order = static_cast<OrderId>(number(field[2])),
                               .price = number(field[4]),
                               .quantity = number(field[3]),
                               .kind = kinds[type],
                               .side = number(field[5]) == 1 ? Side::buy : Side::sell});
        const auto expected = fields_of(bests[i]);
        const auto ask = desk.book().best_ask();
        const auto bid = desk.book().best_bid();
        const bool same = price_or(ask, 0) == number(expected[0]) &&
                          (ask ? ask->quantity : 0) == number(expected[1]) &&
                          price_or(bid, 0) == number(expected[2]) &&
                          (bid ? bid->quantity : 0) == number(expected[3]);
        ASSERT_TRUE(same || i >= 54'606) << "row " << i + 1 << ": " << rows[i];
        different += !same;
    }
    EXPECT_EQ(different, 90u);
}

std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

// What the feed leaves out of its short messages: the reference's side and price are the book's to
// know.
Follow itch_follow(std::string_view m) {
    const std::uint64_t order = big_endian(m, 11, 8);
    const auto quantity = [m](std::size_t at) {
        return static_cast<Quantity>(big_endian(m, at, 4));
    };
    switch (m[0]) {
        case 'A':
        case 'F':
            return {.order = order,
                    .price = static_cast<Price>(big_endian(m, 32, 4)),
                    .quantity = quantity(20),
                    .kind = FollowKind::add,
                    .side = m[19] == 'B' ? Side::buy : Side::sell};
        case 'E':
            return {.order = order, .quantity = quantity(19), .kind = FollowKind::execute};
        case 'C':
            return {.order = order,
                    .price = static_cast<Price>(big_endian(m, 32, 4)),
                    .quantity = quantity(19),
                    .kind = FollowKind::execute};
        case 'X':
            return {.order = order, .quantity = quantity(19), .kind = FollowKind::reduce};
        case 'D':
            return {.order = order, .kind = FollowKind::remove};
        default:
            return {.order = order,
                    .new_order = big_endian(m, 19, 8),
                    .price = static_cast<Price>(big_endian(m, 31, 4)),
                    .quantity = quantity(27),
                    .kind = FollowKind::replace};
    }
}

TEST(AFollowedFeed, hits_only_the_oldest_order_at_the_best_price_and_ends_as_stated) {
    const auto file = market_data("itch/aapl_10k.itch50");
    if (!file) GTEST_SKIP() << "skipped: no market data";
    const std::string bytes = read_all(*file);
    Desk desk(us_stock());
    std::size_t messages = 0;
    for (std::size_t at = 0; at < bytes.size(); ++messages) {
        const std::size_t size = big_endian(bytes, at, 2);
        const std::string_view m(bytes.data() + at + 2, size);
        at += 2 + size;
        if (std::string_view("AFECXDU").find(m[0]) == std::string_view::npos) continue;
        Follow follow = itch_follow(m);
        if (follow.kind == FollowKind::execute) {
            const auto order = desk.book().find(follow.order);
            ASSERT_TRUE(order);
            ASSERT_EQ(desk.book().best(order->side)->price, order->price);
            OrderId oldest = 0;
            desk.book().for_each_order(
                order->side, [&](const OpenOrder& o) { oldest = oldest == 0 ? o.order : oldest; });
            ASSERT_EQ(oldest, follow.order);
        }
        const Verdict verdict = desk.submit(follow);
        ASSERT_TRUE(verdict.accepted()) << "message " << messages + 1 << ": "
                                        << to_string(static_cast<Reason>(verdict.reason()));
        ASSERT_FALSE(desk.book().crossed()) << "message " << messages + 1;
    }
    EXPECT_EQ(messages, 10'000u);
    EXPECT_EQ(desk.book().open_orders(), 215u);
    EXPECT_EQ(desk.book().depth(Side::buy, 1000).size(), 79u);
    EXPECT_EQ(desk.book().depth(Side::sell, 1000).size(), 63u);
    EXPECT_EQ(desk.book().best_bid()->price, 3'201'400);
    EXPECT_EQ(desk.book().best_ask()->price, 3'203'000);
    EXPECT_EQ(hash_of(rebuilt(desk.history())), hash_of(desk.book()));
}

}  // namespace
}  // namespace pawl::matching::test
