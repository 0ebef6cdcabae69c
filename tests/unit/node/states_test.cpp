// Two nodes whose states are the same, and two whose apply() is not: the standby stops and names
// the event. Both live in one thread.
//
// --variants=N: so many mistakes, each at another place (default 4).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/node/kit.hpp"
#include "tests/unit/node/shelf.hpp"

namespace pawl::testing {
namespace {

using Shelf = Engine<Gear, Rack>;
using ShelfCopy = Standby<Gear, Rack>;

std::uint64_t variants_in_all = 4;

// An event as the standby shall name it.
struct Expected {
    std::string event;  // "Turned of Gear 3"
    std::string late;   // "Rack 12": when the state was too large to be hashed with it; or empty
};

class TwoNodes {
public:
    // a writes state records this often, b every millisecond.
    explicit TwoNodes(milliseconds every_of_a = milliseconds(1)) : pair_(patient) {
        stage = Stage{};
        EngineOptions first = options("a");
        first.replication.compare_every = every_of_a;
        auto standby = ShelfCopy::open(first).value();
        while (!standby.wait_for_turn(std::chrono::nanoseconds(0)).value()) standby.poll();
        a_.emplace(std::move(standby).promote().value());
        stage.here = 1;
        b_.emplace(ShelfCopy::open(options("b")).value());
    }
    ~TwoNodes() {
        b_.reset();
        stage.here = 0;
        a_.reset();
    }

    std::string path(const std::string& name) { return pair_.folder().file(name); }
    Shelf& a() { return *a_; }
    ShelfCopy& b() { return *b_; }
    void live(int passes) {
        for (int i = 0; i < passes; ++i) {
            stage.here = 0;
            a_->poll();
            stage.here = 1;
            b_->poll();
        }
    }
    // Until it is so; false: never.
    template <class Is>
    bool live_until(const Is& is) {
        const auto give_up = std::chrono::steady_clock::now() + a_long_time;
        while (!is()) {
            live(1);
            if (std::chrono::steady_clock::now() >= give_up) return false;
        }
        return true;
    }
    // a hands over to b, which is told what to do as a primary, closes, and is opened again.
    template <class Do>
    bool reign_of_b(const Do& work) {
        const Status asked = a_->hand_over("b", AfterHandOver::ends);
        const bool under_way = asked.ok() && live_until([&] {
                                   const auto turn = b_->wait_for_turn(std::chrono::nanoseconds(0));
                                   return turn.ok() && *turn;
                               });
        if (!under_way) return false;
        stage.here = 1;
        auto promoted = std::move(*b_).promote();
        b_.reset();
        stage.here = 0;
        a_.reset();
        stage.here = 1;
        if (!promoted.ok()) return false;
        {
            Shelf engine = std::move(promoted).value();
            work(engine);
        }
        b_.emplace(ShelfCopy::open(options("b")).value());
        return true;
    }
    std::string said() { return pair_.said(); }
    // Why the standby follows no more; empty: it does.
    std::string end_of_b() {
        const auto turn = b_->wait_for_turn(std::chrono::nanoseconds(0));
        return turn.ok() ? std::string() : turn.error().sentence;
    }
    bool are_the_same() { return b_->state_hash() == a_->state_hash(); }
    bool is_followed() { return is_in_sync(a_->node_status(), "b"); }

    template <class Command>
    void ask(Id id, const Command& command) {
        stage.here = 0;
        EXPECT_EQ(a_->try_submit(id, command), Offer::accepted);
    }
    // What happens next, by chance; the events go to what is expected.
    void ask_something(std::mt19937_64& chance) {
        const Id id = 1 + chance() % 5;
        const std::string gear = " of Gear " + std::to_string(id);
        switch (chance() % 4) {
            case 0:
                ask(id, Gear::Turn{static_cast<std::int64_t>(1 + chance() % 90)});
                return expect({"Turned" + gear, ""});
            case 1:
                ask(id, Gear::Paint{chance() % 1000});
                expect({"Painted" + gear, ""});
                return expect({"Turned" + gear, ""});
            default: {
                const Id rack = 10 + chance() % 2;
                ask(rack, Rack::Put{chance() % 1000});
                const bool late = items_[rack]++ > rack_items_hashed_at_once;
                const std::string name = "Rack " + std::to_string(rack);
                return expect({"Stored of " + name, late ? name : ""});
            }
        }
    }
    const std::vector<Expected>& expected() const { return expected_; }

private:
    // id, version, type and count are hashed beside the items; 32 words in all.
    static constexpr std::uint64_t rack_items_hashed_at_once = 28;

    EngineOptions options(const std::string& name) {
        EngineOptions options = pair_.options(name);
        options.shards = 1;
        options.threading = Threading::none;
        return options;
    }
    void expect(const Expected& event) { expected_.push_back(event); }

    Pair pair_;
    std::optional<Shelf> a_;
    std::optional<ShelfCopy> b_;
    std::map<Id, std::uint64_t> items_;
    std::vector<Expected> expected_;
};

TEST(NodeStates, are_compared_while_they_change_and_not_written_down_while_they_do_not) {
    TwoNodes nodes;
    ASSERT_TRUE(nodes.live_until([&] { return nodes.is_followed(); }));
    std::mt19937_64 chance(1);
    for (int i = 0; i < 2000; ++i) {
        nodes.ask_something(chance);
        if (i % 7 == 0) nodes.live(1);
        if (i % 50 != 0) continue;
        ASSERT_TRUE(nodes.live_until([&] { return nodes.are_the_same(); }));
    }
    ASSERT_TRUE(nodes.live_until([&] { return nodes.are_the_same(); }));
    EXPECT_EQ(nodes.end_of_b(), "");
    // The last change is written down once.
    const auto bytes = [&] {
        std::uint64_t sum = 0;
        const auto counters = read_counters(nodes.path("a")).value();
        for (const NamedCounter& counter : counters)
            if (counter.name.ends_with("stream_bytes")) sum += counter.value;
        return sum;
    };
    EXPECT_NE(bytes(), 0U);
    const auto a_while = std::chrono::steady_clock::now() + milliseconds(20);
    ASSERT_TRUE(nodes.live_until([&] { return std::chrono::steady_clock::now() >= a_while; }));
    const std::uint64_t then = bytes();
    const auto a_while_more = std::chrono::steady_clock::now() + milliseconds(20);
    ASSERT_TRUE(nodes.live_until([&] { return std::chrono::steady_clock::now() >= a_while_more; }));
    EXPECT_EQ(bytes(), then);
}

// Its first state record is about its own reign: who begins with its states has not come the way
// before.
TEST(NodeStates, that_a_reign_begins_with_are_where_its_comparing_begins) {
    TwoNodes nodes(milliseconds(3'600'000));
    ASSERT_TRUE(nodes.live_until([&] { return nodes.is_followed(); }));
    for (std::int64_t by = 1; by <= 10; ++by) nodes.ask(1, Gear::Turn{by});
    ASSERT_TRUE(nodes.live_until([&] { return nodes.are_the_same(); }));
    ASSERT_TRUE(nodes.reign_of_b([](Shelf& engine) {
        ASSERT_TRUE(engine.snapshot().ok());
        EXPECT_EQ(engine.try_submit(1, Gear::Turn{5}), Offer::accepted);
        const auto a_while = std::chrono::steady_clock::now() + milliseconds(20);
        while (std::chrono::steady_clock::now() < a_while) engine.poll();
    }));
    EXPECT_NE(nodes.said().find("snapshot"), std::string::npos) << nodes.said();
    EXPECT_EQ(nodes.said().find("does not do what it did"), std::string::npos) << nodes.said();
}

// Both orders are decided before anybody compares: in the end the gears have the same color.
TEST(NodeStates, that_differed_for_a_moment_are_found_too) {
    TwoNodes nodes;
    ASSERT_TRUE(nodes.live_until([&] { return nodes.is_followed(); }));
    stage.struck = 1;
    stage.how = Mischief::other_value;
    stage.at = 1;
    nodes.ask(1, Gear::Paint{5});
    nodes.ask(1, Gear::Paint{8});
    ASSERT_TRUE(nodes.live_until([&] { return !nodes.end_of_b().empty(); }));
    const std::string why = nodes.end_of_b();
    EXPECT_NE(why.find("were not the same in between"), std::string::npos) << why;
    EXPECT_NE(why.find("Painted of Gear 1 (sequence 1,"), std::string::npos) << why;
}

TEST(NodeStates, that_are_too_large_to_be_hashed_with_every_event_are_named_themselves) {
    TwoNodes nodes;
    ASSERT_TRUE(nodes.live_until([&] { return nodes.is_followed(); }));
    for (std::uint64_t item = 0; item < 40; ++item) nodes.ask(7, Rack::Put{item});
    ASSERT_TRUE(nodes.live_until([&] { return nodes.are_the_same(); }));
    stage.struck = 1;
    stage.how = Mischief::done_twice;
    stage.at = 41;
    nodes.ask(7, Rack::Put{1});
    ASSERT_TRUE(nodes.live_until([&] { return !nodes.end_of_b().empty(); }));
    const std::string why = nodes.end_of_b();
    EXPECT_NE(why.find("too large to be hashed with every event: Rack 7"), std::string::npos)
        << why;
}

TEST(NodeStates, that_differ_are_found_and_the_event_is_named) {
    for (std::uint64_t variant = 0; variant < variants_in_all; ++variant) {
        SCOPED_TRACE("variant " + std::to_string(variant));
        std::mt19937_64 chance(variant);
        TwoNodes nodes;
        ASSERT_TRUE(nodes.live_until([&] { return nodes.is_followed(); }));
        const int commands = 150;
        stage.struck = static_cast<int>(variant % 2);
        stage.how = static_cast<Mischief>(variant / 2 % 5);
        stage.at = 1 + chance() % commands;
        for (int i = 0; i < commands; ++i) {
            nodes.ask_something(chance);
            if (i % 3 == 0) nodes.live(1);
        }
        const Expected& wrong = nodes.expected().at(stage.at - 1);
        ASSERT_TRUE(nodes.live_until([&] { return !nodes.end_of_b().empty(); }))
            << wrong.event << " was done otherwise and nobody noticed";
        const std::string why = nodes.end_of_b();
        const std::string named = wrong.late.empty()
                                      ? wrong.event + " (sequence " + std::to_string(stage.at) + ","
                                      : "too large to be hashed with every event: ";
        EXPECT_NE(why.find(named), std::string::npos) << named << ": " << why;
        EXPECT_NE(why.find(wrong.late), std::string::npos) << why;
        EXPECT_FALSE(nodes.a().failed());
    }
}

}  // namespace
}  // namespace pawl::testing

int main(int count, char** arguments) {
    ::testing::InitGoogleTest(&count, arguments);
    for (int i = 1; i < count; ++i) {
        const std::string_view flag = arguments[i];
        if (flag.starts_with("--variants="))
            pawl::testing::variants_in_all =
                std::strtoull(std::string(flag.substr(flag.find('=') + 1)).c_str(), nullptr, 10);
    }
    return RUN_ALL_TESTS();
}
