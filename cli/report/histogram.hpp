// How often each latency was seen, to three significant digits. Knows counting; not clocks, not
// printing.
#pragma once

#include <cstdint>
#include <vector>

namespace pawl::cli {

// Log-linear buckets from 1 ns to 1 h: a value is kept exactly below 2,048 ns and to better than
// 1/1,000 above. Fixed memory (about 270 KB), allocated once by the constructor. One thread; merge
// what several threads recorded. After the high dynamic range histogram of Gil Tene.
class Histogram {
public:
    static constexpr std::int64_t value_max = 3'600'000'000'000;

    Histogram();

    // Counts one value, or `times` of it. Below 0 counts as 0, above an hour as an hour (max()
    // keeps the truth).
    void record(std::int64_t ns, std::uint64_t times = 1) noexcept;
    void merge(const Histogram& other) noexcept;
    void clear() noexcept;

    std::uint64_t count() const noexcept { return count_; }
    // Smallest and largest value as recorded, exact. 0 when empty.
    std::int64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
    std::int64_t max() const noexcept { return max_; }
    double mean() const noexcept;

    // The value that `percent` of 100 of all values do not exceed: the highest value of its bucket,
    // never above max(). 0 when empty.
    std::int64_t percentile(double percent) const noexcept;

private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::int64_t min_ = 0;
    std::int64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace pawl::cli
