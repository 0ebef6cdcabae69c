// Flags that every command which runs an engine has. Knows names, defaults and their checks.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "pawl/options.hpp"

namespace pawl::cli {

struct EngineFlags {
    std::string directory;
    std::uint32_t shards = 1;
    std::string durability = "journaled";
    std::string idle = "yield";
    std::uint64_t segment_mib = 128;
    std::uint64_t head_mib = 64;
    std::string heads = "/dev/shm";
    std::string snapshot_every;  // empty: never
    std::string retention = "keep";

    void add_to(CLI::App& command);
    EngineOptions options() const;
};

// --retention keep|archive|remove.
void add_retention(CLI::App& command, std::string& word);
Retention retention_from(const std::string& word);

}  // namespace pawl::cli
