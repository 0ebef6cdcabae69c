// The list of all models.
#include <utility>

#include "tests/stress/search.hpp"

namespace stress {

std::vector<Model> all_models() {
    std::vector<Model> all;
    for (auto* models : {&arrivals_models, &bell_models, &door_models, &head_models,
                         &journaler_models, &single_ring_models, &view_cell_models})
        for (Model& model : models()) all.push_back(std::move(model));
    return all;
}

}  // namespace stress
