// What a node of a replicated engine is at a moment. Knows words only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pawl {

enum class Role : std::uint8_t {
    waiting,       // knows no reign, or may not act on it: `why` says what for
    learner,       // follows the primary, and could not take over without a loss
    standby,       // follows; in the in-sync set
    taking_over,   // acknowledges nothing any more and asks the arbiter
    opening,       // primary by the arbiter's word: applies its tail, opens the epoch
    primary,       // decides commands
    handing_over,  // primary until the arbiter has named its successor, which gets the rest then
};
const char* to_string(Role role) noexcept;
// Primary, also while it hands over.
constexpr bool leads(Role role) noexcept {
    return role == Role::primary || role == Role::handing_over;
}

// What the node that hands over does then.
enum class AfterHandOver : std::uint8_t {
    follows,  // steps down at once: its successor counts on it from the beginning
    ends,     // its successor answers without it. With the policy strict it is counted on all the
              // same
};

struct NodeStatus {
    Role role = Role::waiting;
    std::uint64_t epoch = 0;           // 0: none is known
    std::string why;                   // a sentence: how it came to this role
    std::string primary;               // its name; empty: none is known
    std::vector<std::string> in_sync;  // the nodes that could take over without a loss, sorted
    // Primary: what its slowest standby has not received. Else: what this copy has not applied.
    std::uint64_t lag_bytes = 0;
    // How old this copy's states are at most, by its own clock and without the way of one message;
    // below 0: not known, or primary.
    std::chrono::nanoseconds age{-1};
    // Primary: how long ago the oldest command was decided that its slowest standby has not
    // received; 0: none waits. Below 0: no standby follows, or this node is not primary.
    std::chrono::nanoseconds lag{-1};
    // Primary: commands, answered or not, that would be missing after the loss of this machine:
    // some standby of the in-sync set has not received them; while this node is alone in the set,
    // or not replicated, they are not on its disk. Below 0: not known, or not primary.
    // In 64 MiB of each shard at most: what lies behind is not counted.
    std::int64_t commands_at_risk = -1;
    std::string node;             // this one's name; empty: not replicated
    std::string primary_clients;  // where clients find the primary; empty: it is not known here
};

}  // namespace pawl
