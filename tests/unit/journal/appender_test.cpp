// Records that come from outside: taken whole and in order, or not at all.
#include <random>

#include "copy_kit.hpp"

namespace pawl::journal::testing {
namespace {

class Appender : public ::testing::Test {
protected:
    void SetUp() override {
        storage_folder(primary);
        ASSERT_TRUE(primary.open());
        ASSERT_TRUE(primary.append_epoch(1));
        ASSERT_TRUE(primary.append_many(60));
        ASSERT_TRUE(adopt(primary, standby, Position{0}).ok());
        ASSERT_TRUE(standby.open()) << standby.error().sentence;
        appender.emplace(standby.directory(), 0);
    }
    static void storage_folder(Life& life) { life.storage.make_directory("heads").ok(); }
    Piece run(std::size_t first, std::size_t last) {
        return {primary.written, first, last, seed_of(primary)};
    }
    void take(std::size_t first, std::size_t last) {
        const Piece some = run(first, last);
        const auto offered = appender->offer(some.stream());
        ASSERT_TRUE(offered.ok()) << offered.error().sentence;
        appender->take_some();
        ASSERT_EQ(appender->waiting_bytes(), 0U);
    }
    std::string refusal(const StreamRun& some) {
        const Position before = appender->end();
        const auto offered = appender->offer(some);
        EXPECT_EQ(appender->waiting_bytes(), 0U);
        EXPECT_EQ(appender->take_some(), 0U);
        EXPECT_EQ(appender->end(), before);
        return offered.ok() ? "" : offered.error().sentence;
    }
    Life primary;
    Life standby;
    std::optional<StreamAppender> appender;
};

TEST_F(Appender, takes_runs_and_the_streams_are_equal_to_the_byte) {
    take(0, 1);
    take(1, 40);
    take(40, 61);
    EXPECT_EQ(appender->end(), primary.end());
    EXPECT_EQ(appender->last_checksum(), primary.checksum());
    EXPECT_EQ(appender->epochs().last_epoch(), 1U);
    ASSERT_TRUE(standby.sync());
    standby.kill();
    ASSERT_TRUE(standby.open());
    EXPECT_TRUE(is_prefix(standby.replayed, primary.written, primary.written.size()));
}

TEST_F(Appender, refuses_a_gap_with_both_positions) {
    take(0, 10);
    const auto sentence = refusal(run(11, 20).stream());
    EXPECT_NE(
        sentence.find("begins at position " + std::to_string(primary.written[11].position.value)),
        std::string::npos)
        << sentence;
    EXPECT_NE(sentence.find("ends at " + std::to_string(primary.written[10].position.value)),
              std::string::npos)
        << sentence;
}

TEST_F(Appender, refuses_a_run_that_ends_inside_a_record) {
    const std::size_t last = primary.written[2].bytes.size();
    for (std::size_t cut = 8; cut < last; cut += 8) {
        Piece some = run(0, 3);
        some.bytes.resize(some.bytes.size() - cut);
        EXPECT_NE(refusal(some.stream()), "") << cut;
    }
    take(0, 3);
}

TEST_F(Appender, compares_what_it_has_and_skips_it) {
    take(0, 30);
    take(0, 30);
    EXPECT_EQ(appender->end(), primary.written[30].position);
    take(20, 50);
    EXPECT_EQ(appender->end(), primary.written[50].position);
    take(3, 61);
    EXPECT_EQ(appender->end(), primary.end());
}

TEST_F(Appender, compares_with_segments_what_has_left_the_head) {
    take(0, 61);
    ASSERT_TRUE(standby.close().ok());
    appender.reset();
    ASSERT_TRUE(standby.open());
    appender.emplace(standby.directory(), 0);
    EXPECT_EQ(standby.head().base(), primary.end());
    take(5, 61);
    Piece other = run(5, 61);
    other.bytes[300] ^= std::byte{1};
    EXPECT_NE(refusal(other.stream()).find("another record stands here"), std::string::npos);
}

TEST_F(Appender, refuses_another_history_below_its_end) {
    take(0, 30);
    Piece other = run(20, 40);
    other.bytes[80] ^= std::byte{1};
    EXPECT_NE(refusal(other.stream()).find("another record stands here at position"),
              std::string::npos);
    other = run(30, 40);
    other.checksum_before ^= 1;
    EXPECT_NE(refusal(other.stream()).find("checksum"), std::string::npos);
}

TEST_F(Appender, refuses_every_flipped_bit) {
    take(0, 10);
    const Piece good = run(10, 14);
    for (std::size_t bit = 0; bit < good.bytes.size() * 8; ++bit) {
        Piece bad = good;
        bad.bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        ASSERT_NE(refusal(bad.stream()), "") << bit;
    }
    take(10, 14);
}

TEST_F(Appender, refuses_an_epoch_that_does_not_rise_or_is_above_its_speakers) {
    take(0, 61);
    Life& life = primary;
    ASSERT_TRUE(life.append_epoch(1));
    EXPECT_NE(refusal(run(61, 62).stream()).find("begins epoch 1 behind epoch 1"),
              std::string::npos);
}

TEST_F(Appender, refuses_an_epoch_above_its_speakers) {
    take(0, 61);
    ASSERT_TRUE(primary.append_epoch(5));
    EXPECT_NE(refusal(run(61, 62).stream(4)).find("said by one of epoch 4"), std::string::npos);
    const Piece five = run(61, 62);
    EXPECT_TRUE(appender->offer(five.stream(5)).ok());
}

// A head of 64 KiB: it wraps many times, and is full now and then.
TEST_F(Appender, waits_when_the_head_is_full_and_never_drops) {
    ASSERT_TRUE(primary.append_many(3000, 200));
    std::mt19937_64 chance(1);
    std::size_t next = 0;
    std::uint64_t full = 0;
    while (next < primary.written.size()) {
        const std::size_t last =
            std::min<std::size_t>(primary.written.size(), next + 1 + chance() % 300);
        const Piece some = run(next, last);
        ASSERT_TRUE(appender->offer(some.stream()).ok());
        while (appender->waiting_bytes() != 0) {
            if (appender->take_some() != 0) continue;
            ++full;
            standby.journaler().demand(standby.head().committed());
            standby.journaler().do_work(0);
            standby.preparer().do_work(0);
        }
        next = last;
    }
    EXPECT_GT(full, 20U);
    ASSERT_TRUE(standby.sync());
    standby.kill();
    ASSERT_TRUE(standby.open());
    EXPECT_TRUE(is_prefix(standby.replayed, primary.written, primary.written.size()));
}

TEST_F(Appender, takes_nothing_beyond_the_limit) {
    const Piece some = run(0, 20);
    ASSERT_TRUE(appender->offer(some.stream()).ok());
    const Position limit{primary.written[7].position.value + 8};
    while (appender->take_some(limit) != 0) {
    }
    EXPECT_EQ(appender->end(), primary.written[7].position);
    EXPECT_GT(appender->waiting_bytes(), 0U);
    appender->take_some();
    EXPECT_EQ(appender->end(), primary.written[20].position);
}

}  // namespace
}  // namespace pawl::journal::testing
