// A directory that becomes a copy: empty, or from a snapshot on, and whoever dies half way is
// finished by the next opening.
#include <algorithm>

#include "copy_kit.hpp"
#include "journal/inspect_feed.hpp"
#include "journal/inspect_verify.hpp"
#include "journal/interrupted.hpp"

namespace pawl::journal::testing {
namespace {

class Copies : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(primary.open());
        ASSERT_TRUE(primary.append_epoch(1));
        ASSERT_TRUE(primary.append_many(900, 150));
        ASSERT_TRUE(primary.sync());
        ASSERT_TRUE(primary.snapshot().ok());
        begin = primary.head().synced();
        ASSERT_TRUE(primary.append_many(300, 150));
    }
    Result<VerifyReport> verify(Life& life) {
        return verify_directory(life.storage, life.options().path);
    }
    void take_the_snapshot(Life& to) {
        const auto taken = take_snapshot(primary, to, primary.snapshots().front());
        ASSERT_TRUE(taken.ok()) << taken.error().sentence;
    }
    void adopts(Life& to, Position at) {
        const auto adopted = adopt(primary, to, at);
        ASSERT_TRUE(adopted.ok()) << adopted.error().sentence;
    }
    void opens_and_follows(Life& life) {
        ASSERT_TRUE(life.open()) << life.error().sentence;
        ASSERT_TRUE(follow(primary, life));
        ASSERT_TRUE(life.close().ok());
        ASSERT_TRUE(life.open()) << life.error().sentence;
        EXPECT_TRUE(is_prefix(life.replayed, primary.written, primary.written.size()));
    }
    Life primary;
    Life standby;
    Position begin;
};

TEST_F(Copies, an_empty_one_has_the_origins_identity_and_values_and_no_record) {
    adopts(standby, Position{0});
    const auto manifest = read_manifest(standby.storage, "dir");
    ASSERT_TRUE(manifest.ok());
    EXPECT_EQ(origin_of(*manifest), origin_of(primary.directory().manifest()));
    EXPECT_EQ(manifest->epoch(), 0U);
    ASSERT_TRUE(standby.open()) << standby.error().sentence;
    EXPECT_TRUE(standby.replayed.empty());
    EXPECT_EQ(standby.directory().end(0).last_checksum, seed_of(primary));
}

TEST_F(Copies, an_empty_one_follows_from_the_first_record) {
    adopts(standby, Position{0});
    opens_and_follows(standby);
}

TEST_F(Copies, one_that_begins_at_a_snapshot_is_a_directory_after_retention) {
    take_the_snapshot(standby);
    adopts(standby, begin);
    auto before = verify(standby);
    ASSERT_TRUE(before.ok()) << before.error().sentence;
    EXPECT_TRUE(before->clean);
    EXPECT_EQ(before->shards[0].snapshots, 1U);
    EXPECT_EQ(before->shards[0].begin, begin);
    ASSERT_TRUE(standby.open()) << standby.error().sentence;
    EXPECT_EQ(standby.report().snapshot_position, begin);
    EXPECT_EQ(standby.directory().kept(0).position, begin);
    EXPECT_EQ(standby.directory().end(0).epochs,
              EpochLog(std::vector<EpochStart>{{1, Position{0}}}));
    ASSERT_TRUE(follow(primary, standby));
    ASSERT_TRUE(standby.sync());
    // Reading below is refused by name, reading from there on is not.
    auto reader = standby.directory().reader(0);
    EXPECT_FALSE(reader->next(standby.head().synced()).ok());
    reader->seek(begin);
    const auto first = reader->next(standby.head().synced());
    ASSERT_TRUE(first.ok()) << first.error().sentence;
    EXPECT_EQ(first->position, begin);
    ASSERT_TRUE(standby.snapshot().ok());
    standby.kill();
    auto after = verify(standby);
    ASSERT_TRUE(after.ok());
    EXPECT_TRUE(after->clean) << (after->shards[0].sentences.empty()
                                      ? std::string()
                                      : after->shards[0].sentences.front());
    ASSERT_TRUE(standby.open());
    EXPECT_TRUE(is_prefix(standby.replayed, primary.written, primary.written.size()));
    EXPECT_EQ(standby.snapshots().size(), 2U);
}

TEST_F(Copies, one_that_begins_at_a_snapshot_can_be_dumped_and_followed_from_outside) {
    take_the_snapshot(standby);
    adopts(standby, begin);
    ASSERT_TRUE(standby.open());
    ASSERT_TRUE(follow(primary, standby));
    ShardFeed feed(standby.storage, "dir", 0);
    Collector seen;
    for (bool more = true; more;) {
        auto read = feed.read_on(seen);
        ASSERT_TRUE(read.ok()) << read.error().sentence;
        more = *read;
    }
    EXPECT_EQ(feed.begin(), begin);
    std::size_t first = 0;
    while (primary.written[first].position < begin) ++first;
    ASSERT_EQ(seen.history.size(), primary.written.size() - first);
    for (std::size_t i = 0; i < seen.history.size(); ++i)
        EXPECT_EQ(seen.history[i].bytes, primary.written[first + i].bytes);
}

TEST_F(Copies, one_without_its_snapshot_is_refused_by_name) {
    take_the_snapshot(standby);
    adopts(standby, begin);
    ASSERT_TRUE(standby.storage.remove(standby.snapshots().front()).ok());
    ASSERT_FALSE(standby.open());
    EXPECT_NE(standby.error().sentence.find("00000001.seg is not there"), std::string::npos)
        << standby.error().sentence;
}

TEST_F(Copies, a_stale_one_begins_anew_and_its_files_are_set_aside) {
    adopts(standby, Position{0});
    ASSERT_TRUE(standby.open());
    Life young;  // what the standby had seen
    young.written.assign(primary.written.begin(), primary.written.begin() + 500);
    {
        StreamAppender appender(standby.directory(), 0);
        for (std::size_t i = 0; i < 500; ++i) {
            const Piece one(primary.written, i, i + 1, seed_of(primary));
            ASSERT_TRUE(appender.offer(one.stream()).ok());
            if (appender.take_some() == 0) {
                ASSERT_TRUE(standby.sync());
                appender.take_some();
            }
        }
    }
    ASSERT_TRUE(standby.sync());
    ASSERT_TRUE(standby.snapshot().ok());
    take_the_snapshot(standby);  // beside its life
    ASSERT_TRUE(standby.close().ok());
    const auto segment = standby.bytes(1);
    adopts(standby, begin);
    EXPECT_EQ(standby.storage.bytes_of("dir/quarantine/s0-00000001.seg.1"), segment);
    opens_and_follows(standby);
    EXPECT_EQ(standby.report().snapshot_position, begin);
}

TEST_F(Copies, one_that_was_not_closed_in_order_is_refused) {
    adopts(standby, Position{0});
    ASSERT_TRUE(standby.open());
    standby.kill();
    const auto adopted = adopt(primary, standby, Position{0});
    ASSERT_FALSE(adopted.ok());
    EXPECT_NE(adopted.error().sentence.find("not closed in order"), std::string::npos);
}

TEST_F(Copies, another_history_is_never_overwritten) {
    standby.options().random = [state = std::uint64_t{99}]() mutable { return state += 12345; };
    ASSERT_TRUE(standby.open());
    ASSERT_TRUE(standby.close().ok());
    const auto adopted = adopt(primary, standby, Position{0});
    ASSERT_FALSE(adopted.ok());
    EXPECT_EQ(adopted.error().code, ErrorCode::mismatch);
    EXPECT_NE(adopted.error().sentence.find(to_hex(primary.directory().manifest().identity)),
              std::string::npos);
}

TEST_F(Copies, a_snapshot_whose_bytes_were_changed_on_the_way_is_not_taken) {
    const Identity identity = primary.directory().manifest().identity;
    auto reader = SnapshotReader::open(primary.storage, primary.snapshots().front(), identity, 0);
    ASSERT_TRUE(reader.ok());
    std::vector<std::byte> body((*reader)->left());
    ASSERT_TRUE((*reader)->read(body).ok());
    const Hash128 hash = hash128(body.data(), body.size());
    body[body.size() / 2] ^= std::byte{4};
    auto incoming =
        IncomingSnapshot::create(standby.storage, {"dir", 0, identity}, (*reader)->facts());
    ASSERT_TRUE(incoming.ok());
    ASSERT_TRUE((*incoming)->write(body).ok());
    EXPECT_FALSE((*incoming)->write(std::span(body).first(1)).ok());
    const auto finished = (*incoming)->finish(hash);
    ASSERT_FALSE(finished.ok());
    EXPECT_EQ(finished.error().code, ErrorCode::damaged);
    incoming->reset();
    EXPECT_FALSE(adopt(primary, standby, begin).ok());
}

// Dies, or fails, at every call of the adoption of an older copy, or right behind the last, with
// and without the power.
TEST_F(Copies, whoever_dies_half_way_is_finished_by_the_next_opening) {
    const auto prepare = [&](Life& life) {
        life.storage.make_directory("heads").ok();
        ASSERT_TRUE(adopt(primary, life, Position{0}).ok());
        ASSERT_TRUE(life.open());
        StreamAppender appender(life.directory(), 0);
        const Piece some(primary.written, 0, 200, seed_of(primary));
        ASSERT_TRUE(appender.offer(some.stream()).ok());
        appender.take_some();
        ASSERT_TRUE(life.close().ok());
        take_the_snapshot(life);
    };
    Life whole;
    prepare(whole);
    const auto before = whole.storage.calls();
    adopts(whole, begin);
    const auto calls = whole.storage.calls() - before;
    ASSERT_GT(calls, 20U);
    for (int how = 0; how < 4; ++how) {
        for (std::uint64_t n = 1; n <= calls + 1; n += sanitized ? 5 : 1) {
            SCOPED_TRACE("call " + std::to_string(n) + " way " + std::to_string(how));
            Life life;
            prepare(life);
            if (how == 3)
                life.storage.fail_call(n);
            else
                life.storage.die_at_call(n);
            static_cast<void>(adopt(primary, life, begin).ok());
            life.storage.revive();
            if (how == 1) life.storage.cut_power(Unsynced::lost);
            if (how == 2) life.storage.cut_power(Unsynced::every_other_sector);
            ASSERT_TRUE(life.open()) << life.error().sentence;
            const bool anew = life.report().snapshot_position == begin;
            ASSERT_TRUE(is_prefix(life.replayed, primary.written, 200));
            if (!anew) {  // as it was: the snapshot comes again, and then
                ASSERT_EQ(life.replayed.size(), 200U);
                ASSERT_TRUE(life.close().ok());
                take_the_snapshot(life);
                adopts(life, begin);
                ASSERT_TRUE(life.open()) << life.error().sentence;
                ASSERT_EQ(life.report().snapshot_position, begin);
            }
            ASSERT_TRUE(follow(primary, life, 100));
            life.kill();
            ASSERT_TRUE(life.open()) << life.error().sentence;
            ASSERT_TRUE(is_prefix(life.replayed, primary.written, primary.written.size()));
        }
    }
}

TEST_F(Copies, whoever_only_looks_is_told_of_an_unfinished_change) {
    take_the_snapshot(standby);
    Life& life = standby;
    life.storage.make_directory("heads").ok();
    std::uint64_t n = 1;
    for (; n < 1000; ++n) {
        life.storage.die_at_call(n);
        static_cast<void>(adopt(primary, life, begin).ok());
        life.storage.revive();
        auto unfinished = interrupted_change(life.storage, "dir");
        ASSERT_TRUE(unfinished.ok());
        if (*unfinished == "adopting") break;
    }
    ASSERT_LT(n, 1000U);
    const auto looked = verify(life);
    ASSERT_FALSE(looked.ok());
    EXPECT_NE(looked.error().sentence.find("was interrupted"), std::string::npos);
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_EQ(life.report().snapshot_position, begin);
}

}  // namespace
}  // namespace pawl::journal::testing
