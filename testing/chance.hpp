// Chance under a seed, as users have it. Knows numbers only.
#pragma once

#include <cstdint>

#include "pawl/testing/random.hpp"

namespace pawl::sim {

using Chance = pawl::testing::Random;

constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
    return Chance::mixed(x);
}

}  // namespace pawl::sim
