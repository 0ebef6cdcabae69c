// What several nodes heard from one arbiter, and whether one key that changes step by step can have
// said it. Knows the contract's words; not who answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/replication/arbiter.hpp"

namespace pawl::replication::test {

// One question and its answer. Times are of one clock for all nodes, each different.
struct Heard {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::optional<Reign> wanted;  // none: a read
    std::uint64_t expected_revision = 0;
    ArbiterAnswer answer;
};

// Empty, or the first contradiction: not linearizable, two winners, a value nobody wrote, a
// revision with two values. A swap whose answer is unknown may have happened at any time after it
// began, once.
std::string contradiction(const std::vector<Heard>& all);

}  // namespace pawl::replication::test
