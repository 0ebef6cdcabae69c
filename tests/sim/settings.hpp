// How long the tests of this folder run: short by default, longer by flags. Knows the command line.
#pragma once

#include <cstdint>

#include "slowness.hpp"
#include "world.hpp"

namespace pawl::sim {

struct Settings {
    std::uint64_t seeds = 0;       // --seeds=N: how many lives; 0: the test's own short number
    std::uint64_t first_seed = 1;  // --first-seed=N
    bool all = false;              // --all: every case, no samples

    std::uint64_t seeds_or(std::uint64_t few) const noexcept {
        return seeds != 0 ? seeds : (few + slowness - 1) / slowness;
    }
    // A sample that is declared: every n-th case, or every one with --all.
    std::uint64_t every(std::uint64_t n) const noexcept { return all ? 1 : n * slowness; }
};

// Of this run.
const Settings& settings() noexcept;

// While it lives, an assertion that fails anywhere tells this world's story before it ends the
// program.
class Watched {
public:
    explicit Watched(const World& world) noexcept;
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

private:
    const World* const before_;
};

// The story of a world that went wrong, and how to see it again.
std::string told(const World& world, const char* test, std::uint64_t seed);

}  // namespace pawl::sim
