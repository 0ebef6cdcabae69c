// The places in the code that order memory, and the one that is weakened now. Knows source lines.
#pragma once

#include <atomic>
#include <span>
#include <string>

#include "tests/stress/swap.hpp"

namespace stress {

struct Site {
    Act act = Act::load;
    std::memory_order asked = std::memory_order_relaxed;
    const char* file = "";  // both as std::source_location has them
    const char* function = "";
    unsigned line = 0;
    unsigned column = 0;
};

// What is one step weaker; the same when there is nothing weaker.
std::memory_order weaker(Act act, std::memory_order order);
std::string describe(const Site& site);  // "Head::copy: load acquire"

// From now on every site of ours that is met is noted, until the next call.
void note_sites();
void stop_noting();
std::span<const Site> noted_sites();
// This one is weakened until the next call; nullptr: none.
void weaken(const Site* site);

}  // namespace stress
