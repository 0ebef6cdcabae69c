// Buckets: below 2,048 one for each nanosecond; above, each doubling is cut into 1,024 equal parts.
#include "cli/report/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "pawl/detail/assert.hpp"

namespace pawl::cli {

namespace {

constexpr unsigned exact_bits = 11;  // 2^11 = 2,048 exact values
constexpr std::uint64_t half = 1U << (exact_bits - 1);

constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > exact_bits ? width - exact_bits : 0;
    return static_cast<std::size_t>(shift * half + (value >> shift));
}

// The highest value that falls into the bucket.
constexpr std::uint64_t highest_of(std::size_t bucket) noexcept {
    if (bucket < 2 * half) return bucket;
    const std::uint64_t shift = bucket / half - 1;
    const std::uint64_t part = bucket - shift * half;
    return ((part + 1) << shift) - 1;
}

constexpr std::size_t bucket_count = bucket_of(Histogram::value_max) + 1;

static_assert(bucket_of(2 * half) == 2 * half && highest_of(2 * half) == 2 * half + 1);
static_assert(highest_of(bucket_of(Histogram::value_max)) >= Histogram::value_max);

}  // namespace

Histogram::Histogram() : buckets_(bucket_count) {}

void Histogram::record(std::int64_t ns, std::uint64_t times) noexcept {
    if (times == 0) return;
    const std::int64_t kept = std::clamp<std::int64_t>(ns, 0, value_max);
    buckets_[bucket_of(static_cast<std::uint64_t>(kept))] += times;
    const std::int64_t seen = std::max<std::int64_t>(ns, 0);
    min_ = count_ == 0 ? seen : std::min(min_, seen);
    max_ = std::max(max_, seen);
    sum_ += static_cast<double>(seen) * static_cast<double>(times);
    count_ += times;
}

void Histogram::merge(const Histogram& other) noexcept {
    if (other.count_ == 0) return;
    for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
    min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    sum_ += other.sum_;
    count_ += other.count_;
}

void Histogram::clear() noexcept {
    std::fill(buckets_.begin(), buckets_.end(), 0);
    count_ = 0;
    min_ = 0;
    max_ = 0;
    sum_ = 0;
}

double Histogram::mean() const noexcept {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::int64_t Histogram::percentile(double percent) const noexcept {
    PAWL_ASSERT(percent >= 0 && percent <= 100);
    if (count_ == 0) return 0;
    // A hair less, so that 99.9 % of 1,000 is the 999th value and not, by rounding, the 1,000th.
    const double wanted = std::ceil(percent / 100 * static_cast<double>(count_) * (1 - 1e-12));
    const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
        seen += buckets_[bucket];
        if (seen < rank) continue;
        // The last bucket also holds what was above an hour.
        if (bucket + 1 == bucket_count && max_ > value_max) return max_;
        return std::min(static_cast<std::int64_t>(highest_of(bucket)), max_);
    }
    PAWL_ASSERT(false && "every counted value is in a bucket");
    return max_;
}

}  // namespace pawl::cli
