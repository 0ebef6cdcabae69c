// What a model is and how its interleavings are chosen. Knows no model and no checker.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace stress {

struct Search {
    // all: every one, which takes a small model; bound: every one with so many forced switches of
    // threads; random: as many as are asked for.
    enum class Kind { all, bound, random } kind = Kind::random;
    unsigned switches_max = 2;
    unsigned long iterations = 0;  // of random; the default when 0
};

// An order that a model does not need, with the reason. `site` begins the site's description.
struct Unneeded {
    std::string site;
    std::string why;
};

struct Model {
    std::string name;
    Search search;
    std::vector<Unneeded> unneeded;
    // True: no interleaving broke the model. The story of the one that did goes to `story`.
    std::function<bool(const Search& search, std::string& story)> run;
};

// Runs Suite, a rl::test_suite; defined in search_of.hpp.
template <class Suite>
Model model(std::string name, Search search, std::vector<Unneeded> unneeded = {});

void begin_search();
void end_search(unsigned long iterations);

// One function for each file of models.
std::vector<Model> arrivals_models();
std::vector<Model> bell_models();
std::vector<Model> door_models();
std::vector<Model> head_models();
std::vector<Model> journaler_models();
std::vector<Model> single_ring_models();
std::vector<Model> view_cell_models();

std::vector<Model> all_models();

}  // namespace stress
