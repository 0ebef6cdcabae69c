// Chance under a seed, the same with every compiler and library. Knows numbers only.
#pragma once

#include <cstdint>

#include "pawl/detail/assert.hpp"

namespace pawl::sim {

constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

// The generator known as splitmix64.
class Chance {
public:
    explicit Chance(std::uint64_t seed) noexcept : state_(mixed(seed + 0x9E3779B97F4A7C15ULL)) {}

    std::uint64_t next() noexcept { return mixed(state_ += 0x9E3779B97F4A7C15ULL); }
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

private:
    std::uint64_t state_;
};

}  // namespace pawl::sim
