// Nodes that ask the simulated arbiter in every weather: what they hear fits one key, and the key's
// own history agrees. Knows the store's inside; the judge knows only what was heard.
#include "testing/arbiter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "settings.hpp"
#include "tests/unit/replication/arbiter_history.hpp"

namespace pawl::sim {
namespace {

using replication::Arbiter;
using replication::ArbiterAnswer;
using replication::test::contradiction;
using replication::test::Heard;
using Kind = ArbiterAnswer::Kind;

ArbiterWeather some_weather(Chance& chance) {
    ArbiterWeather weather;
    const auto sometimes = [&] { return chance.coin() ? 0 : 2 + chance.below(8); };
    weather.question_lost_one_in = sometimes();
    weather.answer_lost_one_in = sometimes();
    weather.doubled_one_in = sometimes();
    weather.late_one_in = sometimes();
    return weather;
}

struct Life {
    std::vector<Heard> heard;
    std::uint64_t made = 0, unknown = 0, late = 0;
    std::string fault;
};

Life live(std::uint64_t seed) {
    Life life;
    Chance chance(seed);
    ArbiterStore store(chance.next());
    store.weather = some_weather(chance);
    struct Node {
        std::unique_ptr<Arbiter> arbiter;
        Heard now{};
        std::uint64_t revision = 0;
    };
    std::vector<Node> nodes(3);
    const auto name = [](std::size_t index) {
        return std::string(1, static_cast<char>('a' + index));
    };
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].arbiter = store.connect(name(i));
    std::uint64_t boot = 0;
    std::int64_t now_ns = 1;
    for (int step = 0; step < 400; ++step) {
        now_ns +=
            1 + static_cast<std::int64_t>(chance.below(chance.one_in(8) ? 500'000'000 : 400'000));
        const std::size_t which = chance.below(nodes.size());
        Node& node = nodes[which];
        if (chance.one_in(40)) store.cut_off(name(which), chance.coin());
        if (chance.one_in(80)) store.stop(chance.coin());
        if (!node.arbiter->busy()) {
            node.now = {};
            node.now.begin = now_ns;
            if (chance.one_in(3)) {
                node.arbiter->read();
            } else {
                node.now.wanted = replication::first({name(which), ++boot}, 0).value();
                node.now.expected_revision = node.revision;
                node.arbiter->compare_and_swap(node.revision, *node.now.wanted);
            }
        }
        const auto answer = node.arbiter->do_work(now_ns);
        if (!answer) continue;
        node.now.end = now_ns;
        node.now.answer = *answer;
        life.unknown += answer->kind == Kind::unknown ? 1U : 0U;
        if (answer->kind != Kind::unknown) node.revision = answer->revision;
        life.heard.push_back(node.now);
    }
    for (const Node& node : nodes) {
        if (!node.arbiter->busy()) continue;
        life.heard.push_back(node.now);  // perhaps it has happened, and only the answer is missing
        life.heard.back().end = now_ns;
    }
    // after the storm: whatever is under way arrives, and the key is what the store says
    store.stop(false);
    for (std::size_t i = 0; i < nodes.size(); ++i) store.cut_off(name(i), false);
    store.weather = {};
    while (const auto next = store.next_ns()) store.advance_to(now_ns = std::max(now_ns, *next));
    Heard last;
    const auto reader = store.connect("reader");
    reader->read();
    last.begin = ++now_ns;
    std::optional<ArbiterAnswer> answer;
    while (!(answer = reader->do_work(now_ns))) now_ns += 1'000'000;
    last.end = now_ns;
    last.answer = *answer;
    life.heard.push_back(last);
    life.made = store.history().size();
    life.fault = contradiction(life.heard);
    const std::uint64_t kept = life.made == 0 ? 0 : store.history().back().revision;
    if (last.answer.revision != kept) life.fault += "the last read is not what is kept";
    for (const auto& made : store.history()) {
        for (const Heard& one : life.heard) {
            const bool same = one.wanted && *one.wanted == made.reign;
            if (same && one.answer.kind == Kind::unknown && made.at_ns > one.end) ++life.late;
            if (same && one.answer.kind == Kind::conflict)
                life.fault += "a conflict that happened after all";
        }
    }
    return life;
}

TEST(SimArbiter, in_every_weather_tells_one_story) {
    const std::uint64_t seeds = settings().seeds_or(3000);
    std::uint64_t made = 0, unknown = 0, late = 0;
    for (std::uint64_t i = 0; i < seeds; ++i) {
        const std::uint64_t seed = settings().first_seed + i;
        const Life life = live(seed);
        ASSERT_EQ(life.fault, "") << "seed " << seed;
        made += life.made;
        unknown += life.unknown;
        late += life.late;
    }
    EXPECT_GT(made, seeds) << "or nothing happened";
    EXPECT_GT(unknown, seeds);
    EXPECT_GT(late, 0U) << "swaps that happened after they were given up";
}

TEST(SimArbiter, is_the_same_for_the_same_seed) {
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        const Life one = live(seed);
        const Life two = live(seed);
        ASSERT_EQ(one.heard.size(), two.heard.size());
        for (std::size_t i = 0; i < one.heard.size(); ++i) {
            ASSERT_EQ(one.heard[i].end, two.heard[i].end);
            ASSERT_EQ(one.heard[i].answer.kind, two.heard[i].answer.kind);
            ASSERT_EQ(one.heard[i].answer.revision, two.heard[i].answer.revision);
        }
    }
}

}  // namespace
}  // namespace pawl::sim
