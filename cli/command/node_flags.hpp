// Flags that make an engine one node of several. Knows names and their checks; opens nothing.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/command/engine_flags.hpp"
#include "pawl/options.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

struct NodeFlags {
    std::string node;
    std::string arbiter;
    std::string replicate;
    std::vector<std::string> peers;  // NAME=ADDR[,CLIENTS]
    std::uint32_t fail_after_ms = 100;
    std::string policy = "available";
    bool begin = false;
    bool accept_loss = false;

    // `peers_flag`: "--peer", or what a standby calls it.
    void add_to(CLI::App& command, const std::string& peers_flag);
    bool is_node() const noexcept { return !node.empty(); }
    // `engine` with what these flags say; `may_begin`: as ReplicationOptions::may_begin, for a
    // directory that is not there yet. An error: a flag that makes no sense.
    Result<EngineOptions> options(const EngineFlags& engine, const std::string& listen,
                                  const std::string& secret, bool may_begin) const;
};

}  // namespace pawl::cli
