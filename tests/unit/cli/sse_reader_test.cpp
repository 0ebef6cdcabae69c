// The Shanghai format: what it means, and one sentence for everything that is wrong.
#include <gtest/gtest.h>

#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

const std::string header = "cmd_no,time,cmd,order_id,side,price,qty,src\n";

Outcome read(const std::string& lines, std::size_t piece_bytes = 1U << 18U) {
    return drain(sse_reader(in_memory(header + lines, "day.csv", piece_bytes)));
}

std::string refusal(const std::string& line) {
    const Outcome outcome = read("1,09:15:00.030,P,,AUCTION,,,\n" + line + "\n");
    EXPECT_EQ(outcome.code, ErrorCode::bad_input);
    EXPECT_EQ(outcome.instructions.size(), 1U) << "what came before is kept";
    return outcome.sentence;
}

TEST(SseReader, a_small_day_reads_as_it_was_written) {
    const std::string day =
        "1,09:15:00.030,P,,AUCTION,,,\n"
        "2,09:15:00.040,N,88,S,519000,100,0\r\n"
        "4,09:20:00,C,88,S,519000,100,0\n"
        "7,09:25:00.1,U,,,,,\n"
        "8,09:30:00.010,P,,CONTINUOUS,,,\n"
        "9,09:29:59.123456789,N,90,B,518900,25,2";
    const Outcome outcome = read(day, 5);
    ASSERT_EQ(outcome.sentence, "");
    constexpr std::int64_t hour = 3'600'000'000'000;
    constexpr std::int64_t minute = 60'000'000'000;
    std::vector<Instruction> expected(6);
    expected[0] = {.kind = Kind::phase, .phase = Phase::auction, .line = 2, .number = 1};
    expected[0].time_ns = 9 * hour + 15 * minute + 30'000'000;
    expected[1] = {.kind = Kind::add, .side = 'S', .line = 3, .number = 2, .order = 88};
    expected[1].time_ns = 9 * hour + 15 * minute + 40'000'000;
    expected[1].price = 519'000;
    expected[1].quantity = 100;
    expected[2] = expected[1];
    expected[2].kind = Kind::cancel;
    expected[2].line = 4;
    expected[2].number = 4;
    expected[2].time_ns = 9 * hour + 20 * minute;
    expected[3] = {.kind = Kind::uncross, .line = 5, .number = 7};
    expected[3].time_ns = 9 * hour + 25 * minute + 100'000'000;
    expected[4] = {.kind = Kind::phase, .phase = Phase::continuous, .line = 6, .number = 8};
    expected[4].time_ns = 9 * hour + 30 * minute + 10'000'000;
    expected[5] = {.kind = Kind::add, .side = 'B', .line = 7, .number = 9, .order = 90};
    expected[5].time_ns = 9 * hour + 30 * minute - 1'000'000'000 + 123'456'789;
    expected[5].price = 518'900;
    expected[5].quantity = 25;
    EXPECT_EQ(outcome.instructions, expected);
}

TEST(SseReader, an_empty_file_or_another_header_is_refused_at_once) {
    EXPECT_EQ(drain(sse_reader(in_memory(""))).sentence,
              "day.csv: is empty: expected the header line "
              "cmd_no,time,cmd,order_id,side,price,qty,src");
    EXPECT_EQ(
        drain(sse_reader(in_memory("cmd_no,time,command,order_id,side,price,qty,src\n"))).sentence,
        "day.csv:1: column 3 of the header is \"command\", not 'cmd': expected "
        "cmd_no,time,cmd,order_id,side,price,qty,src");
    EXPECT_EQ(drain(sse_reader(in_memory("cmd_no,time,cmd,order_id,side,price,qty\n"))).sentence,
              "day.csv:1: 7 columns instead of 8: expected "
              "cmd_no,time,cmd,order_id,side,price,qty,src");
}

TEST(SseReader, a_wrong_number_of_columns_is_refused) {
    EXPECT_EQ(refusal("2,09:15:00.040,N,88,S,519000,100"),
              "day.csv:3: 7 columns instead of 8: expected "
              "cmd_no,time,cmd,order_id,side,price,qty,src");
    EXPECT_EQ(refusal("2,09:15:00.040,N,88,S,519000,100,0,"),
              "day.csv:3: 9 columns instead of 8: expected "
              "cmd_no,time,cmd,order_id,side,price,qty,src");
    EXPECT_EQ(refusal(""),
              "day.csv:3: 1 column instead of 8: expected "
              "cmd_no,time,cmd,order_id,side,price,qty,src");
}

TEST(SseReader, numbers_are_digits_only) {
    const std::string digits = ": expected a whole number in digits, without sign or blank";
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,51900O,100,0"),
              "day.csv:3: column 'price': \"51900O\"" + digits);
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,-100,100,0"),
              "day.csv:3: column 'price': \"-100\"" + digits);
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,100,1.5,0"), "day.csv:3: column 'qty': \"1.5\"" + digits);
    EXPECT_EQ(refusal("2,09:15:00,N, 88,S,100,1,0"),
              "day.csv:3: column 'order_id': \" 88\"" + digits);
    EXPECT_EQ(refusal("2,09:15:00,N,+8,S,100,1,0"),
              "day.csv:3: column 'order_id': \"+8\"" + digits);
    EXPECT_EQ(refusal("2x,09:15:00,N,8,S,100,1,0"), "day.csv:3: column 'cmd_no': \"2x\"" + digits);
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,100,,0"), "day.csv:3: column 'qty': nothing" + digits);
}

TEST(SseReader, zero_and_overflow_are_refused) {
    const std::string range = ": expected a number from 1 to 9223372036854775807";
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,0,100,0"), "day.csv:3: column 'price': \"0\"" + range);
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,100,0,0"), "day.csv:3: column 'qty': \"0\"" + range);
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,100,9223372036854775808,0"),
              "day.csv:3: column 'qty': \"9223372036854775808\"" + range);
    EXPECT_EQ(refusal("2,09:15:00,N,99999999999999999999,S,100,1,0"),
              "day.csv:3: column 'order_id': \"99999999999999999999\"" + range);
}

TEST(SseReader, a_price_off_the_tick_is_refused) {
    EXPECT_EQ(refusal("2,09:15:00,N,88,S,519050,100,0"),
              "day.csv:3: column 'price': \"519050\": expected a multiple of the tick, 100");
}

TEST(SseReader, a_malformed_time_is_refused) {
    for (const std::string time :
         {"9:15:00", "09:15", "09:15:60", "24:00:00", "09:60:00", "09-15-00", "09:15:00.",
          "09:15:00,5", "09:15:00.0000000001", "09:15:00.0x", "0a:15:00", ""}) {
        if (time.find(',') != std::string::npos) continue;
        EXPECT_EQ(refusal("2," + time + ",N,88,S,519000,100,0"),
                  "day.csv:3: column 'time': " + (time.empty() ? "nothing" : "\"" + time + "\"") +
                      ": expected a time of day like 09:15:00.030");
    }
}

TEST(SseReader, unknown_words_are_refused) {
    EXPECT_EQ(refusal("2,09:15:00,X,88,S,519000,100,0"),
              "day.csv:3: column 'cmd': \"X\": expected N, C, P or U");
    EXPECT_EQ(refusal("2,09:15:00,N,88,buy,519000,100,0"),
              "day.csv:3: column 'side': \"buy\": expected B or S");
    EXPECT_EQ(refusal("2,09:15:00,N,88,B,519000,100,3"),
              "day.csv:3: column 'src': \"3\": expected 0, 1 or 2");
    EXPECT_EQ(refusal("2,09:15:00,P,,LUNCH,,,"),
              "day.csv:3: column 'side': \"LUNCH\": expected AUCTION or CONTINUOUS on a P line");
    EXPECT_EQ(refusal("2,09:15:00,U,,,100,,"),
              "day.csv:3: column 'price': \"100\": expected an empty column on a P or U line");
    EXPECT_EQ(refusal("2,09:15:00,U,,B,,,"),
              "day.csv:3: column 'side': \"B\": expected an empty column on a U line");
}

TEST(SseReader, command_numbers_must_increase) {
    EXPECT_EQ(refusal("1,09:15:00,U,,,,,"),
              "day.csv:3: column 'cmd_no': \"1\": expected a number above 1, the one before");
}

TEST(SseReader, strange_bytes_are_shown_readable_and_short) {
    EXPECT_EQ(
        refusal("2,09:15:00,\x01" + std::string(50, 'n') + ",88,S,100,100,0"),
        "day.csv:3: column 'cmd': \"\\x01" + std::string(39, 'n') + "…\": expected N, C, P or U");
}

}  // namespace
}  // namespace pawl::cli::test
