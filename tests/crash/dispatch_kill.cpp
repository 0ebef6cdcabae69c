// Kills the example dispatch_products again and again until it has finished: every order was
// dispatched exactly once. Knows the example's command line and its file.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <random>

#include "pawl/journal.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

// True: it ended by itself before its time was over.
bool run_and_kill(const std::string& directory, std::chrono::microseconds after) {
    const pid_t child = fork();
    if (child == 0) {
        [[maybe_unused]] const auto quiet = freopen("/dev/null", "w", stdout);
        execl(PAWL_DISPATCH_PRODUCTS, PAWL_DISPATCH_PRODUCTS, directory.c_str(), nullptr);
        _exit(127);
    }
    const auto end = std::chrono::steady_clock::now() + after;
    int status = 0;
    while (std::chrono::steady_clock::now() < end) {
        if (waitpid(child, &status, WNOHANG) == child) {
            EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            return true;
        }
        std::this_thread::yield();
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(DispatchKill, every_order_is_dispatched_exactly_once_whoever_is_killed_when) {
    std::mt19937_64 chance(5);
    for (int story = 0; story < 5; ++story) {
        TempDirectory directory;
        const std::string journal = directory.file("orders");
        std::int64_t most_us = 20'000;
        // Longer each time, so that the story ends on any machine.
        while (!run_and_kill(
            journal, std::chrono::microseconds(chance() % static_cast<std::uint64_t>(most_us))))
            most_us += most_us / 4;

        std::map<std::string, int> dispatched;
        std::ifstream file(journal + ".shipments");
        std::string line;
        std::getline(file, line);  // the cursor
        while (std::getline(file, line)) ++dispatched[line];
        EXPECT_EQ(dispatched,
                  (std::map<std::string, int>{
                      {"dispatched 12004", 1}, {"dispatched 12005", 1}, {"dispatched 12006", 1}}));
        int events = 0;
        ASSERT_TRUE(journal_dump(journal, {}, [&](std::string_view record) {
                        if (record.find("\"Dispatched\"") != std::string_view::npos) ++events;
                    }).ok());
        EXPECT_EQ(events, 3);
    }
}

}  // namespace
}  // namespace pawl::testing
