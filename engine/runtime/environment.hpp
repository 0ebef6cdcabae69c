// The hidden world, handed in: what a test replaces.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/platform/clock.hpp"
#include "journal/storage.hpp"

namespace pawl::detail {

// Everything outlives who it is given to.
struct Environment {
    journal::Storage& storage;
    Clock& clock;
    std::function<std::uint64_t()> random{};  // empty: the system's
    // false: the opening thread recovers one shard after the other. For a world in one thread.
    bool parallel_recovery = true;
};

std::uint64_t system_random();

}  // namespace pawl::detail
