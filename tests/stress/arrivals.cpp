// What several threads hand to one arrives, once and whole. The real Arrivals.
#include "engine/shard/arrivals.hpp"

#include "tests/stress/search_of.hpp"

namespace stress {
namespace {

struct TwoBringOneTakes : rl::test_suite<TwoBringOneTakes, 3> {
    struct Parcel {
        rl::var<int> content;
    };
    pawl::detail::Arrivals<Parcel*> arrivals;
    Parcel parcels[3];
    int taken[3] = {};

    void take() {
        // a race on the content is a parcel that is not whole
        arrivals.take([this](Parcel* const& parcel) { ++taken[VAR(parcel->content)]; });
    }
    void bring(int which) {
        VAR(parcels[which].content) = which;
        arrivals.add(&parcels[which]);
    }
    void thread(unsigned index) {
        if (index == 0) {
            bring(0);
            bring(1);
        } else if (index == 1) {
            bring(2);
        } else {
            take();
            take();
        }
    }
    void after() {
        take();
        for (const int times : taken) RL_ASSERT(times == 1);
        RL_ASSERT(arrivals.empty());
    }
};

}  // namespace

std::vector<Model> arrivals_models() {
    return {model<TwoBringOneTakes>("arrivals", {})};
}

}  // namespace stress
