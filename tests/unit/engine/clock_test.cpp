// The time of day that commands carry.
#include <gtest/gtest.h>
#include <time.h>

#include "engine/platform/clock.hpp"

namespace pawl::testing {
namespace {

std::int64_t systems_ns() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Long enough for the processor's counter to be trusted, and for many readings between two of the
// system's. A thread that stands still only makes the two bounds wider.
TEST(SystemClock, is_the_systems_within_microseconds) {
    constexpr std::int64_t tolerance_ns = 5'000;
    detail::SystemClock clock;
    const std::int64_t end = clock.monotonic_ns() + 100'000'000;
    std::int64_t asked = 0;
    while (clock.monotonic_ns() < end) {
        const std::int64_t before = systems_ns();
        const std::int64_t now = clock.wall_ns();
        const std::int64_t after = systems_ns();
        ASSERT_GE(now, before - tolerance_ns) << asked;
        ASSERT_LE(now, after + tolerance_ns) << asked;
        ++asked;
    }
    EXPECT_GT(asked, 0);
}

}  // namespace
}  // namespace pawl::testing
