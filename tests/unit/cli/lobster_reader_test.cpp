// LOBSTER rows and seeds.
#include <gtest/gtest.h>

#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

Outcome read(const std::string& rows) {
    return drain(lobster_reader(in_memory(rows, "m.csv")));
}

Outcome read_with_seed(const std::string& rows, const std::string& seed) {
    return drain(lobster_reader(in_memory(rows, "m.csv"), in_memory(seed, "seed.csv")));
}

std::string refusal(const std::string& row) {
    const Outcome outcome = read("34200.004241176,1,16113575,18,5853300,1\n" + row + "\n");
    EXPECT_EQ(outcome.code, ErrorCode::bad_input);
    EXPECT_EQ(outcome.instructions.size(), 1U);
    return outcome.sentence;
}

TEST(LobsterReader, every_type_becomes_its_kind) {
    const Outcome outcome = read(
        "34200.004241176,1,11,18,5853300,1\n"
        "34200.00426064,2,11,8,5853300,1\n"
        "34201.000000000999,3,11,10,5853300,1\n"
        "34201.5,4,12,5,5859400,-1\n"
        "34201.5,5,0,7,5859300,-1\n"
        "34201.5,6,-1,700,5859300,-1\n"
        "34202,7,0,0,-1,-1\n"
        "34203,7,0,0,0,-1\n"
        "34204,7,0,0,1,-1\n");
    ASSERT_EQ(outcome.sentence, "");
    const auto& all = outcome.instructions;
    ASSERT_EQ(all.size(), 9U);
    EXPECT_EQ(all[0].kind, Kind::follow_add);
    EXPECT_EQ(all[0].time_ns, 34'200'004'241'176);
    EXPECT_EQ(all[0].order, 11U);
    EXPECT_EQ(all[0].quantity, 18);
    EXPECT_EQ(all[0].price, 5'853'300);
    EXPECT_EQ(all[0].side, 'B');
    EXPECT_EQ(all[1].kind, Kind::follow_reduce);
    EXPECT_EQ(all[1].time_ns, 34'200'004'260'640);
    EXPECT_EQ(all[2].kind, Kind::follow_remove);
    EXPECT_EQ(all[2].time_ns, 34'201'000'000'000) << "below a nanosecond nothing is kept";
    EXPECT_EQ(all[3].kind, Kind::follow_execute);
    EXPECT_EQ(all[3].side, 'S');
    EXPECT_EQ(all[4].kind, Kind::follow_execute_hidden);
    EXPECT_EQ(all[5].kind, Kind::nothing);
    EXPECT_EQ(all[6].phase, Phase::halt);
    EXPECT_EQ(all[7].phase, Phase::auction);
    EXPECT_EQ(all[8].phase, Phase::continuous);
    EXPECT_EQ(all[8].kind, Kind::phase);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].number, i + 1);
}

TEST(LobsterReader, a_seed_gives_its_levels_and_replaces_row_one) {
    const Outcome outcome =
        read_with_seed("34200,1,11,18,900,1\n34201,3,12,5,1100,-1\n",
                       "1000,20,900,18,1100,30,800,40,9999999999,0,-9999999999,0\n");
    ASSERT_EQ(outcome.sentence, "");
    const auto& all = outcome.instructions;
    ASSERT_EQ(all.size(), 6U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(all[i].kind, Kind::follow_seed);
        EXPECT_EQ(all[i].number, 0U);
        EXPECT_EQ(all[i].side, i < 2 ? 'S' : 'B');
    }
    EXPECT_EQ(all[0].price, 1000);
    EXPECT_EQ(all[0].quantity, 20);
    EXPECT_EQ(all[1].price, 1100);
    EXPECT_EQ(all[2].price, 900);
    EXPECT_EQ(all[3].quantity, 40);
    EXPECT_EQ(all[4].kind, Kind::nothing);
    EXPECT_EQ(all[4].number, 1U);
    EXPECT_EQ(all[5].kind, Kind::follow_remove);
    EXPECT_EQ(all[5].number, 2U);
}

TEST(LobsterReader, a_wrong_seed_is_refused_at_once) {
    const std::string rows = "34200,1,11,18,900,1\n";
    EXPECT_EQ(
        read_with_seed(rows, "").sentence,
        "seed.csv: is empty: expected one line of ask price, ask size, bid price, bid size for "
        "each level");
    EXPECT_EQ(read_with_seed(rows, "1000,20,900\n").sentence,
              "seed.csv:1: 3 columns: expected four for each level, at most 800");
    EXPECT_EQ(read_with_seed(rows, "1000,20,900,x\n").sentence,
              "seed.csv:1: column 'bid 1 size': \"x\": expected a whole number in digits, without "
              "sign or blank");
    EXPECT_EQ(read_with_seed(rows, "1000,20,900,5,1000,20,800,5\n").sentence,
              "seed.csv:1: column 'ask 2 price': \"1000\": expected a price worse than the level "
              "before");
    EXPECT_EQ(
        read_with_seed(rows, "1000,20,1000,5\n").sentence,
        "seed.csv:1: the best ask 1000 is not above the best bid 1000: expected a book that is "
        "not crossed");
}

TEST(LobsterReader, everything_that_is_wrong_in_a_row_has_a_sentence) {
    const std::string digits = "expected a whole number in digits, without sign or blank";
    EXPECT_EQ(read("").sentence,
              "m.csv: is empty: expected lines of time,type,order id,size,price,direction");
    EXPECT_EQ(refusal("34200,1,11,18,900"),
              "m.csv:2: 5 columns instead of 6: expected time,type,order id,size,price,direction");
    EXPECT_EQ(refusal("09:30:00,1,11,18,900,1"),
              "m.csv:2: column 'time': \"09:30:00\": expected seconds since midnight like "
              "34200.004241176");
    EXPECT_EQ(refusal("86400,1,11,18,900,1"),
              "m.csv:2: column 'time': \"86400\": expected seconds since midnight like "
              "34200.004241176");
    EXPECT_EQ(refusal("34200,8,11,18,900,1"),
              "m.csv:2: column 'type': \"8\": expected a type from 1 to 7");
    EXPECT_EQ(refusal("34200,1,x,18,900,1"), "m.csv:2: column 'order id': \"x\": " + digits);
    EXPECT_EQ(refusal("34200,1,0,18,900,1"),
              "m.csv:2: column 'order id': \"0\": expected a number from 1 to 9223372036854775807");
    EXPECT_EQ(refusal("34200,1,11,0,900,1"),
              "m.csv:2: column 'size': \"0\": expected a number from 1 to 9223372036854775807");
    EXPECT_EQ(refusal("34200,1,11,5,-900,1"), "m.csv:2: column 'price': \"-900\": " + digits);
    EXPECT_EQ(refusal("34200,1,11,5,900,2"),
              "m.csv:2: column 'direction': \"2\": expected 1 (buy) or -1 (sell)");
    EXPECT_EQ(refusal("34200,7,0,0,5,-1"),
              "m.csv:2: column 'price': \"5\": expected -1, 0 or 1 on a halt row (type 7)");
}

}  // namespace
}  // namespace pawl::cli::test
