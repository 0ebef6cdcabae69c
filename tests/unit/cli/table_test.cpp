// Tables line up and figures read well.
#include "cli/report/table.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>

namespace pawl::cli::test {
namespace {

TEST(Table, names_stand_left_and_figures_right) {
    Table table({"latency", "p50", "max"});
    table.add_row({"decided", "812 ns", "1.24 ms"});
    table.add_row({"on disk", "35.0 µs", "7 s"});
    EXPECT_EQ(table.text(),
              "latency      p50      max\n"
              "decided   812 ns  1.24 ms\n"
              "on disk  35.0 µs      7 s\n");
}

TEST(Table, without_heads_there_is_no_head_line_and_no_blank_at_an_end) {
    Table table({"", ""});
    table.add_row({"trades", "12"});
    table.add_row({"where", ""});
    EXPECT_EQ(table.text(), "trades  12\nwhere\n");
}

TEST(Table, on_a_terminal_the_head_is_bold_and_ruled) {
    Table table({"a", "b"});
    table.add_row({"x", "1"});
    EXPECT_EQ(table.text(Look::terminal), "\x1b[1ma  b\x1b[0m\n────\nx  1\n");
}

TEST(Table, a_pipe_is_no_terminal) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(look_of(nowhere), Look::plain);
    ::close(nowhere);
}

TEST(Figures, counts_have_commas) {
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(count_text(999), "999");
    EXPECT_EQ(count_text(1'000), "1,000");
    EXPECT_EQ(count_text(1'234'567), "1,234,567");
    EXPECT_EQ(count_text(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Figures, durations_keep_three_digits) {
    EXPECT_EQ(duration_text(0), "0 ns");
    EXPECT_EQ(duration_text(999), "999 ns");
    EXPECT_EQ(duration_text(1'000), "1.00 µs");
    EXPECT_EQ(duration_text(1'239), "1.24 µs");
    EXPECT_EQ(duration_text(35'000'000), "35.0 ms");
    EXPECT_EQ(duration_text(999'400), "999 µs");
    EXPECT_EQ(duration_text(999'900), "1.00 ms");
    EXPECT_EQ(duration_text(2'500'000'000), "2.50 s");
    EXPECT_EQ(duration_text(725'000'000'000), "12 min 05 s");
    EXPECT_EQ(duration_text(-1'500), "-1.50 µs");
}

TEST(Figures, rates_and_bytes_have_units) {
    EXPECT_EQ(rate_text(0), "0 /s");
    EXPECT_EQ(rate_text(812.4), "812 /s");
    EXPECT_EQ(rate_text(45'100), "45.1 k/s");
    EXPECT_EQ(rate_text(3'210'000), "3.21 M/s");
    EXPECT_EQ(rate_text(2e9), "2.00 G/s");
    EXPECT_EQ(bytes_text(812), "812 B");
    EXPECT_EQ(bytes_text(1'536), "1.50 KiB");
    EXPECT_EQ(bytes_text(1'572'864), "1.50 MiB");
    EXPECT_EQ(bytes_text(64ULL << 30U), "64.0 GiB");
}

TEST(Figures, prices_have_two_to_four_decimals) {
    EXPECT_EQ(price_text(507'300), "50.73");
    EXPECT_EQ(price_text(507'000), "50.70");
    EXPECT_EQ(price_text(3'201'401), "320.1401");
    EXPECT_EQ(price_text(5), "0.0005");
    EXPECT_EQ(price_text(0), "0.00");
    EXPECT_EQ(price_text(-507'350), "-50.735");
}

}  // namespace
}  // namespace pawl::cli::test
