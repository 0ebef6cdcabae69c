// Random traffic over the simulated network: it arrives exactly and in order, or the connection
// ends and says why. The frames are the real ones.
#include "testing/network.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "settings.hpp"

namespace pawl::sim {
namespace {

using replication::Link;
using replication::LinkEnd;
using replication::LinkOptions;
using replication::LinkState;
using replication::Message;
using replication::MessageType;

constexpr std::int64_t silence_ns = 500'000'000;
constexpr std::int64_t step_ns = 50'000;

struct Said {
    MessageType type;
    std::uint64_t epoch;
    std::vector<std::byte> bytes;
};

// One end of one connection: what it said, what it heard of the other.
struct End {
    std::unique_ptr<Link> link;
    std::deque<Said> said;  // and not yet heard by the other
    std::uint64_t epoch = 1;
    std::uint64_t heard = 0;

    bool alive() const { return link != nullptr && link->state() != LinkState::closed; }
};

class Wire {
public:
    explicit Wire(std::uint64_t seed) : chance(seed), network(seed, &trace) {
        caller_options.boot = 11;
        called_options.boot = 22;
        caller_options.silence_ns_max = called_options.silence_ns_max = silence_ns;
    }

    void connect() {
        listener = network.listen("b", called_options);
        caller.link = network.connector("a", caller_options)->connect("b");
        caller.link->admit();
        ASSERT_TRUE(until([this] { return called.link != nullptr || !caller.alive(); }));
        ASSERT_TRUE(until([this] { return caller.link->state() != LinkState::connecting; }));
    }

    void step() {
        now_ns += step_ns;
        network.advance_to(now_ns);
        if (called.link == nullptr && listener != nullptr) {
            called.link = listener->accept();
            if (called.link != nullptr) called.link->admit();
        }
        work(caller, called, true);
        work(called, caller, true);
    }

    template <class Condition>
    bool until(Condition condition, std::int64_t at_most_ns = 20'000'000'000) {
        for (const std::int64_t end = now_ns + at_most_ns; now_ns < end; step())
            if (condition()) return true;
        return condition();
    }

    void work(End& me, End& other, bool listens) {
        if (me.link == nullptr) return;
        me.link->do_work(now_ns);
        while (listens) {
            const auto received = me.link->receive();
            if (!received) break;
            ASSERT_FALSE(other.said.empty());
            const Said& expected = other.said.front();
            ASSERT_EQ(received->type, expected.type);
            ASSERT_EQ(received->epoch, expected.epoch);
            ASSERT_EQ(received->payload.size(), expected.bytes.size());
            ASSERT_TRUE(std::equal(received->payload.begin(), received->payload.end(),
                                   expected.bytes.begin()));
            ASSERT_EQ(received->boot, &other == &caller ? 11U : 22U);
            other.said.pop_front();
            ++me.heard;
        }
    }

    bool say(End& me, std::size_t bytes) {
        Said said{chance.coin() ? MessageType::records : MessageType::heartbeat, me.epoch, {}};
        said.bytes.resize(bytes);
        for (std::byte& byte : said.bytes) byte = static_cast<std::byte>(chance.next());
        const std::size_t in_body = chance.below(bytes + 1);
        const auto middle = said.bytes.begin() + static_cast<std::ptrdiff_t>(in_body);
        const Message message{said.type, said.epoch, {said.bytes.begin(), middle}};
        if (!me.link->send(message, std::span(said.bytes).subspan(in_body))) return false;
        me.said.push_back(std::move(said));
        return true;
    }

    void say_something(End& me) {
        if (!me.alive() || me.link->state() != LinkState::open) return;
        if (chance.one_in(64)) ++me.epoch;
        const bool large = chance.one_in(32);
        say(me, large ? chance.below(300'000) : chance.below(600));
    }

    bool everything_arrived() const { return caller.said.empty() && called.said.empty(); }

    Trace trace;
    Chance chance;
    Network network;
    LinkOptions caller_options, called_options;
    std::unique_ptr<replication::Listener> listener;
    End caller, called;
    std::int64_t now_ns = 1;
};

NetworkWeather stormy(Chance& chance) {
    NetworkWeather weather;
    weather.delay_ns_max = static_cast<std::int64_t>(chance.between(20'000, 5'000'000));
    weather.split_one_in = chance.between(1, 8);
    weather.window_bytes = chance.between(1'000, 400'000);
    const std::uint64_t often = chance.between(20, 400);
    switch (chance.below(4)) {
        case 0:
            weather.broken_one_in = often;
            break;
        case 1:
            weather.half_open_one_in = often;
            break;
        case 2:
            weather.flipped_one_in = often;
            break;
        default:
            weather.broken_one_in = weather.flipped_one_in = weather.half_open_one_in = 3 * often;
            break;
    }
    return weather;
}

TEST(SimNetwork, what_is_said_on_a_fair_day_arrives_exactly_and_in_order) {
    for (std::uint64_t i = 0; i < settings().seeds_or(200); ++i) {
        const std::uint64_t seed = settings().first_seed + i;
        Wire wire(seed);
        wire.network.weather().delay_ns_max =
            static_cast<std::int64_t>(wire.chance.between(20'000, 3'000'000));
        wire.network.weather().split_one_in = wire.chance.between(1, 8);
        wire.connect();
        ASSERT_EQ(wire.caller.link->state(), LinkState::open) << "seed " << seed;
        for (int step = 0; step < 200; ++step) {
            wire.say_something(wire.caller);
            wire.say_something(wire.called);
            wire.step();
        }
        ASSERT_TRUE(wire.until([&wire] { return wire.everything_arrived(); })) << "seed " << seed;
        EXPECT_TRUE(wire.caller.alive() && wire.called.alive());
        EXPECT_EQ(wire.caller.link->counters().frames_received, wire.caller.heard);
    }
}

TEST(SimNetwork, in_a_storm_it_arrives_exactly_or_the_connection_ends_with_a_reason) {
    std::uint64_t ended = 0;
    for (std::uint64_t i = 0; i < settings().seeds_or(1'000); ++i) {
        const std::uint64_t seed = settings().first_seed + i;
        Wire wire(seed);
        wire.connect();
        wire.network.weather() = stormy(wire.chance);
        for (int step = 0; step < 150; ++step) {
            wire.say_something(wire.caller);
            wire.say_something(wire.called);
            wire.step();
            ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "seed " << seed << "\n"
                                                             << wire.trace.story();
        }
        const auto settled = [&wire] {
            return wire.everything_arrived() || (!wire.caller.alive() && !wire.called.alive());
        };
        ASSERT_TRUE(wire.until(settled)) << "seed " << seed << "\n" << wire.trace.story();
        for (const End* const end : {&wire.caller, &wire.called}) {
            if (end->alive()) continue;
            ++ended;
            EXPECT_NE(end->link->end(), LinkEnd::none);
            EXPECT_NE(end->link->end(), LinkEnd::by_us);
            EXPECT_GT(end->link->why().size(), 20U) << end->link->why();
        }
    }
    EXPECT_GT(ended, settings().seeds_or(1'000) / 4);  // it was a storm
}

TEST(SimNetwork, the_same_seed_tells_the_same_story) {
    const auto story_of = [](std::uint64_t seed) {
        Wire wire(seed);
        wire.connect();
        wire.network.weather() = stormy(wire.chance);
        for (int step = 0; step < 100; ++step) {
            wire.say_something(wire.caller);
            wire.step();
        }
        return wire.trace.hash() ^ wire.called.heard;
    };
    EXPECT_EQ(story_of(7), story_of(7));
    EXPECT_NE(story_of(7), story_of(8));
}

TEST(SimNetwork, nobody_there_is_unreachable) {
    Wire wire(1);
    wire.caller.link = wire.network.connector("a", wire.caller_options)->connect("nobody");
    ASSERT_TRUE(wire.until([&wire] { return !wire.caller.alive(); }));
    EXPECT_EQ(wire.caller.link->end(), LinkEnd::unreachable) << wire.caller.link->why();
}

TEST(SimNetwork, a_way_that_is_cut_delivers_when_it_is_mended) {
    Wire wire(1);
    wire.connect();
    wire.network.cut("a", "b", true);
    ASSERT_TRUE(wire.say(wire.caller, 100));
    ASSERT_TRUE(wire.say(wire.called, 100));
    ASSERT_TRUE(wire.until([&wire] { return wire.called.said.empty(); }));
    for (int i = 0; i < 100; ++i) wire.step();
    EXPECT_EQ(wire.called.heard, 0U) << "only the other way is open";
    wire.network.cut("a", "b", false);
    EXPECT_TRUE(wire.until([&wire] { return wire.everything_arrived(); }));
}

TEST(SimNetwork, a_peer_that_vanished_is_noticed_by_its_silence_only) {
    Wire wire(1);
    wire.connect();
    wire.network.machine_dies("b");
    const std::int64_t died_ns = wire.now_ns;
    ASSERT_TRUE(wire.until([&wire] { return !wire.caller.alive(); }));
    EXPECT_EQ(wire.caller.link->end(), LinkEnd::silent) << wire.caller.link->why();
    EXPECT_GE(wire.now_ns - died_ns, silence_ns - 10'000'000);
}

TEST(SimNetwork, the_death_of_a_process_is_heard_at_once) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Wire wire(seed);
        wire.connect();
        wire.network.process_dies("b");
        const std::int64_t died_ns = wire.now_ns;
        ASSERT_TRUE(wire.until([&wire] { return !wire.caller.alive(); }));
        EXPECT_TRUE(wire.caller.link->end() == LinkEnd::reset ||
                    wire.caller.link->end() == LinkEnd::by_peer)
            << wire.caller.link->why();
        EXPECT_LT(wire.now_ns - died_ns, 10'000'000);
    }
}

TEST(SimNetwork, a_reader_that_does_not_read_makes_the_sender_wait) {
    Wire wire(1);
    wire.connect();
    // no deadline: whoever is not read cannot be told from whoever is slow
    std::uint64_t accepted = 0;
    for (int i = 0; i < 5'000; ++i) {
        if (wire.say(wire.caller, 10'000)) ++accepted;
        wire.now_ns += step_ns;
        wire.network.advance_to(wire.now_ns);
        wire.work(wire.caller, wire.called, true);
        wire.work(wire.called, wire.caller, false);
        ASSERT_LE(wire.caller.link->unsent_bytes(), wire.caller_options.unsent_bytes_max);
    }
    ASSERT_TRUE(wire.caller.alive()) << wire.caller.link->why();
    EXPECT_LT(accepted, 600U);
    EXPECT_GT(wire.caller.link->counters().sends_put_off, 4'000U);
    EXPECT_TRUE(wire.until([&wire] { return wire.everything_arrived(); }));
}

}  // namespace
}  // namespace pawl::sim
