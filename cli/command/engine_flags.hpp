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

    // `replicated`: it may be a node of several, and its replies may wait for others.
    void add_to(CLI::App& command, bool replicated = false);
    EngineOptions options() const;
    // The default stands because nobody said anything.
    bool durability_unsaid() const { return durability_flag->count() == 0; }
    bool heads_unsaid() const { return heads_flag->count() == 0; }

    CLI::Option* durability_flag = nullptr;
    CLI::Option* heads_flag = nullptr;
};

// --retention keep|archive|remove.
void add_retention(CLI::App& command, std::string& word);
Retention retention_from(const std::string& word);

}  // namespace pawl::cli
