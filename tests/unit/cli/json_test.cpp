// What is written is JSON.
#include "cli/report/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace pawl::cli::test {
namespace {

TEST(Json, members_keep_their_order_and_their_kind) {
    JsonObject latency;
    latency.add("p50", std::int64_t{812}).add("p99", std::int64_t{-1});
    JsonArray books;
    books.add(JsonObject().add("instrument", "600536").add("open_orders", 4861U)).add(JsonObject());
    JsonObject whole;
    whole.add("commands", std::numeric_limits<std::uint64_t>::max())
        .add("rate", 1.5)
        .add("complete", true)
        .add("latency", latency)
        .add("books", books)
        .add("none", JsonArray());
    EXPECT_EQ(
        whole.text(),
        "{\"commands\": 18446744073709551615, \"rate\": 1.5, \"complete\": true, "
        "\"latency\": {\"p50\": 812, \"p99\": -1}, "
        "\"books\": [{\"instrument\": \"600536\", \"open_orders\": 4861}, {}], \"none\": []}");
}

TEST(Json, text_is_escaped) {
    EXPECT_EQ(json_text("a\"b\\c\n\t\x01 µ"), "\"a\\\"b\\\\c\\n\\t\\u0001 µ\"");
    EXPECT_EQ(JsonObject().add("a\"b", std::string("x")).text(), "{\"a\\\"b\": \"x\"}");
}

TEST(Json, numbers_that_are_none_become_null) {
    EXPECT_EQ(JsonArray()
                  .add(std::numeric_limits<double>::infinity())
                  .add(std::numeric_limits<double>::quiet_NaN())
                  .add(0.1)
                  .text(),
              "[null, null, 0.1]");
}

}  // namespace
}  // namespace pawl::cli::test
