// The histogram beside a sorted list of everything it saw.
#include "cli/report/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pawl::cli::test {
namespace {

// Values of every magnitude from 1 ns to an hour.
std::vector<std::int64_t> sample(std::uint64_t seed, std::size_t count) {
    std::vector<std::int64_t> values(count);
    for (std::int64_t& value : values) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        value =
            static_cast<std::int64_t>((seed >> 20U) >> (seed >> 58U) % 44U) % Histogram::value_max;
    }
    return values;
}

Histogram histogram_of(const std::vector<std::int64_t>& values) {
    Histogram histogram;
    for (const std::int64_t value : values) histogram.record(value);
    return histogram;
}

// The value of that rank, as one would find it by hand. `per_million` keeps the rank in whole
// numbers.
std::int64_t ranked(const std::vector<std::int64_t>& sorted, std::uint64_t per_million) {
    const std::uint64_t rank = (per_million * sorted.size() + 999'999) / 1'000'000;
    return sorted[std::max<std::uint64_t>(rank, 1) - 1];
}

TEST(Histogram, percentiles_agree_with_a_sorted_list_to_three_digits) {
    for (const std::size_t count : {1U, 2U, 10U, 999U, 1'000U, 1'001U, 100'000U}) {
        std::vector<std::int64_t> values = sample(count, count);
        const Histogram histogram = histogram_of(values);
        std::sort(values.begin(), values.end());
        for (const std::uint64_t per_million : {0U, 1U, 10'000U, 250'000U, 500'000U, 900'000U,
                                                990'000U, 999'000U, 999'900U, 1'000'000U}) {
            const std::int64_t exact = ranked(values, per_million);
            const std::int64_t ours =
                histogram.percentile(static_cast<double>(per_million) / 10'000);
            EXPECT_GE(ours, exact) << count << " values, " << per_million;
            EXPECT_LE(ours - exact, exact / 1'000) << count << " values, " << per_million;
        }
    }
}

TEST(Histogram, below_two_microseconds_every_nanosecond_is_kept) {
    for (std::int64_t value = 0; value < 2'048; ++value) {
        Histogram histogram;
        histogram.record(value);
        histogram.record(5'000);
        ASSERT_EQ(histogram.percentile(50), value);
    }
}

TEST(Histogram, the_edges_of_every_bucket_are_within_a_thousandth) {
    for (std::int64_t edge = 2'048; edge < Histogram::value_max / 2; edge *= 2) {
        for (const std::int64_t value : {edge - 1, edge, edge + 1, edge + edge / 2}) {
            Histogram histogram;
            histogram.record(value);
            histogram.record(Histogram::value_max);
            const std::int64_t ours = histogram.percentile(50);
            EXPECT_GE(ours, value);
            EXPECT_LE(ours - value, value / 1'000) << value;
        }
    }
}

TEST(Histogram, count_min_max_and_mean_are_exact) {
    const std::vector<std::int64_t> values = sample(7, 5'000);
    const Histogram histogram = histogram_of(values);
    long double sum = 0;
    for (const std::int64_t value : values) sum += static_cast<long double>(value);
    EXPECT_EQ(histogram.count(), values.size());
    EXPECT_EQ(histogram.min(), *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
    EXPECT_EQ(histogram.percentile(100), histogram.max());
    const double mean = static_cast<double>(sum / static_cast<long double>(values.size()));
    EXPECT_NEAR(histogram.mean(), mean, mean * 1e-9);
}

TEST(Histogram, merging_is_recording_everything_in_one) {
    const auto first = sample(1, 3'000);
    const auto second = sample(2, 4'000);
    std::vector<std::int64_t> both = first;
    both.insert(both.end(), second.begin(), second.end());
    const Histogram whole = histogram_of(both);
    Histogram merged = histogram_of(first);
    merged.merge(histogram_of(second));
    merged.merge(Histogram());
    Histogram from_empty;
    from_empty.merge(merged);
    for (const Histogram* one : {&merged, &from_empty}) {
        EXPECT_EQ(one->count(), whole.count());
        EXPECT_EQ(one->min(), whole.min());
        EXPECT_EQ(one->max(), whole.max());
        for (double percent = 0; percent <= 100; percent += 0.5) {
            EXPECT_EQ(one->percentile(percent), whole.percentile(percent));
        }
    }
}

TEST(Histogram, a_value_recorded_many_times_is_many_values) {
    Histogram histogram;
    histogram.record(100, 999);
    histogram.record(7'000, 1);
    histogram.record(9'999, 0);
    EXPECT_EQ(histogram.count(), 1'000U);
    EXPECT_EQ(histogram.percentile(99.9), 100);
    EXPECT_EQ(histogram.max(), 7'000);
    EXPECT_EQ(histogram.percentile(99.91), 7'000);
}

TEST(Histogram, what_is_out_of_range_is_counted_at_the_edge) {
    Histogram histogram;
    histogram.record(-5);
    histogram.record(2 * Histogram::value_max);
    EXPECT_EQ(histogram.count(), 2U);
    EXPECT_EQ(histogram.min(), 0);
    EXPECT_EQ(histogram.percentile(50), 0);
    EXPECT_EQ(histogram.max(), 2 * Histogram::value_max);
    EXPECT_EQ(histogram.percentile(100), 2 * Histogram::value_max);
}

TEST(Histogram, empty_it_says_zero_and_cleared_it_is_empty) {
    Histogram histogram;
    EXPECT_EQ(histogram.percentile(99), 0);
    EXPECT_EQ(histogram.max(), 0);
    histogram.record(5);
    histogram.clear();
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.percentile(100), 0);
    histogram.record(9);
    EXPECT_EQ(histogram.min(), 9);
}

}  // namespace
}  // namespace pawl::cli::test
