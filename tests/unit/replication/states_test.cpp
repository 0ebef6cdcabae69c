// States that are compared: nothing is acknowledged before, and where two nodes differ the first
// event is found.
#include <algorithm>
#include <random>

#include "engine/replication/difference_search.hpp"
#include "node.hpp"

namespace pawl::replication::testing {
namespace {

using Trace = std::vector<std::uint32_t>;  // behind each event; the first: behind none

bool copy_of(const Trace& trace, std::uint64_t first, std::span<std::uint32_t> to) {
    if (first + to.size() > trace.size()) return false;
    std::copy_n(trace.begin() + static_cast<std::ptrdiff_t>(first), to.size(), to.begin());
    return true;
}

StateWitness witness_of(const Trace& trace) {
    StateWitness witness;
    witness.differs = [](std::uint32_t) { return std::nullopt; };
    witness.trace = [&trace](std::uint32_t, std::uint64_t first, std::span<std::uint32_t> to) {
        return copy_of(trace, first, to);
    };
    witness.event = [](std::uint32_t, std::uint64_t sequence) {
        return "event " + std::to_string(sequence);
    };
    return witness;
}

StatesDiffer differ(std::uint64_t since, std::uint64_t until) {
    return {.shard = 0, .sentence = "so", .since = since, .until = until, .unnamed = "unnamed"};
}

// What a search says that asks whoever has this trace.
std::string found_by(DifferenceSearch& search, const Trace& there) {
    for (int questions = 0; !search.done(); ++questions) {
        EXPECT_LT(questions, 1000);
        const TraceAskFixed ask = search.question().fixed;
        TraceTold told{{ask.first, 0, ask.shard}, {}};
        told.halves.resize(ask.count);
        if (!copy_of(there, ask.first, told.halves)) told.halves.clear();
        EXPECT_TRUE(search.hear(told));
    }
    return search.sentence();
}

TEST(DifferenceSearch, finds_the_first_event_wherever_it_is) {
    std::mt19937_64 chance(1);
    for (int i = 0; i < 200; ++i) {
        Trace here(2 + chance() % 60'000);
        for (std::uint32_t& half : here) half = static_cast<std::uint32_t>(chance());
        const std::uint64_t until = here.size() - 1;
        const std::uint64_t since = chance() % until;
        const std::uint64_t first = since + 1 + chance() % (until - since);
        Trace there = here;
        for (std::uint64_t at = first; at <= until; at += 1 + chance() % 3) there[at] += 1;
        const StateWitness witness = witness_of(here);
        DifferenceSearch search(witness, differ(since, until));
        EXPECT_EQ(found_by(search, there),
                  "so; the first event that differs is event " + std::to_string(first));
    }
}

TEST(DifferenceSearch, says_what_it_cannot_find) {
    const Trace here(100, 7);
    const StateWitness witness = witness_of(here);
    DifferenceSearch same(witness, differ(10, 90));
    EXPECT_EQ(found_by(same, here), "so; unnamed");
    Trace before = here;
    before[10] = 8;
    DifferenceSearch earlier(witness, differ(10, 90));
    EXPECT_NE(found_by(earlier, before).find("they differed before that already"),
              std::string::npos);
    DifferenceSearch forgotten(witness, differ(10, 90));
    EXPECT_NE(found_by(forgotten, Trace(50)).find("the primary does not remember"),
              std::string::npos);
    DifferenceSearch unknown(witness, differ(10, 200));
    EXPECT_TRUE(unknown.done());
    DifferenceSearch alone(witness, differ(10, 90));
    alone.give_up("nobody is there");
    EXPECT_EQ(alone.sentence(), "so; the event is not known: nobody is there");
}

TEST(DifferenceSearch, takes_no_answer_that_it_did_not_ask_for) {
    const Trace here(100, 7);
    const StateWitness witness = witness_of(here);
    DifferenceSearch search(witness, differ(10, 90));
    const std::vector<std::uint32_t> right(81, 7);
    EXPECT_FALSE(search.hear({{11, 0, 0}, right}));
    EXPECT_FALSE(search.hear({{10, 0, 1}, right}));
    EXPECT_FALSE(search.hear({{10, 0, 0}, {right.begin(), right.end() - 1}}));
    EXPECT_FALSE(search.done());
    EXPECT_TRUE(search.hear({{10, 0, 0}, right}));
}

// Two nodes with one shard; the standby applies slowly.
class States : public ::testing::Test {
protected:
    void begin(const StateWitness& here, const Trace& there) {
        primary.emplace("a", NodeOptions{.shards = 1,
                                         .boot = 1,
                                         .trace = [&there](std::uint32_t, std::uint64_t first,
                                                           std::span<std::uint32_t> to) {
                                             return copy_of(there, first, to);
                                         }});
        standby.emplace("b",
                        NodeOptions{.shards = 1, .boot = 2, .run_bytes_max = 1024, .states = here});
        ASSERT_TRUE(primary->reign(1));
    }
    void append(int records) {
        for (int i = 0; i < records; ++i)
            while (!primary->append(0, 100)) primary->write_some(0);
    }
    Position append_state() {
        while (!primary->append_state(0)) primary->write_some(0);
        return primary->end(0);
    }
    void turn() {
        if (standby->receiver() == nullptr) {
            sender.reset();
            auto [called, caller] = connect(network, *listener, *connector, "a", now);
            ASSERT_NE(called, nullptr);
            sender = primary->sender(std::move(called), 1);
            standby->receive(std::move(caller), 0);
        }
        now += 100'000;
        network.advance_to(now);
        sender->do_work(now);
        standby->follow(now);
        primary->write_when_due(now);
        if (standby->is_open()) standby->write_some(0);
    }
    static LinkOptions link_options(std::uint64_t boot) {
        LinkOptions options;
        options.boot = boot;
        return options;
    }

    sim::Network network{1};
    std::unique_ptr<Listener> listener = network.listen("a", link_options(1));
    std::unique_ptr<Connector> connector = network.connector("b", link_options(2));
    std::optional<Node> primary;
    std::optional<Node> standby;
    std::unique_ptr<Sender> sender;
    std::int64_t now = 1'000'000'000;
};

TEST_F(States, are_compared_before_anything_behind_them_is_acknowledged) {
    const Trace trace;
    begin(witness_of(trace), trace);
    std::vector<Position> records;
    for (int i = 0; i < 20; ++i) {
        append(i * 3);
        records.push_back(append_state());
    }
    append(50);
    bool had_to_wait = false;
    for (int turns = 0; turns < 20'000; ++turns) {
        turn();
        const auto& there = sender->positions(0);
        for (const Position record : records)
            ASSERT_TRUE(there.received.load() <= record.value ||
                        there.applied.load() >= record.value);
        const bool more_is_here = standby->streams() != nullptr &&
                                  standby->streams()->received(0).value > there.received.load();
        had_to_wait = had_to_wait || more_is_here;
        if (there.applied.load() == primary->end(0).value) break;
    }
    EXPECT_EQ(sender->positions(0).applied.load(), primary->end(0).value);
    EXPECT_TRUE(had_to_wait);
}

TEST_F(States, that_differ_end_the_following_with_the_event) {
    const Trace there(200, 7);
    Trace here = there;
    std::fill(here.begin() + 123, here.end(), 8);
    StateWitness witness = witness_of(here);
    witness.differs = [this](std::uint32_t) -> std::optional<StatesDiffer> {
        if (standby->history(0).back().sequence < 150) return std::nullopt;
        return differ(0, 150);
    };
    begin(witness, there);
    append(150);
    const Position record = append_state();
    append(500);
    for (int turns = 0; turns < 20'000 && !standby->last_why.starts_with("so; "); ++turns) turn();
    EXPECT_NE(standby->last_why.find("the first event that differs is event 123"),
              std::string::npos)
        << standby->last_why;
    EXPECT_LE(sender->positions(0).received.load(), record.value);
}

}  // namespace
}  // namespace pawl::replication::testing
