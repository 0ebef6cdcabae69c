// pawl's own format: as people write it by hand, and one sentence for everything that is wrong.
#include <gtest/gtest.h>

#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

const std::string header = "number,time,command,order,side,price,quantity,tif\n";

Outcome read(const std::string& text) {
    return drain(csv_reader(in_memory(text)));
}

std::string refusal(const std::string& line) {
    const Outcome outcome = read(header + "1,09:30:00,phase,,continuous,,,\n" + line + "\n");
    EXPECT_EQ(outcome.code, ErrorCode::bad_input);
    EXPECT_EQ(outcome.instructions.size(), 1U) << "what came before is kept";
    return outcome.sentence;
}

TEST(CsvReader, every_command_reads_as_it_was_written) {
    const Outcome outcome = read("# a hand-written day\n\n" + header +
                                 "1,09:30:00,phase,,continuous,,,\n"
                                 "2,,add,11,B,1000,5,\n"
                                 "# a remark\n"
                                 "3,,add,12,S,1100,6,ioc\n"
                                 "4,,add,13,S,1100,7,fok\n"
                                 "5,,market,14,B,,8,\n"
                                 "6,,market,15,B,,8,day\n"
                                 "7,,cancel,11,,,,\n"
                                 "8,,cancel,12,S,1100,6,\n"
                                 "9,,uncross,,,,,\n"
                                 "10,,phase,,no_cancel,,,\n");
    ASSERT_EQ(outcome.sentence, "");
    const auto& all = outcome.instructions;
    ASSERT_EQ(all.size(), 10U);
    EXPECT_EQ(all[0].phase, Phase::continuous);
    EXPECT_EQ(all[0].line, 4U);
    EXPECT_EQ(all[1].kind, Kind::add);
    EXPECT_EQ(all[1].order, 11U);
    EXPECT_EQ(all[1].side, 'B');
    EXPECT_EQ(all[1].price, 1000);
    EXPECT_EQ(all[1].quantity, 5);
    EXPECT_EQ(all[1].time_in_force, TimeInForce::day);
    EXPECT_EQ(all[2].time_in_force, TimeInForce::ioc);
    EXPECT_EQ(all[2].line, 7U);
    EXPECT_EQ(all[3].time_in_force, TimeInForce::fok);
    EXPECT_EQ(all[4].kind, Kind::market);
    EXPECT_EQ(all[4].time_in_force, TimeInForce::ioc);
    EXPECT_EQ(all[5].time_in_force, TimeInForce::day);
    EXPECT_EQ(all[6].kind, Kind::cancel);
    EXPECT_EQ(all[6].side, '-');
    EXPECT_EQ(all[7].price, 1100);
    EXPECT_EQ(all[8].kind, Kind::uncross);
    EXPECT_EQ(all[9].phase, Phase::no_cancel);
}

TEST(CsvReader, columns_stand_in_any_order_and_optional_ones_may_be_missing) {
    const Outcome outcome =
        read("quantity,price,side,order,command,number\n5,1000,B,11,add,1\n6,1100,S,12,add,2\n");
    ASSERT_EQ(outcome.sentence, "");
    ASSERT_EQ(outcome.instructions.size(), 2U);
    EXPECT_EQ(outcome.instructions[1].order, 12U);
    EXPECT_EQ(outcome.instructions[1].quantity, 6);
    EXPECT_EQ(outcome.instructions[1].price, 1100);
    EXPECT_EQ(outcome.instructions[1].time_ns, 0);
}

TEST(CsvReader, several_instruments_number_their_commands_apart) {
    const std::string text = "instrument,number,command,order,side,price,quantity\n";
    EXPECT_EQ(read(text + "0,1,add,1,B,1,1\n7,1,add,1,B,1,1\n0,2,add,2,B,1,1\n").sentence, "");
    EXPECT_EQ(read(text + "0,1,add,1,B,1,1\n7,1,add,1,B,1,1\n7,1,add,2,B,1,1\n").sentence,
              "day.csv:4: column 'number': \"1\": expected a number above 1, the one before of its "
              "instrument");
    EXPECT_EQ(read(text + "65536,1,add,1,B,1,1\n").sentence,
              "day.csv:2: column 'instrument': \"65536\": expected a number from 0 to 65535");
    EXPECT_EQ(drain(csv_reader(in_memory(text), {.one_instrument = true})).sentence,
              "day.csv:1: column 'instrument' in one of several files: read this file alone, or "
              "leave the column out");
}

TEST(CsvReader, a_wrong_header_is_refused_at_once) {
    EXPECT_EQ(read("").sentence,
              "day.csv: is empty: expected a header line like "
              "instrument,number,time,command,order,side,price,quantity,tif");
    EXPECT_EQ(read("# only a remark\n").sentence,
              "day.csv: is empty: expected a header line like "
              "instrument,number,time,command,order,side,price,quantity,tif");
    EXPECT_EQ(read("number,cmd\n").sentence,
              "day.csv:1: column 2 of the header is \"cmd\": expected one of instrument, number, "
              "time, command, order, side, price, quantity, tif");
    EXPECT_EQ(read("number,number\n").sentence, "day.csv:1: column 'number' is there twice");
    EXPECT_EQ(read("number,command,order,side,price\n").sentence,
              "day.csv:1: the header has no column 'quantity': expected "
              "instrument,number,time,command,order,side,price,quantity,tif");
}

TEST(CsvReader, everything_that_is_wrong_in_a_line_has_a_sentence) {
    EXPECT_EQ(refusal("2,,add,11,B,1000,5"), "day.csv:3: 7 columns instead of the header's 8");
    EXPECT_EQ(
        refusal("2,,buy,11,B,1000,5,"),
        "day.csv:3: column 'command': \"buy\": expected add, cancel, market, phase or uncross");
    EXPECT_EQ(refusal("2,,add,11,x,1000,5,"), "day.csv:3: column 'side': \"x\": expected B or S");
    EXPECT_EQ(
        refusal("2,,add,11,B,10.5,5,"),
        "day.csv:3: column 'price': \"10.5\": expected a whole number in digits, without sign "
        "or blank");
    EXPECT_EQ(refusal("2,,add,11,B,1000,5,gtc"),
              "day.csv:3: column 'tif': \"gtc\": expected day, ioc or fok");
    EXPECT_EQ(refusal("2,noon,add,11,B,1000,5,"),
              "day.csv:3: column 'time': \"noon\": expected a time of day like 09:15:00.030");
    EXPECT_EQ(refusal("2,,market,11,B,1000,5,"),
              "day.csv:3: column 'price': \"1000\": expected an empty column on a market line");
    EXPECT_EQ(refusal("2,,cancel,11,,,,day"),
              "day.csv:3: column 'tif': \"day\": expected an empty column on a cancel line");
    EXPECT_EQ(
        refusal("2,,uncross,11,,,,"),
        "day.csv:3: column 'order': \"11\": expected an empty column on a phase or uncross line");
    EXPECT_EQ(refusal("2,,uncross,,B,,,"),
              "day.csv:3: column 'side': \"B\": expected an empty column on an uncross line");
    EXPECT_EQ(refusal("2,,phase,,lunch,,,"),
              "day.csv:3: column 'side': \"lunch\": expected pre_open, auction, continuous, halt, "
              "no_cancel or closed on a phase line");
    EXPECT_EQ(refusal("0,,uncross,,,,,"),
              "day.csv:3: column 'number': \"0\": expected a number from 1 to 9223372036854775807");
    EXPECT_EQ(refusal("1,,uncross,,,,,"),
              "day.csv:3: column 'number': \"1\": expected a number above 1, the one before of its "
              "instrument");
}

}  // namespace
}  // namespace pawl::cli::test
