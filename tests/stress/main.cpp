// Searches the models: first as they are, then with one memory order after the other weakened, each
// of which must be missed. stress_models [--model=NAME] [--iterations=N] [--list]
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/stress/search.hpp"
#include "tests/stress/sites.hpp"

// Relacy replaces new and delete, inline: they must be there for the standard library's own code,
// too, and these forms would go past them.
void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    operator delete[](memory);
}
namespace {
[[gnu::used]] void* (*const kept_new[])(std::size_t) = {operator new, operator new[] };
[[gnu::used]] void (*const kept_delete[])(void*) = {operator delete, operator delete[] };
}  // namespace

// An assertion of the engine ends the interleaving, not the program.
namespace pawl::detail {
[[noreturn]] void assertion_failed(const char* what, const char* file, int line) noexcept;
void assertion_failed(const char* what, const char* file, int line) noexcept {
    if (rl::is_ctx())
        rl::ctx().fail_test(what, rl::test_result_user_assert_failed,
                            rl::debug_info("", file, static_cast<unsigned>(line)));
    std::fprintf(stderr, "assertion failed: %s at %s:%d\n", what, file, line);
    std::abort();
}
}  // namespace pawl::detail

namespace stress {
namespace {

constexpr unsigned long iterations_default = 1'000'000;
constexpr unsigned long iterations_unneeded = 50'000;
constexpr unsigned long iterations_noting = 2'000;

unsigned long iterations_done = 0;

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

const Unneeded* known_as_unneeded(const Model& model, const std::string& site) {
    for (const Unneeded& unneeded : model.unneeded)
        if (site.starts_with(unneeded.site)) return &unneeded;
    return nullptr;
}

bool search_as_it_is(const Model& model, const Search& search) {
    const auto begin = std::chrono::steady_clock::now();
    std::string story;
    const bool held = model.run(search, story);
    std::printf("%s: %lu interleavings in %.1f s: %s\n", model.name.c_str(), iterations_done,
                seconds_since(begin), held ? "none breaks it" : "broken");
    if (!held) std::printf("%s\n", story.c_str());
    std::fflush(stdout);
    return held;
}

bool search_weakened(const Model& model, const Search& search) {
    std::string story;
    note_sites();
    const Search noting{Search::Kind::random, 0, iterations_noting};
    bool all_missed = model.run(noting, story);
    stop_noting();
    for (const Site& site : noted_sites()) {
        const std::string name = describe(site);
        const Unneeded* unneeded = known_as_unneeded(model, name);
        weaken(&site);
        const unsigned long most = unneeded != nullptr ? iterations_unneeded : search.iterations;
        const bool missed = !model.run({Search::Kind::random, 0, most}, story);
        weaken(nullptr);
        const std::string found = missed ? "missed after " + std::to_string(iterations_done)
                                  : unneeded != nullptr
                                      ? "not needed: " + unneeded->why
                                      : "NOT MISSED: the model does not see what it is for";
        std::printf("  %-44s %s\n", name.c_str(), found.c_str());
        std::fflush(stdout);
        all_missed = all_missed && missed == (unneeded == nullptr);
    }
    return all_missed;
}

bool check(const Model& model, unsigned long iterations) {
    Search search = model.search;
    if (iterations != 0)
        search.iterations = iterations;
    else if (search.iterations == 0)
        search.iterations = iterations_default;
    return search_as_it_is(model, search) && search_weakened(model, search);
}

}  // namespace

void end_search(unsigned long iterations) {
    iterations_done = iterations;
}

}  // namespace stress

int main(int count, char** arguments) {
    std::string wanted;
    unsigned long iterations = 0;
    bool list = false;
    for (int i = 1; i < count; ++i) {
        const std::string flag = arguments[i];
        if (flag.starts_with("--model="))
            wanted = flag.substr(8);
        else if (flag.starts_with("--iterations="))
            iterations = std::strtoul(flag.c_str() + 13, nullptr, 10);
        else if (flag == "--list")
            list = true;
        else
            return std::fprintf(stderr, "stress_models: %s is not known\n", flag.c_str()), 2;
    }
    bool all_hold = true;
    bool found = false;
    for (const stress::Model& model : stress::all_models()) {
        if (!wanted.empty() && model.name != wanted) continue;
        found = true;
        if (list)
            std::printf("%s\n", model.name.c_str());
        else
            all_hold = stress::check(model, iterations) && all_hold;
    }
    if (!found) std::fprintf(stderr, "stress_models: no model is called %s\n", wanted.c_str());
    return found && all_hold ? 0 : 1;
}
