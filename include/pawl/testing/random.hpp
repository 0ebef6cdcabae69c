// Chance under a seed, the same with every compiler and library. Knows numbers only.
#pragma once

#include <cstdint>

#include "pawl/detail/assert.hpp"

namespace pawl::testing {

// The generator known as splitmix64. One thread.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(mixed(seed + step)) {}

    std::uint64_t next() noexcept { return mixed(state_ += step); }
    // 0 … n-1.
    std::uint64_t below(std::uint64_t n) noexcept {
        PAWL_ASSERT(n != 0);
        return next() % n;
    }
    // first … last, both included.
    std::uint64_t between(std::uint64_t first, std::uint64_t last) noexcept {
        return first + below(last - first + 1);
    }
    bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }
    bool coin() noexcept { return one_in(2); }

    static constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
        return x ^ (x >> 31);
    }

private:
    static constexpr std::uint64_t step = 0x9E3779B97F4A7C15ULL;
    std::uint64_t state_;
};

}  // namespace pawl::testing
