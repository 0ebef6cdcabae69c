// A day that was interrupted at a chosen place goes on there: the trades are those of an
// undisturbed run.
#include <chrono>
#include <cstdint>

#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

class Resume : public ::testing::Test {
protected:
    Folder folder_;
    const std::string directory_ = folder_.path("journal");
    const std::string trades_ = folder_.path("trades.csv");
    std::string day_ = "number,command,order,side,price,quantity\n";
    std::uint64_t number_ = 0;
    std::uint64_t order_ = 0;

    void line(const std::string& rest) { day_ += std::to_string(++number_) + "," + rest + "\n"; }
    void phase(const std::string& word) { line("phase,," + word + ",,"); }
    // Every buyer meets one seller.
    void crossing_orders(int pairs) {
        for (int i = 0; i < pairs; ++i) {
            line("add," + std::to_string(++order_) + ",B,100000,100");
            line("add," + std::to_string(++order_) + ",S,100000,100");
        }
    }
    std::uint64_t records_of_uncross(const std::string& directory) const {
        const Ran ran = run({"journal", "dump", directory});
        std::uint64_t count = 0;
        for (std::size_t at = 0;
             (at = ran.out.find("\"command\":\"Uncross\"", at)) != std::string::npos; ++at)
            ++count;
        return count;
    }
    Ran match_day(const std::string& directory, const std::string& day) const {
        return run(
            with(match(folder_.write("day.csv", day), "csv", directory), {"--trades", trades_}));
    }
    void expect_same_as_undisturbed() const {
        const Ran resumed = match_day(directory_, day_);
        EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
        const std::string trades = read_file(trades_);
        const std::string undisturbed = folder_.path("undisturbed");
        const Ran whole = match_day(undisturbed, day_);
        EXPECT_TRUE(trades == read_file(trades_));
        EXPECT_EQ(json_field(resumed.out, "commands"), json_field(whole.out, "commands"));
        EXPECT_EQ(json_field(resumed.out, "state_hash"), json_field(whole.out, "state_hash"));
        EXPECT_EQ(records_of_uncross(directory_), records_of_uncross(undisturbed));
        EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
    }
};

TEST_F(Resume, an_auction_larger_than_one_command_goes_on_after_a_kill_inside_it) {
    phase("auction");
    crossing_orders(30'000);
    const std::string before_the_auction = day_;
    line("uncross,,,,");
    phase("continuous");
    crossing_orders(2);
    EXPECT_EQ(match_day(directory_, before_the_auction).exit_code, 0);
    {
        // One command a second: it is still inside when the first part has been decided.
        Running slow(
            with(match(folder_.write("day.csv", day_), "csv", directory_), {"--rate", "1"}));
        while (records_of_uncross(directory_) == 0)
            ASSERT_FALSE(slow.ends_within(std::chrono::milliseconds(20))) << slow.wait().err;
        slow.kill_now();
    }
    EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
    const std::uint64_t done = records_of_uncross(directory_);
    expect_same_as_undisturbed();
    EXPECT_LT(done, records_of_uncross(directory_)) << "the kill was too late to test anything";
}

TEST_F(Resume, an_auction_that_is_over_is_not_uncrossed_again_while_the_next_collects_orders) {
    phase("auction");
    crossing_orders(10);
    line("uncross,,,,");
    phase("continuous");
    crossing_orders(10);
    phase("auction");
    crossing_orders(10);
    const std::string into_the_second_auction = day_;
    crossing_orders(10);
    line("uncross,,,,");
    EXPECT_EQ(match_day(directory_, into_the_second_auction).exit_code, 0);
    expect_same_as_undisturbed();
}

TEST_F(Resume, an_auction_uncrossed_as_the_last_thing_is_not_uncrossed_again) {
    phase("auction");
    crossing_orders(10);
    line("uncross,,,,");
    EXPECT_EQ(match_day(directory_, day_).exit_code, 0);
    line("uncross,,,,");
    phase("continuous");
    crossing_orders(3);
    expect_same_as_undisturbed();
}

TEST_F(Resume, a_day_cut_into_many_runs_is_one_day) {
    phase("continuous");
    crossing_orders(500);
    for (std::size_t lines = 1; lines < 1000; lines += 150) {
        std::size_t end = 0;
        for (std::size_t i = 0; i < lines; ++i) end = day_.find('\n', end) + 1;
        EXPECT_EQ(match_day(directory_, day_.substr(0, end)).exit_code, 0);
    }
    expect_same_as_undisturbed();
}

TEST_F(Resume, several_instruments_in_one_file_are_named_by_their_numbers) {
    const std::string day =
        "instrument,number,command,order,side,price,quantity\n"
        "7,1,phase,,continuous,,\n"
        "3,1,phase,,continuous,,\n"
        "7,2,add,1,B,100000,100\n"
        "3,2,add,1,B,200000,100\n"
        "3,3,add,2,S,200000,100\n"
        "7,3,add,2,S,100000,40\n";
    const Ran ran = match_day(directory_, day);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(read_file(trades_),
              "instrument,cmd_no,buy_id,sell_id,price,qty,aggressor\n"
              "3,3,1,2,200000,100,S\n"
              "7,3,1,2,100000,40,S\n");
    const std::size_t three = ran.out.find("\"instrument\": \"3\"");
    const std::size_t seven = ran.out.find("\"instrument\": \"7\"");
    ASSERT_NE(three, std::string::npos) << ran.out;
    ASSERT_NE(seven, std::string::npos) << ran.out;
    EXPECT_EQ(json_field(std::string_view(ran.out).substr(seven), "open_orders"), "1");
    EXPECT_EQ(json_field(std::string_view(ran.out).substr(three), "open_orders"), "0");
}

}  // namespace
}  // namespace pawl::tool_test
