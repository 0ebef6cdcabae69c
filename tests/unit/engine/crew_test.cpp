// Threads around duty cycles: who leaves work and rings is heard, however long the sleep is.
#include "engine/runtime/crew.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/platform/event.hpp"

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

}  // namespace
}  // namespace pawl::detail
