// ITCH 5.0: messages name orders, the reader completes them.
#include <gtest/gtest.h>

#include "inputs.hpp"
#include "itch_messages.hpp"

namespace pawl::cli::test {
namespace {

Outcome read(const std::string& bytes, std::size_t piece_bytes = 1U << 18U) {
    return drain(itch_reader(in_memory(bytes, "f.itch", piece_bytes)));
}

Instruction expected(Kind kind, std::uint64_t number, std::uint64_t order, std::int64_t price,
                     std::int64_t quantity) {
    Instruction one;
    one.kind = kind;
    one.side = 'B';
    one.line = one.number = number;
    one.time_ns = kind == Kind::follow_add ? 5 : 1;
    one.order = order;
    one.price = price;
    one.quantity = quantity;
    return one;
}

TEST(ItchReader, messages_about_a_reference_carry_its_side_and_price) {
    const std::string day = itch_event() + itch_add({.order = 1}) + itch_add_named({.order = 2}) +
                            itch_execute(1, 30) + itch_execute_at(1, 20) + itch_cancel(1, 10) +
                            itch_replace(1, 9, 55, 3'210'000) + itch_delete(9) +
                            itch_execute(2, 100);
    for (const std::size_t piece : {1U, 2U, 5U, 100'000U}) {
        const Outcome outcome = read(day, piece);
        ASSERT_EQ(outcome.sentence, "");
        const auto& all = outcome.instructions;
        ASSERT_EQ(all.size(), 9U);
        EXPECT_EQ(all[0].kind, Kind::nothing);
        EXPECT_EQ(all[1], expected(Kind::follow_add, 2, 1, 3'200'000, 100));
        EXPECT_EQ(all[2], expected(Kind::follow_add, 3, 2, 3'200'000, 100));
        EXPECT_EQ(all[3], expected(Kind::follow_execute, 4, 1, 3'200'000, 30));
        EXPECT_EQ(all[4], expected(Kind::follow_execute, 5, 1, 3'200'000, 20));
        EXPECT_EQ(all[5], expected(Kind::follow_reduce, 6, 1, 3'200'000, 10));
        Instruction replaced = expected(Kind::follow_replace, 7, 1, 3'210'000, 55);
        replaced.new_order = 9;
        EXPECT_EQ(all[6], replaced);
        EXPECT_EQ(all[7], expected(Kind::follow_remove, 8, 9, 3'210'000, 55));
        EXPECT_EQ(all[8], expected(Kind::follow_execute, 9, 2, 3'200'000, 100));
    }
}

TEST(ItchReader, a_remove_says_what_was_left) {
    const Outcome outcome = read(itch_add({.order = 1}) + itch_execute(1, 30) + itch_delete(1));
    ASSERT_EQ(outcome.sentence, "");
    EXPECT_EQ(outcome.instructions[2].quantity, 70);
}

TEST(ItchReader, stocks_are_numbered_as_they_appear) {
    const std::string day = itch_add({.order = 1, .locate = 500}) +
                            itch_add({.order = 2, .locate = 3}) + itch_delete(1) + itch_delete(2);
    const Outcome outcome = read(day);
    ASSERT_EQ(outcome.sentence, "");
    EXPECT_EQ(outcome.instructions[0].instrument, 0U);
    EXPECT_EQ(outcome.instructions[1].instrument, 1U);
    EXPECT_EQ(outcome.instructions[2].instrument, 0U);
    EXPECT_EQ(outcome.instructions[3].instrument, 1U);
    EXPECT_EQ(
        drain(itch_reader(in_memory(day, "f.itch"), {.one_instrument = true})).sentence,
        "f.itch: message 2 at byte 38: a second stock in one of several files: read this file "
        "alone");
}

TEST(ItchReader, unknown_types_are_counted_and_skipped) {
    auto source =
        itch_reader(in_memory(framed("z1234") + itch_add({}) + framed("y"), "f.itch")).value();
    Instruction one;
    ASSERT_TRUE(source->next(one).value());
    EXPECT_EQ(one.kind, Kind::nothing);
    ASSERT_TRUE(source->next(one).value());
    EXPECT_EQ(one.kind, Kind::follow_add);
    EXPECT_EQ(one.number, 2U);
    ASSERT_TRUE(source->next(one).value());
    EXPECT_EQ(source->skipped_count(), 2U);
    EXPECT_FALSE(source->next(one).value());
}

TEST(ItchReader, a_file_cut_anywhere_keeps_whole_messages_and_says_where_it_was_cut) {
    const std::string day = itch_add({.order = 1}) + itch_delete(1);
    for (std::size_t size = 1; size < day.size(); ++size) {
        const Outcome outcome = read(day.substr(0, size), 3);
        EXPECT_EQ(outcome.instructions.size(), size < 38 ? 0U : 1U);
        if (size == 38) {
            EXPECT_EQ(outcome.sentence, "");
        } else {
            EXPECT_NE(outcome.sentence.find("truncated"), std::string::npos) << outcome.sentence;
        }
    }
    EXPECT_EQ(
        read(day.substr(0, 50)).sentence,
        "f.itch: message 2 at byte 38: the file ends after 10 of the message's 19 bytes; it is "
        "truncated");
    EXPECT_EQ(read(day.substr(0, 39)).sentence,
              "f.itch: message 2 at byte 38: the file ends inside a length; it is truncated");
}

TEST(ItchReader, an_impossible_length_is_refused) {
    EXPECT_EQ(
        read(framed(itch_head('D') + "1234567")).sentence,
        "f.itch: message 1 at byte 0: a message of type \"D\" says it is 18 bytes long: expected "
        "19");
    EXPECT_EQ(read(itch_event() + big_endian(0, 2) + itch_event()).sentence,
              "f.itch: message 2 at byte 14: a length of 0: expected a message of at least 1 byte");
    EXPECT_EQ(read("").sentence,
              "f.itch: is empty: expected ITCH 5.0 messages behind two length bytes");
}

TEST(ItchReader, a_length_of_zero_may_close_the_file) {
    const Outcome outcome = read(itch_event() + big_endian(0, 2));
    EXPECT_EQ(outcome.sentence, "");
    EXPECT_EQ(outcome.instructions.size(), 1U);
}

TEST(ItchReader, orders_must_make_sense) {
    EXPECT_EQ(
        read(itch_delete(8)).sentence,
        "f.itch: message 1 at byte 0: type D names order 8, which was never added or is gone");
    EXPECT_EQ(
        read(itch_add({}) + itch_execute(1, 100) + itch_cancel(1, 1)).sentence,
        "f.itch: message 3 at byte 71: type X names order 1, which was never added or is gone");
    EXPECT_EQ(
        read(itch_add({}) + itch_add({})).sentence,
        "f.itch: message 2 at byte 38: order 1 is added a second time: expected a new reference");
    EXPECT_EQ(read(itch_add({.side = 'X'})).sentence,
              "f.itch: message 1 at byte 0: order 1 has the side \"X\": expected B or S");
    EXPECT_EQ(read(itch_add({.shares = 0})).sentence,
              "f.itch: message 1 at byte 0: order 1 has price 3200000 and 0 shares: expected both "
              "above 0");
    EXPECT_EQ(
        read(itch_add({}) + itch_execute(1, 101)).sentence,
        "f.itch: message 2 at byte 38: 101 shares of order 1, which has 100 left: expected from "
        "1 to 100");
    EXPECT_EQ(
        read(itch_add({}) + itch_execute(1, 0)).sentence,
        "f.itch: message 2 at byte 38: 0 shares of order 1, which has 100 left: expected from 1 "
        "to 100");
}

}  // namespace
}  // namespace pawl::cli::test
