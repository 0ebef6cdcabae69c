// Reads the flags --every=N and --seed=N. Knows nothing of what is tested.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "settings.hpp"

namespace pawl::journal::testing {
namespace {
Settings the_settings;
}
Settings& settings() noexcept {
    return the_settings;
}
}  // namespace pawl::journal::testing

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    auto& settings = pawl::journal::testing::settings();
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with("--every=")) settings.every = std::strtoull(argv[i] + 8, nullptr, 10);
        if (word.starts_with("--seed=")) settings.seed = std::strtoull(argv[i] + 7, nullptr, 10);
    }
    if (settings.every == 0) settings.every = 1;
    const auto begin = std::chrono::steady_clock::now();
    const int result = RUN_ALL_TESTS();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("one bit of %llu, seed %llu: %.1f s\n",
                static_cast<unsigned long long>(settings.every),
                static_cast<unsigned long long>(settings.seed), seconds.count());
    return result;
}
