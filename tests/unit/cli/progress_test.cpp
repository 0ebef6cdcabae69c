// The progress line, with a clock of ours.
#include "cli/report/progress.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl::cli::test {
namespace {

constexpr std::int64_t second = 1'000'000'000;

class Progress : public ::testing::Test {
protected:
    std::int64_t now_ns_ = 5 * second;
    std::vector<std::string> written_;

    ProgressLine::Options options(std::uint64_t total, bool visible = true) {
        ProgressLine::Options options;
        options.label = "day";
        options.total = total;
        options.visible = visible;
        options.now_ns = [this] { return now_ns_; };
        options.write = [this](const std::string& text) { written_.push_back(text); };
        return options;
    }
};

TEST_F(Progress, it_shows_share_rate_and_time_left) {
    ProgressLine line(options(1'000'000));
    now_ns_ += 10 * second;
    line.update(250'000);
    ASSERT_EQ(written_.size(), 1U);
    EXPECT_EQ(
        written_[0],
        "\r\x1b[Kday [######..................] 25 %  250,000 of 1,000,000  25.0 k/s  0:30 left");
}

TEST_F(Progress, bytes_are_shown_as_bytes_and_an_unknown_total_has_no_bar) {
    ProgressLine::Options unknown = options(0);
    unknown.unit = ProgressLine::Unit::bytes;
    ProgressLine line(unknown);
    now_ns_ += 2 * second;
    line.update(3'145'728);
    ASSERT_EQ(written_.size(), 1U);
    EXPECT_EQ(written_[0], "\r\x1b[Kday  3.00 MiB  1.50 MiB/s");
}

TEST_F(Progress, it_never_wraps_on_a_narrow_terminal) {
    ProgressLine::Options narrow = options(1'000'000);
    narrow.columns = 20;
    ProgressLine line(narrow);
    now_ns_ += 10 * second;
    line.update(250'000);
    ASSERT_EQ(written_.size(), 1U);
    EXPECT_EQ(written_[0], "\r\x1b[Kday [######........");
}

TEST_F(Progress, it_draws_at_most_ten_times_a_second) {
    ProgressLine line(options(100));
    for (std::uint64_t i = 0; i < 1'000; ++i) {
        now_ns_ += second / 1'000;
        line.update(i / 10);
    }
    EXPECT_EQ(written_.size(), 10U);
}

TEST_F(Progress, it_wipes_what_it_drew_once) {
    {
        ProgressLine line(options(10));
        now_ns_ += second;
        line.update(5);
        line.finish();
    }
    ASSERT_EQ(written_.size(), 2U);
    EXPECT_EQ(written_[1], "\r\x1b[K");
}

TEST_F(Progress, more_than_the_total_is_shown_as_all_of_it) {
    ProgressLine line(options(10));
    now_ns_ += second;
    line.update(25);
    ASSERT_EQ(written_.size(), 1U);
    EXPECT_EQ(written_[0], "\r\x1b[Kday [########################] 100 %  10 of 10  25 /s");
}

TEST_F(Progress, without_a_terminal_it_writes_nothing) {
    ProgressLine::Options hidden = options(10, false);
    hidden.now_ns = nullptr;
    {
        ProgressLine line(hidden);
        now_ns_ += second;
        line.update(5);
        line.finish();
    }
    EXPECT_TRUE(written_.empty());
}

}  // namespace
}  // namespace pawl::cli::test
