// Cutting the tail that a history has gone another way without: whole, named, and never half.
#include <algorithm>

#include "copy_kit.hpp"
#include "journal/inspect_verify.hpp"

namespace pawl::journal::testing {
namespace {

PartPoint point_at(const Life& life, std::size_t record) {
    if (record == 0) return {Position{0}, seed_of(life)};
    const auto& last = life.written[record - 1];
    return {Position{last.position.value + last.bytes.size()},
            detail::RecordView(last.bytes.data()).header().checksum};
}

Result<CutReport> cut(Life& life, const PartPoint& part) {
    return cut_directory(life.storage, life.options(), {part});
}

void make(Life& life, std::size_t records = 700) {
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_epoch(1));
    while (life.written.size() < records) {
        ASSERT_TRUE(life.append_many(13, 150));
        ASSERT_TRUE(life.sync());
    }
    life.written.resize(life.written.size());
}

void stands_at(Life& life, std::size_t records) {
    ASSERT_TRUE(life.open()) << life.error().sentence;
    ASSERT_EQ(life.replayed.size(), records);
    ASSERT_TRUE(is_prefix(life.replayed, life.written, records));
}

TEST(Cut, at_any_record_leaves_exactly_what_is_below) {
    for (const std::size_t at : {0U, 1U, 2U, 13U, 14U, 15U, 100U, 333U, 378U, 379U, 380U, 690U}) {
        SCOPED_TRACE(at);
        Life life;
        make(life);
        const PartPoint part = point_at(life, at);
        const std::size_t all = life.written.size();
        ASSERT_TRUE(life.close().ok());
        const auto report = cut(life, part);
        ASSERT_TRUE(report.ok()) << report.error().sentence;
        EXPECT_EQ(report->shards[0].records, all - at);
        ASSERT_EQ(report->shards[0].cut.size(), all - at);
        EXPECT_EQ(report->shards[0].cut.front().position, part.position);
        const auto verified = verify_directory(life.storage, "dir");
        ASSERT_TRUE(verified.ok());
        EXPECT_TRUE(verified->clean)
            << (verified->shards[0].sentences.empty() ? std::string()
                                                      : verified->shards[0].sentences.front());
        stands_at(life, at);
        life.believe_replayed();
        ASSERT_TRUE(life.append_many(300, 150));
        ASSERT_TRUE(life.close().ok());
        stands_at(life, at + 300);
    }
}

TEST(Cut, at_the_end_changes_nothing) {
    Life life;
    make(life);
    const PartPoint part = point_at(life, life.written.size());
    ASSERT_TRUE(life.close().ok());
    const auto report = cut(life, part);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->shards[0].bytes, 0U);
    EXPECT_FALSE(life.storage.exists("dir/quarantine"));
    stands_at(life, life.written.size());
}

TEST(Cut, names_each_command_in_a_file_and_keeps_its_bytes) {
    Life life;
    make(life, 60);
    const PartPoint part = point_at(life, 20);
    const std::size_t all = life.written.size();
    ASSERT_TRUE(life.close().ok());
    const auto report = cut(life, part);
    ASSERT_TRUE(report.ok());
    const auto& list = life.storage.bytes_of(report->shards[0].list_file);
    EXPECT_EQ(static_cast<std::size_t>(std::count(list.begin(), list.end(), std::byte{'\n'})),
              all - 20);
    const std::string text(reinterpret_cast<const char*>(list.data()), list.size());
    EXPECT_NE(text.find("position " + std::to_string(part.position.value) + " "),
              std::string::npos);
    const auto& kept = life.storage.bytes_of(report->shards[0].quarantine_file);
    for (std::size_t i = 20; i < all; ++i) {
        const auto& bytes = life.written[i].bytes;
        EXPECT_NE(std::search(kept.begin(), kept.end(), bytes.begin(), bytes.end()), kept.end())
            << i;
    }
}

TEST(Cut, takes_what_only_the_head_held_too) {
    Life life;
    make(life, 60);
    ASSERT_TRUE(life.append_many(10));
    const PartPoint in_head = point_at(life, life.written.size() - 4);
    const std::size_t all = life.written.size();
    life.kill();
    const auto report = cut(life, in_head);
    ASSERT_TRUE(report.ok()) << report.error().sentence;
    EXPECT_EQ(report->shards[0].records, 4U);
    stands_at(life, all - 4);
}

TEST(Cut, is_refused_where_the_checksum_differs_and_nothing_changes) {
    Life life;
    make(life, 60);
    PartPoint part = point_at(life, 20);
    const std::uint32_t right = part.checksum;
    part.checksum ^= 1;
    ASSERT_TRUE(life.close().ok());
    auto report = cut(life, part);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::mismatch);
    EXPECT_NE(report.error().sentence.find(std::to_string(right) + " here"), std::string::npos);
    EXPECT_NE(report.error().sentence.find(std::to_string(part.checksum) + " there"),
              std::string::npos);
    part.checksum = right;
    part.position.value += 8;
    EXPECT_NE(cut(life, part).error().sentence.find("no record ends"), std::string::npos);
    part.position.value = 1 << 30;
    EXPECT_NE(cut(life, part).error().sentence.find("it ends at position"), std::string::npos);
    stands_at(life, life.written.size());
}

TEST(Cut, sets_snapshots_of_the_lost_tail_aside_and_uses_older_ones) {
    Life life;
    make(life, 300);
    ASSERT_TRUE(life.snapshot().ok());
    const Position older = life.end();
    ASSERT_TRUE(life.append_many(100));
    ASSERT_TRUE(life.sync());
    const PartPoint part = point_at(life, life.written.size() - 50);
    ASSERT_TRUE(life.snapshot().ok());
    const std::size_t all = life.written.size();
    ASSERT_TRUE(life.close().ok());
    ASSERT_TRUE(cut(life, part).ok());
    EXPECT_EQ(life.snapshots().size(), 1U);
    stands_at(life, all - 50);
    EXPECT_EQ(life.report().snapshot_position, older);
}

TEST(Cut, below_what_can_be_replayed_is_refused) {
    Life life;
    make(life, 800);
    ASSERT_TRUE(life.snapshot().ok());
    ASSERT_TRUE(life.append_blocks(60));
    ASSERT_TRUE(life.snapshot().ok());
    const auto report = life.retain(Retention::remove);
    ASSERT_TRUE(report.ok());
    ASSERT_GT(report->kept.segment_index, 1U);
    std::size_t record = 0;
    while (life.written[record].position < report->kept.position) ++record;
    const PartPoint between = point_at(life, record + 1);  // kept, but no snapshot is below
    const PartPoint below = point_at(life, record - 20);
    ASSERT_TRUE(life.close().ok());
    EXPECT_NE(cut(life, between).error().sentence.find("could not be replayed"), std::string::npos);
    EXPECT_FALSE(cut(life, below).ok());
    ASSERT_TRUE(life.open());
}

TEST(Cut, reaches_into_the_archive) {
    Life life;
    make(life, 800);
    ASSERT_TRUE(life.snapshot().ok());
    ASSERT_TRUE(life.append_blocks(60));
    ASSERT_TRUE(life.snapshot().ok());
    ASSERT_TRUE(life.retain(Retention::archive).ok());
    ASSERT_GT(life.directory().kept(0).segment_index, 2U);
    const PartPoint part = point_at(life, 333);
    ASSERT_TRUE(life.close().ok());
    const auto report = cut(life, part);
    ASSERT_TRUE(report.ok()) << report.error().sentence;
    stands_at(life, 333);
    life.believe_replayed();
    ASSERT_TRUE(life.append_many(50));
    life.kill();
    stands_at(life, 383);
}

// Dies, or fails, at every call of the cut, with and without the power: what is below the part
// point is there whole, and then either all of the tail or nothing of it.
TEST(Cut, that_dies_anywhere_is_finished_by_the_next_opening) {
    const std::size_t keep = 250;
    Life whole;
    make(whole, 500);
    const std::size_t all = whole.written.size();
    const PartPoint part = point_at(whole, keep);
    ASSERT_TRUE(whole.snapshot().ok());
    ASSERT_TRUE(whole.close().ok());
    const auto before = whole.storage.calls();
    ASSERT_TRUE(cut(whole, part).ok());
    const auto calls = whole.storage.calls() - before;
    std::uint64_t untouched = 0;
    for (int how = 0; how < 4; ++how) {
        for (std::uint64_t n = 1; n <= calls + 1; n += sanitized ? 7 : 1) {
            SCOPED_TRACE("call " + std::to_string(n) + " way " + std::to_string(how));
            Life life;
            make(life, 500);
            ASSERT_TRUE(life.snapshot().ok());
            ASSERT_TRUE(life.close().ok());
            if (how == 3)
                life.storage.fail_call(n);
            else
                life.storage.die_at_call(n);
            static_cast<void>(cut(life, part).ok());
            life.storage.revive();
            if (how == 1) life.storage.cut_power(Unsynced::lost);
            if (how == 2) life.storage.cut_power(Unsynced::every_other_sector);
            ASSERT_TRUE(life.open()) << life.error().sentence;
            ASSERT_TRUE(is_prefix(life.replayed, life.written, keep));
            ASSERT_TRUE(life.replayed.size() == keep || life.replayed.size() == all);
            if (life.replayed.size() == all) {
                ++untouched;
                ASSERT_TRUE(life.close().ok());
                const auto again = cut(life, part);
                ASSERT_TRUE(again.ok()) << again.error().sentence;
                stands_at(life, keep);
            }
            life.believe_replayed();
            ASSERT_TRUE(life.append_many(30));
            life.kill();
            stands_at(life, keep + 30);
        }
    }
    EXPECT_GT(untouched, 10U);
}

}  // namespace
}  // namespace pawl::journal::testing
