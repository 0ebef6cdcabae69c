// One node's roles beside the simulated arbiter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/replication/role_machine.hpp"
#include "testing/arbiter.hpp"

namespace pawl::replication {

constexpr std::int64_t ms = 1'000'000;

// Of the two nodes a and b.
inline std::unique_ptr<RoleMachine> roles_of(sim::ArbiterStore& store, const std::string& name,
                                             std::uint64_t boot, const Holdings& holdings,
                                             bool may_begin = false) {
    RoleOptions options;
    options.self = {name, boot};
    options.peers = {name == "a" ? "b" : "a"};
    options.may_begin = may_begin;
    return std::make_unique<RoleMachine>(options, holdings, store.connect(name, 50 * ms));
}

}  // namespace pawl::replication
