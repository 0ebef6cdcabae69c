// Prints what a number of simulated lives come to: every storage call with its bytes, every answer,
// every state. The same for the same seeds, whichever compiler made the program and however hard it
// tried. `heard` is the part that clients see.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "lives.hpp"

namespace {

using namespace pawl::sim;

struct Sum {
    std::uint64_t trace = 0;
    std::uint64_t heard = 0;
    std::uint64_t steps = 0;
};

bool add(RingPool& pool, std::uint64_t seed, Ends ends, Sum& sum) {
    WorldOptions options = options_of(seed);
    options.deep = true;
    World world(pool, options);
    lead_a_life(world, ends);
    sum.trace = mixed(sum.trace ^ world.trace().hash());
    sum.heard = mixed(sum.heard ^ world.heard());
    sum.steps += world.trace().steps();
    if (world.right()) return true;
    std::fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, world.story().c_str());
    return false;
}

}  // namespace

// sim_trace [--seeds=N] [--orderly]: lives without faults, whose answers depend on nothing that a
// change of the storage calls could change.
int main(int argc, char** argv) {
    std::uint64_t seeds = 20;
    Ends ends = Ends::any;
    for (int i = 1; i < argc; ++i) {
        if (std::strncmp(argv[i], "--seeds=", 8) == 0)
            seeds = std::strtoull(argv[i] + 8, nullptr, 10);
        else if (std::strcmp(argv[i], "--orderly") == 0)
            ends = Ends::orders;
        else
            return std::fprintf(stderr, "%s: use --seeds=N or --orderly\n", argv[i]), 2;
    }
    RingPool pool;
    Sum sum;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
        if (!add(pool, seed, ends, sum)) return 1;
    if (ends != Ends::orders) std::printf("trace %016" PRIx64 "\n", sum.trace);
    std::printf("heard %016" PRIx64 "\n", sum.heard);
    if (ends != Ends::orders) std::printf("steps %" PRIu64 "\n", sum.steps);
    return 0;
}
