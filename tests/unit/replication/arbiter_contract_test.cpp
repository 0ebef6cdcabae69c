// What every arbiter promises, asked of each kind: in memory, a file, a real etcd. Knows the
// contract only.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arbiter_history.hpp"
#include "engine/replication/open_arbiter.hpp"
#include "etcd_server.hpp"
#include "journal/posix_storage.hpp"
#include "testing/arbiter.hpp"
#include "testing/chance.hpp"

namespace pawl::replication::test {
namespace {

using Kind = ArbiterAnswer::Kind;

// Somewhere to keep a key, and ways to it.
class Place {
public:
    virtual ~Place() = default;
    virtual std::unique_ptr<Arbiter> way(const std::string& node) = 0;
    virtual std::int64_t now_ns() {
        return std::chrono::steady_clock::now().time_since_epoch().count();
    }
};

class MemoryPlace final : public Place {
public:
    std::unique_ptr<Arbiter> way(const std::string& node) override { return store_.connect(node); }
    std::int64_t now_ns() override { return now_ns_ += 50'000; }

private:
    sim::ArbiterStore store_{1};
    std::int64_t now_ns_ = 0;
};

class FilePlace final : public Place {
public:
    FilePlace() {
        std::string name =
            (std::filesystem::temp_directory_path() / "pawl_arbiter_XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~FilePlace() override { std::filesystem::remove_all(folder_); }
    std::unique_ptr<Arbiter> way(const std::string&) override {
        return open_arbiter("file://" + folder_ + "/arbiter", {}, storage_).value();
    }

private:
    journal::PosixStorage storage_;
    std::string folder_;
};

// One server for all tests, a key of its own for each.
class EtcdPlace final : public Place {
public:
    EtcdPlace() : key_("key" + std::to_string(++keys)) {}
    std::unique_ptr<Arbiter> way(const std::string&) override {
        const ArbiterOptions patient{.attempt_timeout_ns = 60'000'000'000,
                                     .request_timeout_ns = 60'000'000'000};
        return open_arbiter(server->address(key_), patient, storage_).value();
    }

    static std::unique_ptr<EtcdServer> server;

private:
    static int keys;
    journal::PosixStorage storage_;
    const std::string key_;
};
std::unique_ptr<EtcdServer> EtcdPlace::server;
int EtcdPlace::keys = 0;

class ArbiterContract : public ::testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (GetParam() == "memory") place_ = std::make_unique<MemoryPlace>();
        if (GetParam() == "file") place_ = std::make_unique<FilePlace>();
        if (GetParam() != "etcd") return;
        if (EtcdServer::program().empty()) GTEST_SKIP() << "etcd is not installed";
        if (!EtcdPlace::server) {
            EtcdPlace::server = std::make_unique<EtcdServer>();
            ASSERT_TRUE(EtcdPlace::server->start());
        }
        place_ = std::make_unique<EtcdPlace>();
    }
    static void TearDownTestSuite() { EtcdPlace::server.reset(); }

    std::unique_ptr<Arbiter> way(const std::string& node) { return place_->way(node); }
    ArbiterAnswer finish(Arbiter& arbiter) {
        for (;;)
            if (auto answer = arbiter.do_work(place_->now_ns())) return *answer;
    }
    ArbiterAnswer read(Arbiter& arbiter) {
        arbiter.read();
        return finish(arbiter);
    }
    ArbiterAnswer swap(Arbiter& arbiter, std::uint64_t expected_revision, const Reign& wanted) {
        arbiter.compare_and_swap(expected_revision, wanted);
        return finish(arbiter);
    }

    std::unique_ptr<Place> place_;
};

const Reign first_a = first({"a", 1}, 0).value();
const Reign first_b = first({"b", 2}, 0).value();

TEST_P(ArbiterContract, a_read_of_nothing_is_absent) {
    const auto a = way("a");
    EXPECT_FALSE(a->busy());
    EXPECT_FALSE(a->do_work(place_->now_ns())) << "no answer without a question";
    a->read();
    EXPECT_TRUE(a->busy());
    const auto answer = finish(*a);
    EXPECT_FALSE(a->busy());
    EXPECT_EQ(answer.kind, Kind::absent) << answer.why;
    EXPECT_EQ(answer.revision, 0U);
    EXPECT_FALSE(answer.reign);
}

TEST_P(ArbiterContract, what_was_created_is_found_by_everybody) {
    const auto a = way("a");
    const auto b = way("b");
    const auto made = swap(*a, 0, first_a);
    ASSERT_EQ(made.kind, Kind::swapped) << made.why;
    EXPECT_NE(made.revision, 0U);
    EXPECT_EQ(made.reign, first_a);
    for (Arbiter* each : {a.get(), b.get()}) {
        const auto found = read(*each);
        ASSERT_EQ(found.kind, Kind::found) << found.why;
        EXPECT_EQ(found.reign, first_a);
        EXPECT_EQ(found.revision, made.revision);
    }
}

TEST_P(ArbiterContract, it_is_created_once) {
    const auto a = way("a");
    const auto b = way("b");
    const auto made = swap(*a, 0, first_a);
    for (Arbiter* each : {b.get(), a.get()}) {
        const auto answer = swap(*each, 0, first_b);
        ASSERT_EQ(answer.kind, Kind::conflict) << answer.why;
        EXPECT_EQ(answer.reign, first_a);
        EXPECT_EQ(answer.revision, made.revision);
    }
}

TEST_P(ArbiterContract, a_swap_needs_the_revision_of_today) {
    const auto a = way("a");
    const auto b = way("b");
    const auto made = swap(*a, 0, first_a);
    const Reign both = add_standby(first_a, {"a", 1}, "b").value();
    const auto grown = swap(*a, made.revision, both);
    ASSERT_EQ(grown.kind, Kind::swapped) << grown.why;
    EXPECT_GT(grown.revision, made.revision);
    const Reign taken = take_over(both, {"b", 2}).value();
    const auto stale = swap(*b, made.revision, taken);
    ASSERT_EQ(stale.kind, Kind::conflict) << stale.why;
    EXPECT_EQ(stale.reign, both);
    EXPECT_EQ(stale.revision, grown.revision);
    EXPECT_EQ(swap(*b, grown.revision + 1000, taken).kind, Kind::conflict);
    const auto right = swap(*b, grown.revision, taken);
    ASSERT_EQ(right.kind, Kind::swapped) << right.why;
    EXPECT_EQ(read(*a).reign, taken);
}

TEST_P(ArbiterContract, a_revision_of_nothing_is_a_conflict_with_nothing) {
    const auto a = way("a");
    const auto answer = swap(*a, 7, first_a);
    EXPECT_EQ(answer.kind, Kind::conflict) << answer.why;
    EXPECT_FALSE(answer.reign);
    EXPECT_EQ(answer.revision, 0U);
    EXPECT_EQ(read(*a).kind, Kind::absent);
}

TEST_P(ArbiterContract, the_same_value_again_has_another_revision) {
    const auto a = way("a");
    const auto made = swap(*a, 0, first_a);
    const auto again = swap(*a, made.revision, first_a);
    ASSERT_EQ(again.kind, Kind::swapped) << again.why;
    EXPECT_GT(again.revision, made.revision);
    EXPECT_EQ(swap(*a, made.revision, first_a).kind, Kind::conflict);
}

TEST_P(ArbiterContract, of_those_that_race_exactly_one_wins_each_round) {
    constexpr int rounds = 20;
    std::vector<std::unique_ptr<Arbiter>> ways;
    for (int i = 0; i < 5; ++i) ways.push_back(way("n" + std::to_string(i)));
    std::uint64_t revision = 0;
    for (int round = 0; round < rounds; ++round) {
        std::vector<std::optional<ArbiterAnswer>> answers(ways.size());
        for (std::size_t i = 0; i < ways.size(); ++i)
            ways[i]->compare_and_swap(
                revision,
                first({"n" + std::to_string(i), 1}, static_cast<unsigned>(round)).value());
        for (std::size_t open = ways.size(); open != 0;) {
            for (std::size_t i = 0; i < ways.size(); ++i) {
                if (answers[i]) continue;
                answers[i] = ways[i]->do_work(place_->now_ns());
                if (answers[i]) --open;
            }
        }
        std::vector<std::size_t> winners;
        for (std::size_t i = 0; i < ways.size(); ++i)
            if (answers[i]->kind == Kind::swapped) winners.push_back(i);
        ASSERT_EQ(winners.size(), 1U) << "round " << round;
        const auto& winner = *answers[winners.front()];
        for (const auto& answer : answers) {
            ASSERT_TRUE(answer->kind == Kind::swapped || answer->kind == Kind::conflict)
                << answer->why;
            EXPECT_EQ(answer->revision, winner.revision);
            EXPECT_EQ(answer->reign, winner.reign);
        }
        revision = winner.revision;
    }
}

TEST_P(ArbiterContract, what_everybody_heard_fits_one_key_that_changes_step_by_step) {
    constexpr std::size_t answers = 150;
    struct Node {
        std::unique_ptr<Arbiter> arbiter;
        Heard now;
        std::uint64_t revision = 0;
    };
    std::vector<Node> nodes(4);
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].arbiter = way("n" + std::to_string(i));
    sim::Chance chance(GetParam().size());
    std::vector<Heard> all;
    std::int64_t ticks = 0;
    std::uint64_t boot = 0;
    while (all.size() < answers) {
        const std::size_t which = chance.below(nodes.size());
        Node& node = nodes[which];
        if (!node.arbiter->busy()) {
            node.now = {};
            node.now.begin = ++ticks;
            if (chance.one_in(3)) {
                node.arbiter->read();
            } else {
                node.now.wanted = first({"n" + std::to_string(which), ++boot}, 0).value();
                node.now.expected_revision = node.revision;
                node.arbiter->compare_and_swap(node.revision, *node.now.wanted);
            }
        }
        // sometimes only a look, so that questions overlap
        for (std::uint64_t looks = 1 + chance.below(200); looks != 0; --looks) {
            const auto answer = node.arbiter->do_work(place_->now_ns());
            if (!answer) continue;
            ASSERT_NE(answer->kind, Kind::refused) << answer->why;
            ASSERT_NE(answer->kind, Kind::unknown) << answer->why;
            node.now.end = ++ticks;
            node.now.answer = *answer;
            node.revision = answer->revision;
            all.push_back(node.now);
            break;
        }
    }
    for (const Node& node : nodes) {
        if (!node.arbiter->busy()) continue;
        all.push_back(node.now);  // perhaps it has happened, and only the answer is missing
        all.back().end = ++ticks;
    }
    EXPECT_EQ(contradiction(all), "");
}

INSTANTIATE_TEST_SUITE_P(of, ArbiterContract, ::testing::Values("memory", "file", "etcd"),
                         [](const auto& kind) { return kind.param; });

// ---- the judge must be able to say no

TEST(ArbiterHistory, a_contradiction_is_found) {
    const Reign a = first_a;
    const Reign b = first_b;
    const auto answer = [](Kind kind, const Reign& reign, std::uint64_t revision) {
        return ArbiterAnswer{kind, reign, revision, {}};
    };
    const Heard made{1, 4, a, 0, answer(Kind::swapped, a, 1)};
    EXPECT_EQ(contradiction({made}), "");
    EXPECT_EQ(contradiction({made, {2, 3, b, 0, answer(Kind::swapped, b, 2)}}),
              "revision 2: replaces 0, but 1 was there");
    EXPECT_EQ(contradiction({made, {2, 3, a, 0, answer(Kind::swapped, a, 1)}}),
              "revision 1: two winners");
    EXPECT_EQ(contradiction({made, {2, 3, {}, 0, answer(Kind::found, b, 1)}}),
              "revision 1: two values");
    EXPECT_EQ(contradiction({made, {2, 3, {}, 0, answer(Kind::found, b, 2)}}),
              "revision 2: nobody wrote it");
    EXPECT_EQ(contradiction({made, {5, 6, {}, 0, {Kind::absent, {}, 0, {}}}}),
              "revision 0: said after 1");
    EXPECT_EQ(contradiction({made, {-2, -1, {}, 0, answer(Kind::found, a, 1)}}),
              "revision 1: said before anybody asked for it");
    const Heard lost{2, 3, b, 1, {Kind::unknown, {}, 0, {}}};
    const Heard seen{8, 9, {}, 0, answer(Kind::found, b, 2)};
    EXPECT_EQ(contradiction({made, lost, seen}), "");
    EXPECT_EQ(contradiction({made, lost, seen, {10, 11, {}, 0, answer(Kind::found, b, 3)}}),
              "revision 3: nobody wrote it");
    EXPECT_EQ(contradiction({made, {2, 3, b, 1, answer(Kind::conflict, a, 1)}}),
              "revision 1: a conflict without a reason");
}

}  // namespace
}  // namespace pawl::replication::test
