// Lives that a simulated engine leads: at random under a seed, or by a script. Knows what may
// happen; not what must be true.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "world.hpp"

namespace pawl::sim {

// What the options of a world leave to its seed: snapshots, retention.
WorldOptions options_of(std::uint64_t seed);

enum class Ends : std::uint8_t {
    orders,  // processes end in order, or die between two calls
    kills,   // they die in any call, or calls fail; memory stays
    any,     // and power is lost
};

// A few processes one after the other, each ending as chance wants; then one that must find
// everything right. Complains to the world's ledger when it does not.
void lead_a_life(World& world, Ends ends);

// The last of a life: opens, checks, goes on, closes, opens again.
void recover_and_check(World& world);

// Directories that have seen something: empty, of one segment, of several, with snapshots.
std::vector<std::unique_ptr<World>> seasoned_worlds(RingPool& pool);

// The same story each time, over everything that an engine does with a disk: made, written, rolled
// into further segments, snapshots, retention, killed with records in the head, its end torn by a
// power cut, recovered, closed, opened.
class Script {
public:
    explicit Script(World& world) : world_(world) {}
    static WorldOptions options();

    // False: it died, failed or was refused in the middle.
    bool run();
    // What it was doing when it stopped.
    const char* chapter() const noexcept { return chapter_; }

private:
    bool begin(const char* chapter);
    bool open();
    void rounds(int count, Asked asked);
    void large_blocks();
    bool tear_the_end();

    World& world_;
    const char* chapter_ = "";
};

}  // namespace pawl::sim
