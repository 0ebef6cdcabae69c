// Where two histories parted: the function, held against the histories themselves.
#include "journal/epoch_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

EpochLog log_of(std::initializer_list<EpochStart> starts) {
    return EpochLog(std::vector<EpochStart>(starts));
}

TEST(EpochLog, of_equal_histories_says_their_shorter_end) {
    const EpochLog log = log_of({{1, Position{0}}, {4, Position{800}}});
    EXPECT_EQ(part_point(log, Position{1600}, log, Position{1200}), Position{1200});
    EXPECT_EQ(part_point(log, Position{1200}, log, Position{1600}), Position{1200});
}

TEST(EpochLog, says_where_the_newer_epoch_began_when_the_older_one_went_on) {
    const EpochLog old_primary = log_of({{1, Position{0}}});
    const EpochLog new_primary = log_of({{1, Position{0}}, {2, Position{800}}});
    EXPECT_EQ(part_point(new_primary, Position{4000}, old_primary, Position{1200}), Position{800});
    EXPECT_EQ(part_point(new_primary, Position{4000}, old_primary, Position{400}), Position{400});
}

TEST(EpochLog, of_an_empty_history_says_zero_whatever_the_other_is) {
    const EpochLog some = log_of({{7, Position{800}}});
    EXPECT_EQ(part_point(some, Position{1600}, EpochLog{}, Position{0}), Position{0});
    EXPECT_EQ(part_point(EpochLog{}, Position{0}, some, Position{1600}), Position{0});
}

TEST(EpochLog, that_is_not_whole_and_shares_no_epoch_proves_nothing) {
    const EpochLog late = log_of({{7, Position{800}}});
    const EpochLog other = log_of({{1, Position{0}}, {3, Position{400}}});
    EXPECT_EQ(part_point(late, Position{1600}, other, Position{1600}), std::nullopt);
    const EpochLog stranger = log_of({{2, Position{0}}});
    EXPECT_EQ(part_point(other, Position{1600}, stranger, Position{80}), Position{0});
}

TEST(EpochLog, keeps_the_newest_and_is_not_whole_then) {
    std::vector<EpochStart> starts;
    for (std::uint64_t i = 0; i < epoch_starts_max; ++i) starts.push_back({i + 1, Position{i * 8}});
    EpochLog log(starts);
    EXPECT_TRUE(log.whole());
    starts.push_back({epoch_starts_max + 1, Position{epoch_starts_max * 8}});
    log = EpochLog(starts);
    EXPECT_FALSE(log.whole());
    EXPECT_EQ(log.starts().size(), epoch_starts_max);
    EXPECT_EQ(log.last_epoch(), epoch_starts_max + 1);
}

TEST(EpochLog, is_carried_by_snapshots_and_found_again_by_recovery) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_epoch(3));
    ASSERT_TRUE(life.append_many(50));
    const Position second = life.end();
    ASSERT_TRUE(life.append_epoch(9));
    ASSERT_TRUE(life.sync());
    const EpochLog two = log_of({{3, Position{0}}, {9, second}});
    ASSERT_TRUE(life.snapshot().ok());
    ASSERT_TRUE(life.append_many(10));
    const Position third = life.end();
    ASSERT_TRUE(life.append_epoch(10));
    ASSERT_TRUE(life.close().ok());
    ASSERT_TRUE(life.open());
    EXPECT_NE(life.report().snapshot_path, "");
    EXPECT_EQ(life.directory().end(0).epochs, log_of({{3, Position{0}}, {9, second}, {10, third}}));
    const auto facts = SnapshotReader::look(life.storage, life.snapshots().front(),
                                            life.directory().manifest().identity, 0);
    ASSERT_TRUE(facts.ok());
    EXPECT_EQ(facts->epochs, two);
}

// A history as the naive model has it: for each unit of 8 bytes, who wrote it.
struct Model {
    std::vector<std::uint64_t> writer;  // the epoch, for each unit
    EpochLog log() const {
        std::vector<EpochStart> starts;
        for (std::size_t i = 0; i < writer.size(); ++i)
            if (i == 0 || writer[i] != writer[i - 1])
                starts.push_back({writer[i], Position{i * 8}});
        return EpochLog(starts);
    }
    Position end() const { return Position{writer.size() * 8}; }
};

Position longest_common(const Model& a, const Model& b) {
    const auto stop =
        std::mismatch(a.writer.begin(), a.writer.end(), b.writer.begin(), b.writer.end());
    return Position{static_cast<std::uint64_t>(stop.first - a.writer.begin()) * 8};
}

// Nodes copy prefixes of each other, cut at where they part, and write under epochs that are never
// given twice. The function must find the longest common prefix of any two of them.
TEST(EpochLog, finds_the_longest_common_prefix_of_any_two_histories_of_one_stream) {
    const std::uint64_t seeds = sanitized ? 2'000 : 20'000;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        std::mt19937_64 chance(seed);
        const auto below = [&](std::uint64_t n) { return chance() % n; };
        std::vector<Model> nodes(4);
        std::uint64_t epoch = 0;
        for (int step = 0; step < 25; ++step) {
            Model& node = nodes[below(nodes.size())];
            Model& other = nodes[below(nodes.size())];
            switch (below(3)) {
                case 0:  // begins a reign and writes
                    node.writer.insert(node.writer.end(), 1 + below(4), ++epoch);
                    break;
                case 1:  // goes on under its reign, if it is the one who wrote last
                    if (!node.writer.empty() && node.writer.back() == epoch &&
                        std::all_of(nodes.begin(), nodes.end(), [&](const Model& one) {
                            return longest_common(one, node) == one.end() ||
                                   one.writer.back() != epoch;
                        }))
                        node.writer.insert(node.writer.end(), below(4), epoch);
                    break;
                default:  // follows: cuts its tail, copies some
                    node.writer.resize(longest_common(node, other).value / 8);
                    while (node.writer.size() < other.writer.size() && below(4) != 0)
                        node.writer.push_back(other.writer[node.writer.size()]);
            }
        }
        for (const Model& a : nodes)
            for (const Model& b : nodes)
                ASSERT_EQ(part_point(a.log(), a.end(), b.log(), b.end()), longest_common(a, b))
                    << "seed " << seed;
    }
}

}  // namespace
}  // namespace pawl::journal::testing
