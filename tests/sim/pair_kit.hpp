// A pair of machines that write lists, for tests that say what happens step by step.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "list.hpp"
#include "pawl/testing/simulation.hpp"
#include "testing/pair.hpp"

namespace pawl::sim {

class PairTest : public ::testing::Test {
protected:
    static testing::detail::Plan plan_of(std::uint64_t seed) {
        testing::detail::Plan plan;
        plan.options.seed = seed;
        plan.options.durability = Durability::replicated_synced;
        plan.domain = Engine<List>::domain();
        plan.load = [](testing::Random& random) {
            return testing::Simulation<List>::Command(random.below(4),
                                                      List::Note{random.below(1'000'000)})
                .asked();
        };
        return plan;
    }
    static void live(Pair& pair, std::int64_t ns) {
        pair.live(pair.now_ns() + ns, testing::Faults::none());
    }
    static void both_follow(Pair& pair) {
        // Both have everything, and have heard that both count.
        const auto is_ready = [](Machine& one) {
            return one.is_whole() && one.status().in_sync.size() == 2;
        };
        const std::int64_t give_up = pair.now_ns() + 20'000 * ms;
        while (!is_ready(pair.a()) || !is_ready(pair.b())) {
            ASSERT_LT(pair.now_ns(), give_up) << pair.story();
            live(pair, ms);
        }
    }

    RingPool pool_;
};

}  // namespace pawl::sim
