// Points in time, both ways.
#include "cli/report/moment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace pawl::cli {
namespace {

std::int64_t ns_of(std::string_view text) {
    const Result<Time> time = time_from(text);
    EXPECT_TRUE(time.ok()) << text;
    return time.ok() ? time->ns : -1;
}

TEST(Moment, the_same_point_may_be_written_in_many_ways) {
    EXPECT_EQ(ns_of("0"), 0);
    EXPECT_EQ(ns_of("-5"), -5);
    EXPECT_EQ(ns_of("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(ns_of("1969-12-31t23:59:59.999999999z"), -1);
    const std::int64_t monday = 1'772'443'800'250'000'000;
    EXPECT_EQ(ns_of("2026-03-02T09:30:00.25Z"), monday);
    EXPECT_EQ(ns_of("2026-03-02 10:30:00.250+01:00"), monday);
    EXPECT_EQ(ns_of("2026-03-01T22:00:00.25000000099-11:30"), monday);
    EXPECT_EQ(ns_of("2024-02-29T23:59:60Z"), ns_of("2024-03-01T00:00:00Z"));
}

TEST(Moment, what_is_none_is_a_sentence) {
    for (const char* text :
         {"", "yesterday", "12x", "99999999999999999999", "2026-03-02", "2026-03-02T09:30:00",
          "2026-03-02T09:30Z", "2026-13-02T09:30:00Z", "2026-02-29T09:30:00Z",
          "2026-03-02T24:30:00Z", "2026-03-02T09:61:00Z", "2026-03-02T09:30:00.Z",
          "2026-03-02T09:30:00Z ", "2026-03-02T09:30:00+1:00", "9999-01-01T00:00:00Z",
          "0001-01-01T00:00:00Z", "2026-00-02T09:30:00Z", "2026-03-00T09:30:00Z"}) {
        const Result<Time> time = time_from(text);
        ASSERT_FALSE(time.ok()) << text;
        EXPECT_EQ(time.error().code, ErrorCode::usage);
        EXPECT_NE(time.error().sentence.find("2026-03-02T09:30:00Z"), std::string::npos);
    }
}

RC_GTEST_PROP(Moment, what_is_written_is_read_as_the_same, (std::int64_t ns)) {
    // The very first second has no whole beginning in 64 bits.
    RC_PRE(ns > std::numeric_limits<std::int64_t>::min() + 1'000'000'000);
    RC_ASSERT(time_from(time_text(Time{ns}))->ns == ns);
}

TEST(Moment, the_ends_of_what_can_be_said_are_written) {
    EXPECT_EQ(time_text(Time{std::numeric_limits<std::int64_t>::max()}),
              "2262-04-11T23:47:16.854775807Z");
    EXPECT_EQ(time_text(Time{std::numeric_limits<std::int64_t>::min()}),
              "1677-09-21T00:12:43.145224192Z");
}

}  // namespace
}  // namespace pawl::cli
