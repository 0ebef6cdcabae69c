// Whole real days through the tool: trade for trade what the exchange published.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

struct Stock {
    const char* number;
    const char* open_orders;
    const char* best_bid;
    const char* best_ask;
    const char* commands;
    const char* trades;
};
constexpr Stock stocks[] = {{"600536", "4861", "507300", "507400", "66531", "33553"},
                            {"600961", "2077", "91500", "91600", "50103", "28937"},
                            {"605580", "2244", "145000", "145100", "33996", "16996"}};

class RealDay : public ::testing::Test {
protected:
    std::string data_;
    Folder folder_;
    const std::string directory_ = folder_.path("journal");
    const std::string trades_ = folder_.path("trades.csv");

    void SetUp() override {
        const char* named = std::getenv("PAWL_DATA");
        data_ = named != nullptr ? named : PAWL_SOURCE_DIR "/../shared/data";
        if (!std::filesystem::exists(data_)) GTEST_SKIP() << "skipped: no market data";
    }
    std::string commands_of(const std::string& stock) const {
        return data_ + "/sse/" + stock + ".SH_commands.csv.zst";
    }
    std::string published(const std::string& stock) const {
        return read_file(data_ + "/sse/" + stock + ".SH_trades.csv.zst");
    }
    std::string all_stocks() const {
        return commands_of("600536") + "," + commands_of("600961") + "," + commands_of("605580");
    }
    static void expect_end(const std::string& json, const Stock& stock) {
        const std::string end =
            json.substr(json.find(std::string("\"instrument\": \"") + stock.number));
        EXPECT_EQ(json_field(end, "open_orders"), stock.open_orders) << stock.number;
        EXPECT_EQ(json_field(end, "best_bid"), stock.best_bid) << stock.number;
        EXPECT_EQ(json_field(end, "best_ask"), stock.best_ask) << stock.number;
    }
    // The rows of one instrument, without the column that names it.
    static std::string rows_of(const std::string& stock, const std::string& all) {
        std::istringstream lines(all);
        std::string line;
        std::getline(lines, line);
        EXPECT_EQ(line, "instrument,cmd_no,buy_id,sell_id,price,qty,aggressor");
        std::string rows = line.substr(line.find(',') + 1) + "\n";
        while (std::getline(lines, line))
            if (line.starts_with(stock)) rows += line.substr(line.find(',') + 1) + "\n";
        return rows;
    }
    void expect_three_stocks(const char* shards) const {
        const Ran ran = run(with(match(all_stocks(), "sse", directory_),
                                 {"--shards", shards, "--trades", trades_}));
        EXPECT_EQ(ran.exit_code, 0) << ran.err;
        EXPECT_EQ(json_field(ran.out, "commands"), "150630");
        EXPECT_EQ(json_field(ran.out, "trades"), "79486");
        const std::string trades = read_file(trades_);
        for (const Stock& stock : stocks) {
            EXPECT_TRUE(rows_of(stock.number, trades) == published(stock.number)) << stock.number;
            expect_end(ran.out, stock);
        }
    }
};

TEST_F(RealDay, each_stock_alone_trades_as_it_was_published) {
    for (const Stock& stock : stocks) {
        const std::string directory = folder_.path(stock.number);
        const Ran ran =
            run(with(match(commands_of(stock.number), "sse", directory), {"--trades", trades_}));
        EXPECT_EQ(ran.exit_code, 0) << ran.err;
        EXPECT_EQ(json_field(ran.out, "commands"), stock.commands);
        EXPECT_EQ(json_field(ran.out, "trades"), stock.trades);
        EXPECT_EQ(json_field(ran.out, "rejected"), "0");
        EXPECT_TRUE(read_file(trades_) == published(stock.number)) << stock.number;
        expect_end(ran.out, stock);
    }
}

TEST_F(RealDay, three_stocks_on_one_shard_trade_as_they_were_published) {
    expect_three_stocks("1");
}

TEST_F(RealDay, three_stocks_on_two_shards_trade_as_they_were_published) {
    expect_three_stocks("2");
}

TEST_F(RealDay, a_finished_day_run_again_sends_nothing_and_writes_the_same) {
    const auto arguments =
        with(match(all_stocks(), "sse", directory_), {"--shards", "2", "--trades", trades_});
    const Ran first = run(arguments);
    const std::string trades = read_file(trades_);
    std::filesystem::remove(trades_);
    const Ran again = run(arguments);
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(json_field(again.out, "sent"), "0");
    EXPECT_EQ(json_field(again.out, "state_hash"), json_field(first.out, "state_hash"));
    EXPECT_TRUE(read_file(trades_) == trades);
    EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
}

TEST_F(RealDay, packed_data_may_come_on_standard_input_and_as_gzip) {
    How how;
    how.input = commands_of("605580");
    const Ran piped = run(with(match("-", "sse", directory_), {"--trades", trades_}), how);
    EXPECT_EQ(piped.exit_code, 0) << piped.err;
    EXPECT_TRUE(read_file(trades_) == published("605580"));

    folder_.write("day.csv", read_file(commands_of("605580")));
    ASSERT_EQ(std::system(("gzip -1 " + folder_.path("day.csv")).c_str()), 0);
    const Ran packed = run(with(match(folder_.path("day.csv.gz"), "sse", folder_.path("gzip")),
                                {"--trades", trades_}));
    EXPECT_EQ(packed.exit_code, 0) << packed.err;
    EXPECT_TRUE(read_file(trades_) == published("605580"));
    EXPECT_EQ(json_field(packed.out, "state_hash"), json_field(piped.out, "state_hash"));
}

// Both files: ask, size, bid, size.
TEST_F(RealDay, a_followed_book_has_the_published_best_prices_after_each_row) {
    const std::string book = folder_.path("book.csv");
    const Ran ran = run(
        with(match(data_ + "/lobster/AAPL_2012-06-21_message_50.csv.zst", "lobster", directory_),
             {"--seed", data_ + "/lobster/AAPL_2012-06-21_orderbook_50_row1.csv", "--book", book}));
    EXPECT_EQ(ran.signal, 0);
    EXPECT_TRUE(ran.exit_code == 0 || ran.exit_code == 12) << ran.err;
    std::istringstream ours(read_file(book));
    std::istringstream theirs(read_file(data_ + "/lobster/AAPL_2012-06-21_orderbook_1.csv.zst"));
    std::string our_row;
    std::string their_row;
    int rows = 0;
    int same = 0;
    int same_from_the_start = 0;
    while (std::getline(ours, our_row) && std::getline(theirs, their_row)) {
        if (their_row.ends_with('\r')) their_row.pop_back();
        ++rows;
        if (our_row != their_row) continue;
        if (same == rows - 1) ++same_from_the_start;
        ++same;
    }
    EXPECT_EQ(rows, 91'997);
    EXPECT_GE(same_from_the_start, 54'606);
    EXPECT_GE(same, 91'997 - 90);
}

TEST_F(RealDay, a_feed_in_messages_ends_in_the_stated_book) {
    const Ran ran = run(match(data_ + "/itch/aapl_10k.itch50", "itch", directory_));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(json_field(ran.out, "rejected"), "0");
    EXPECT_EQ(json_field(ran.out, "open_orders"), "215");
    EXPECT_EQ(json_field(ran.out, "best_bid"), "3201400");
    EXPECT_EQ(json_field(ran.out, "best_ask"), "3203000");
}

}  // namespace
}  // namespace pawl::tool_test
