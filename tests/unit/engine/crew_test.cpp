// Threads around duty cycles: who leaves work and rings is heard, however long the sleep is.
#include "engine/runtime/crew.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

#include "engine/platform/event.hpp"
#include "engine/platform/thread.hpp"

namespace pawl::detail {
namespace {

// Nobody sees the end of such a sleep: what goes on before it, goes on because of the bell.
constexpr std::int64_t for_ever_ns = 3'600'000'000'000;

// Work is counted down; how often it was looked for is counted.
struct Basket {
    std::atomic<int> left{0};
    std::atomic<int> looks{0};

    std::size_t take() {
        looks.fetch_add(1);
        if (left.load() == 0) return 0;
        left.fetch_sub(1);
        return 1;
    }
    // Work again and again for somebody who may have lain down since; returns when all is done.
    void fill(Bell& bell, int rounds) {
        for (int round = 0; round < rounds; ++round) {
            left.fetch_add(1 + round % 3);
            bell.ring();
            while (left.load() != 0) std::this_thread::yield();
        }
    }
    // Then whoever does it is about to sleep, or sleeps.
    void wait_for_the_first_look() {
        while (looks.load() == 0) std::this_thread::yield();
    }
};

TEST(Crew, wakes_whoever_sleeps_when_there_is_work) {
    Basket basket;
    Bell bell;
    Crew crew;
    crew.add({.name = "sleeper",
              .do_work = [&basket] { return basket.take(); },
              .park_max_ns = for_ever_ns,
              .bell = &bell,
              .sleep = [](int fd) { return Event::sleep_on(fd, for_ever_ns); },
              .costly = true});
    basket.fill(bell, 200);
    const int looked = basket.looks.load();
    Event::sleep_on(-1, 50'000'000);
    EXPECT_LT(basket.looks.load() - looked, 10) << "it looks when it was rung for, and then sleeps";
}

TEST(Crew, wakes_on_the_bell_alone_as_well) {
    Basket basket;
    Bell bell;
    Crew crew;
    crew.add({.name = "sleeper",
              .do_work = [&basket] { return basket.take(); },
              .park_max_ns = for_ever_ns,
              .bell = &bell});
    basket.fill(bell, 50);
}

TEST(Crew, begins_again_after_it_was_stopped) {
    Basket basket;
    Bell bell;
    Crew crew;
    for (int life = 0; life < 3; ++life) {
        crew.add({.name = "sleeper",
                  .do_work = [&basket] { return basket.take(); },
                  .park_max_ns = for_ever_ns,
                  .bell = &bell});
        basket.fill(bell, 10);
        crew.stop();
    }
}

TEST(Crew, stops_at_once_while_somebody_sleeps) {
    Basket with_bell;
    Basket without;
    Bell bell;
    Crew crew;
    crew.add({.name = "sleeper",
              .do_work = [&with_bell] { return with_bell.take(); },
              .bell = &bell,
              .sleep = [](int fd) { return Event::sleep_on(fd, for_ever_ns); }});
    crew.add({.name = "napper",
              .do_work = [&without] { return without.take(); },
              .park_max_ns = for_ever_ns});
    with_bell.wait_for_the_first_look();
    without.wait_for_the_first_look();
    crew.stop();  // or the test's time is over
}

TEST(Crew, never_sleeps_who_spins) {
    Basket basket;
    Crew crew;
    crew.add({.name = "spinner",
              .do_work = [&basket] { return basket.take(); },
              .idle = Idle::spin,
              .park_max_ns = for_ever_ns});
    while (basket.looks.load() < 10'000) std::this_thread::yield();
}

// How long a turn of the calling thread on a core is; 0: this system does not say.
std::uint64_t turn_ns() {
    std::array<std::uint64_t, 6> attributes{};  // sched_getattr(2): the fourth word is the time
    constexpr std::size_t runtime = 3;
    if (syscall(SYS_sched_getattr, 0, attributes.data(), sizeof attributes, 0) != 0) return 0;
    return attributes[runtime];
}

TEST(Crew, gives_short_turns_to_whoever_is_waited_for) {
    const std::uint64_t usual_ns = turn_ns();
    if (usual_ns == 0) GTEST_SKIP() << "this system has no turns of different length";
    std::atomic<std::uint64_t> prompt{0};
    std::atomic<std::uint64_t> usual{0};
    Crew crew;
    const auto tell = [](std::atomic<std::uint64_t>& turn) {
        return [&turn]() -> std::size_t {
            turn.store(turn_ns());
            return 0;
        };
    };
    crew.add({.name = "prompt", .do_work = tell(prompt), .prompt = true});
    crew.add({.name = "usual", .do_work = tell(usual)});
    while (prompt.load() == 0 || usual.load() == 0) std::this_thread::yield();
    crew.stop();
    EXPECT_EQ(prompt.load(), 100'000U);
    EXPECT_EQ(usual.load(), usual_ns);
}

TEST(Crew, leaves_a_policy_alone_that_somebody_chose) {
    int policy = SCHED_OTHER;
    std::thread([&policy] {
        const sched_param none{};
        pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
        take_short_turns();
        policy = sched_getscheduler(0);
    }).join();
    EXPECT_EQ(policy, SCHED_BATCH);
}

}  // namespace
}  // namespace pawl::detail
