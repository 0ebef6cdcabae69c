// How a test suite of Relacy becomes a model. For the files with models.
#pragma once

#include <utility>

#include "tests/stress/search.hpp"

namespace stress {

template <class Suite>
bool search_through(const Search& search, std::string& story) {
    rl::ostringstream told;  // not counted as memory of the model
    rl::test_params params;
    params.output_stream = &told;
    params.progress_stream = &told;
    params.iteration_count = search.iterations;
    params.context_bound = search.switches_max;
    params.execution_depth_limit = 20000;
    params.search_type = search.kind == Search::Kind::all     ? rl::sched_full
                         : search.kind == Search::Kind::bound ? rl::sched_bound
                                                              : rl::sched_random;
    begin_search();
    const bool held = rl::simulate<Suite>(params);
    end_search(params.stop_iteration);
    if (!held) {
        const rl::string text = told.str();
        story.assign(text.data(), text.size());
    }
    return held;
}

template <class Suite>
Model model(std::string name, Search search, std::vector<Unneeded> unneeded) {
    return Model{std::move(name), search, std::move(unneeded), &search_through<Suite>};
}

}  // namespace stress
