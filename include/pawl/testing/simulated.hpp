// What the simulation's template calls and the compiled simulation defines. Knows messages and
// machines; no user type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pawl/detail/machine.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/testing/faults.hpp"
#include "pawl/testing/random.hpp"

namespace pawl::testing::detail {

// A command on its way, with its own copy of the bytes.
struct Asked {
    Id id = 0;
    ShardKey key;
    std::uint8_t aggregate_type = 0;
    std::uint16_t command_type = 0;
    std::vector<std::byte> payload;
    bool valid = true;  // else it does not leave its client

    // As long as this lives.
    void fill(pawl::detail::MessageParts& parts) const noexcept {
        parts.header.command_type = command_type;
        parts.header.aggregate_type = aggregate_type;
        parts.header.payload_bytes = static_cast<std::uint16_t>(payload.size());
        parts.payload = payload.data();
    }
};

// One machine per shard: what the records of a journal amount to.
using Machines = std::vector<std::unique_ptr<pawl::detail::Machine>>;

struct Invariant {
    std::string name;
    std::function<bool(const Machines& shards)> holds;
};

struct Plan {
    SimulationOptions options;
    pawl::detail::Domain domain;
    std::function<Asked(Random&)> load;  // empty: only what was submitted
    struct Script {
        std::string session;
        std::vector<Asked> commands;
    };
    std::vector<Script> scripts;
    std::vector<Invariant> invariants;
};

// Leads the life. One thread.
SimulationReport run(const Plan& plan);

}  // namespace pawl::testing::detail
