// Turns prices into ticks and quantities into lots without a division. Knows arithmetic only.
#pragma once

#include <bit>
#include <cstdint>

#include "pawl/detail/assert.hpp"

namespace pawl::matching::detail {

// Divides by a fixed number of 1 … 2^32-1 where the quotient is known to fit 32 bits and the
// remainder to be 0, or finds out that it is not so. Two multiplications by the inverse modulo 2^64
// (Hacker's Delight, 10-16).
class ExactDivisor {
public:
    constexpr explicit ExactDivisor(std::uint32_t divisor = 1) noexcept : divisor_(divisor) {
        PAWL_ASSERT(divisor != 0);
        shift_ = static_cast<std::uint32_t>(std::countr_zero(divisor));
        const std::uint64_t odd = divisor >> shift_;
        inverse_ = odd;  // right in 3 bits; each round doubles them
        for (int round = 0; round < 5; ++round) inverse_ *= 2 - odd * inverse_;
    }

    constexpr std::uint32_t divisor() const noexcept { return divisor_; }

    // value / divisor when value is a multiple of it; nonsense otherwise.
    constexpr std::int64_t quotient(std::int64_t value) const noexcept {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(value >> shift_) * inverse_);
    }

    // Is `value` a multiple, and the quotient within -2^31+1 … 2^31-1? The inverse undoes itself
    // modulo 2^64, so a number with the zeros below that the divisor has is no multiple exactly
    // when its quotient is out of that range.
    constexpr bool divides(std::int64_t value) const noexcept {
        constexpr std::uint64_t most = (std::uint64_t{1} << 31) - 1;
        const std::uint64_t below = (std::uint64_t{1} << shift_) - 1;
        return static_cast<std::uint64_t>(quotient(value)) + most <= 2 * most &&
               (static_cast<std::uint64_t>(value) & below) == 0;
    }

private:
    std::uint64_t inverse_ = 1;
    std::uint32_t divisor_ = 1;
    std::uint32_t shift_ = 0;
};

}  // namespace pawl::matching::detail
