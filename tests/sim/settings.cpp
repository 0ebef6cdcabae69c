// Flags, and the last words of a world that ends in an assertion. Every test program of this folder
// begins here.
#include "settings.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace pawl::sim {
namespace {

Settings the_settings;
const World* watched = nullptr;

void tell_and_end(int) {
    // A life is short, and its buffers are large: memory stays with the program.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    std::signal(SIGABRT, SIG_DFL);
    if (watched != nullptr) std::fprintf(stderr, "%s\n", watched->story().c_str());
    std::abort();
}

bool flag(const char* argument, const char* name, std::uint64_t& value) {
    const std::size_t length = std::strlen(name);
    if (std::strncmp(argument, name, length) != 0) return false;
    value = std::strtoull(argument + length, nullptr, 10);
    return true;
}

}  // namespace

const Settings& settings() noexcept {
    return the_settings;
}

Watched::Watched(const World& world) noexcept : before_(watched) {
    watched = &world;
}
Watched::~Watched() {
    watched = before_;
}

std::string told(const World& world, const char* test, std::uint64_t seed) {
    return world.story() + "\nto see it again: --gtest_filter=" + test +
           " --seeds=1 --first-seed=" + std::to_string(seed);
}

}  // namespace pawl::sim

int main(int argc, char** argv) {
    using pawl::sim::the_settings;
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        if (pawl::sim::flag(argv[i], "--seeds=", the_settings.seeds)) continue;
        if (pawl::sim::flag(argv[i], "--first-seed=", the_settings.first_seed)) continue;
        if (std::strcmp(argv[i], "--all") == 0) {
            the_settings.all = true;
            continue;
        }
        std::fprintf(stderr, "%s: not a flag: use --seeds=N, --first-seed=N or --all\n", argv[i]);
        return 2;
    }
    // A life is short, and its buffers are large: memory stays with the program.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    std::signal(SIGABRT, pawl::sim::tell_and_end);
    return RUN_ALL_TESTS();
}
