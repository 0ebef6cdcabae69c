// The way from the public face to the machinery, and the words of its table.
#include "pawl/testing/simulated.hpp"
#include "testing/pair.hpp"

namespace pawl::testing {

const char* to_string(Happened what) noexcept {
    switch (what) {
        case Happened::reigns:
            return "reigns";
        case Happened::reigns_without_the_beginning:
            return "reigns without the journal's beginning";
        case Happened::kills:
            return "kills";
        case Happened::client_restarts:
            return "client restarts";
        case Happened::deaths_in_calls:
            return "deaths in calls";
        case Happened::power_cuts:
            return "power cuts";
        case Happened::replacements:
            return "replacements";
        case Happened::pauses:
            return "pauses";
        case Happened::clock_jumps:
            return "clock jumps";
        case Happened::partitions:
            return "partitions";
        case Happened::arbiter_losses:
            return "arbiter losses";
        case Happened::storage_faults:
            return "storage faults";
        case Happened::switchovers:
            return "switchovers";
        case Happened::connections_broken:
            return "connections broken";
        case Happened::connections_half_open:
            return "connections half-open";
        case Happened::bytes_flipped:
            return "bytes flipped";
        case Happened::bytes_vanished:
            return "bytes vanished";
        case Happened::bytes_doubled:
            return "bytes doubled";
        case Happened::bytes_overtaken:
            return "bytes overtaken";
        case Happened::connections_refused:
            return "connections refused";
        case Happened::questions_lost:
            return "questions lost";
        case Happened::answers_lost:
            return "answers lost";
        case Happened::questions_doubled:
            return "questions doubled";
        case Happened::questions_late:
            return "questions late";
        case Happened::answers_late:
            return "answers late";
        case Happened::outcomes_unknown:
            return "outcomes unknown for a while";
        case Happened::count:
            break;
    }
    return "unknown";
}

namespace detail {

SimulationReport run(const Plan& plan) {
    sim::RingPool pool;
    sim::Pair pair(pool, plan);
    return pair.lead_life();
}

}  // namespace detail

}  // namespace pawl::testing
