// The readers over the real files: every line reads, and the counts are the published ones.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>

#include "cli/input/fields.hpp"
#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

class RealData : public ::testing::Test {
protected:
    std::string folder_;
    void SetUp() override {
        const char* named = std::getenv("PAWL_DATA");
        folder_ = named != nullptr ? named : PAWL_SOURCE_DIR "/../shared/data";
        if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "skipped: no market data";
    }

    Outcome read(Format format, const std::string& file, const std::string& seed = "") {
        return drain(open_input({.files = {folder_ + file},
                                 .format = format,
                                 .seed = seed.empty() ? std::string() : folder_ + seed}));
    }
};

using Counts = std::map<Kind, std::size_t>;

Counts counts_of(const std::vector<Instruction>& all) {
    Counts counts;
    for (const Instruction& one : all) ++counts[one.kind];
    return counts;
}

TEST_F(RealData, three_stocks_have_their_published_number_of_commands) {
    const std::map<std::string, std::size_t> commands{
        {"600536", 66'531}, {"600961", 50'103}, {"605580", 33'996}};
    for (const auto& [stock, count] : commands) {
        const Outcome outcome = read(Format::sse, "/sse/" + stock + ".SH_commands.csv.zst");
        EXPECT_EQ(outcome.sentence, "");
        EXPECT_EQ(outcome.instructions.size(), count);
        Counts counts = counts_of(outcome.instructions);
        EXPECT_EQ(counts[Kind::phase], 3U);
        EXPECT_EQ(counts[Kind::uncross], 2U);
        EXPECT_EQ(counts[Kind::add] + counts[Kind::cancel] + 5, count);
    }
}

TEST_F(RealData, three_stocks_at_once_are_interleaved_and_complete) {
    InputOptions options{.files = {}, .format = Format::sse, .seed = ""};
    for (const char* stock : {"600536", "600961", "605580"}) {
        options.files.push_back(folder_ + "/sse/" + stock + ".SH_commands.csv.zst");
    }
    const Outcome outcome = drain(open_input(options));
    EXPECT_EQ(outcome.sentence, "");
    EXPECT_EQ(outcome.instructions.size(), 66'531U + 50'103U + 33'996U);
    std::map<std::uint32_t, std::uint64_t> last;
    for (const Instruction& one : outcome.instructions) {
        ASSERT_GT(one.number, last[one.instrument]);
        last[one.instrument] = one.number;
    }
}

TEST_F(RealData, itch_has_its_published_number_of_messages) {
    const Outcome outcome = read(Format::itch, "/itch/aapl_10k.itch50");
    EXPECT_EQ(outcome.sentence, "");
    EXPECT_EQ(outcome.instructions.size(), 10'000U);
    Counts counts = counts_of(outcome.instructions);
    // 4,758 of type A and 2 of type F, which also names the member.
    EXPECT_EQ(counts[Kind::follow_add], 4'760U);
    EXPECT_EQ(counts[Kind::follow_remove], 4'083U);
    EXPECT_EQ(counts[Kind::follow_execute], 849U);
    EXPECT_EQ(counts[Kind::follow_replace], 7U);
    EXPECT_EQ(counts[Kind::follow_reduce], 6U);
    EXPECT_EQ(counts[Kind::nothing], 10'000U - 4'760U - 4'083U - 849U - 7U - 6U);

    // What is left of each order, from the instructions alone.
    std::map<std::uint64_t, Instruction> live;
    const auto less = [&live](std::uint64_t order, std::int64_t quantity) {
        auto& left = live.at(order).quantity;
        left -= quantity;
        if (left == 0) live.erase(order);
    };
    for (const Instruction& one : outcome.instructions) {
        if (one.kind == Kind::follow_add) live[one.order] = one;
        if (one.kind == Kind::follow_remove) live.erase(one.order);
        if (one.kind == Kind::follow_reduce || one.kind == Kind::follow_execute) {
            less(one.order, one.quantity);
        }
        if (one.kind == Kind::follow_replace) {
            live.erase(one.order);
            live[one.new_order] = one;
        }
    }
    std::map<std::int64_t, int> bids;
    std::map<std::int64_t, int> asks;
    for (const auto& [order, one] : live) ++(one.side == 'B' ? bids : asks)[one.price];
    EXPECT_EQ(live.size(), 215U);
    EXPECT_EQ(bids.size() + asks.size(), 79U + 63U);
    EXPECT_EQ(bids.rbegin()->first, 3'201'400);
    EXPECT_EQ(asks.begin()->first, 3'203'000);
}

// Sizes by price are enough for best prices: which order it was does not matter here.
TEST_F(RealData, lobster_rows_from_the_seed_give_the_published_best_prices) {
    const Outcome outcome = read(Format::lobster, "/lobster/AAPL_2012-06-21_message_50.csv.zst",
                                 "/lobster/AAPL_2012-06-21_orderbook_50_row1.csv");
    ASSERT_EQ(outcome.sentence, "");
    auto bytes = open_bytes(folder_ + "/lobster/AAPL_2012-06-21_orderbook_1.csv.zst");
    LineReader published("orderbook_1", std::move(bytes).value());
    std::map<std::int64_t, std::int64_t> asks;
    std::map<std::int64_t, std::int64_t, std::greater<>> bids;
    std::uint64_t rows = 0;
    std::uint64_t different = 0;
    std::uint64_t first_different = 0;
    for (const Instruction& one : outcome.instructions) {
        const bool more = one.kind == Kind::follow_seed || one.kind == Kind::follow_add;
        const bool less = one.kind == Kind::follow_reduce || one.kind == Kind::follow_remove ||
                          one.kind == Kind::follow_execute;
        const std::int64_t change = more ? one.quantity : less ? -one.quantity : 0;
        const auto apply = [&](auto& side) {
            if (change != 0 && (side[one.price] += change) <= 0) side.erase(one.price);
        };
        one.side == 'B' ? apply(bids) : apply(asks);
        if (one.kind == Kind::follow_seed) continue;
        ++rows;
        ASSERT_EQ(one.number, rows);
        std::string_view line;
        ASSERT_TRUE(published.next(line).value());
        ASSERT_FALSE(asks.empty() || bids.empty());
        const std::string ours =
            std::to_string(asks.begin()->first) + "," + std::to_string(asks.begin()->second) + "," +
            std::to_string(bids.begin()->first) + "," + std::to_string(bids.begin()->second);
        if (ours == line) continue;
        if (++different == 1) first_different = rows;
    }
    EXPECT_EQ(rows, 91'997U);
    EXPECT_GT(first_different, 54'606U);
    EXPECT_LE(different, 90U);
}

}  // namespace
}  // namespace pawl::cli::test
