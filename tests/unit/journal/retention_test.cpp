// Retention: what two snapshots and the slowest reader do not need goes, nothing else does, and
// every step of it may be the last.
#include <algorithm>

#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

constexpr Position all{~std::uint64_t{0}};

// Two snapshots behind several segments, and one more round.
class RetentionLife : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(life.open());
        round();
        ASSERT_TRUE(life.snapshot().ok());
        round();
        ASSERT_TRUE(life.snapshot().ok());
        round();
        const auto older =
            SnapshotReader::look(life.storage, life.snapshots().back(), identity(), 0);
        ASSERT_TRUE(older.ok());
        needed = older->tail.segment_index;
        ASSERT_GE(needed, 3U);
    }
    void round() {
        ASSERT_TRUE(life.append_many(800, 100));
        ASSERT_TRUE(life.sync());
    }
    Identity identity() { return life.directory().manifest().identity; }
    RetentionReport retain(Retention segments, Position lowest_needed = all) {
        auto report = life.retain(segments, lowest_needed);
        EXPECT_TRUE(report.ok()) << report.error().sentence;
        return report.ok() ? std::move(report).value() : RetentionReport{};
    }
    std::vector<std::uint64_t> in_folder() { return list_segments(life.storage, "dir", 0).value(); }
    std::vector<std::uint64_t> in_archive() {
        return list_archived_segments(life.storage, "dir", 0).value();
    }
    void corrupt(const std::string& path) {
        life.storage.bytes_of(path)[70] ^= std::byte{1};
        life.storage.bytes_of(path);
    }
    void read_everything(StreamReader& reader) {
        const Position end = life.head().synced();
        std::size_t at = 0;
        for (; reader.position() < end; ++at) {
            auto record = reader.next(end);
            ASSERT_TRUE(record.ok()) << record.error().sentence;
            ASSERT_TRUE(*record);
            ASSERT_EQ(record->position, life.written[at].position);
        }
        EXPECT_EQ(at, life.written.size());
    }
    void opens_with_everything() {
        ASSERT_TRUE(life.open()) << life.error().sentence;
        EXPECT_TRUE(is_prefix(life.replayed, life.written, life.written.size()));
    }
    void is_not_taken_for_gone_when_a_call_fails(Position position) {
        int refused = 0;
        for (std::uint64_t n = 1; n <= 40; ++n) {
            const auto reader = life.directory().reader(0);
            life.storage.fail_call(n);
            const auto found = reader->checksum_before(position);
            life.storage.revive();
            if (found.ok()) continue;
            ++refused;
            EXPECT_NE(found.error().code, ErrorCode::mismatch)
                << n << ": " << found.error().sentence;
        }
        EXPECT_GT(refused, 1);
    }
    Life life;
    std::uint64_t needed = 0;  // the segment that the older snapshot stands in
};

// Or a standby would be told that what it needs is gone, and would begin anew.
TEST_F(RetentionLife, a_segment_that_cannot_be_opened_is_not_taken_for_one_that_went) {
    const Position in_the_first = life.written[10].position;
    is_not_taken_for_gone_when_a_call_fails(in_the_first);
    const auto reader = life.directory().reader(0);
    life.storage.refuse_to_open(segment_path("dir", 0, in_folder().front()));
    const auto found = reader->checksum_before(in_the_first);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::io) << found.error().sentence;
}

// Where a copy stands that was just made from the snapshot there.
TEST_F(RetentionLife, the_first_position_that_is_kept_is_never_said_to_be_below_it) {
    const auto report = retain(Retention::remove);
    ASSERT_GT(report.segments_gone, 0U);
    const Position first = report.kept.position;
    ASSERT_TRUE(life.directory().reader(0)->checksum_before(first).value());
    is_not_taken_for_gone_when_a_call_fails(first);
}

TEST_F(RetentionLife, what_is_below_the_older_snapshot_is_archived_and_stays_readable) {
    const auto report = retain(Retention::archive);
    EXPECT_EQ(report.segments_gone, needed - 1);
    EXPECT_EQ(report.bytes_gone, (needed - 1) * segment_bytes_min);
    EXPECT_EQ(report.kept.segment_index, needed);
    EXPECT_EQ(life.directory().kept(0), report.kept);
    EXPECT_EQ(in_folder().front(), needed);
    EXPECT_EQ(in_archive().size(), needed - 1);
    const auto reader = life.directory().reader(0);
    read_everything(*reader);
    life.kill();
    opens_with_everything();
    EXPECT_NE(life.report().snapshot_path, "");
    EXPECT_EQ(life.directory().kept(0), report.kept);
}

TEST_F(RetentionLife, what_is_archived_is_replayed_when_no_snapshot_can_be_used) {
    retain(Retention::archive);
    life.kill();
    life.snapshot_refusal = "the states have another shape";
    opens_with_everything();
    EXPECT_EQ(life.report().records, life.written.size());
    EXPECT_TRUE(says(life, "replayed from the first segment"));
}

TEST_F(RetentionLife, an_archived_segment_that_is_missing_then_is_named) {
    retain(Retention::archive);
    life.kill();
    ASSERT_TRUE(life.storage.remove(archived_segment_path("dir", 0, 2)).ok());
    life.snapshot_refusal = "the states have another shape";
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged);
    EXPECT_NE(life.error().sentence.find("00000002.seg"), std::string::npos);
    EXPECT_NE(life.error().sentence.find("the states have another shape"), std::string::npos);
    life.snapshot_refusal.clear();
    opens_with_everything();
}

TEST_F(RetentionLife, what_is_removed_is_gone_and_a_reader_below_is_told_where_to_begin) {
    const auto reader = life.directory().reader(0);
    const auto before = life.directory().reader(0);
    ASSERT_TRUE(before->next(life.head().synced()).ok());
    const auto report = retain(Retention::remove);
    EXPECT_EQ(report.segments_gone, needed - 1);
    EXPECT_EQ(in_folder().front(), needed);
    EXPECT_TRUE(in_archive().empty());
    const auto refused = reader->next(life.head().synced());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::mismatch);
    EXPECT_NE(refused.error().sentence.find("the first position is " +
                                            std::to_string(report.kept.position.value)),
              std::string::npos)
        << refused.error().sentence;
    // One that already knew the segments is told the same as soon as it needs a file that is gone.
    before->seek(life.written[400].position);
    const auto late = before->next(life.head().synced());
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, ErrorCode::mismatch) << late.error().sentence;
    before->seek(report.kept.position);
    EXPECT_TRUE(before->next(life.head().synced()).ok());
    life.kill();
    opens_with_everything();
}

TEST_F(RetentionLife, without_a_usable_snapshot_what_was_removed_is_refused_by_name) {
    retain(Retention::remove);
    life.cut_power();
    for (const auto& path : life.snapshots()) corrupt(path);
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged);
    EXPECT_NE(life.error().sentence.find("00000001.seg is not there"), std::string::npos)
        << life.error().sentence;
    EXPECT_NE(life.error().sentence.find("its header is not intact"), std::string::npos);
    for (const auto& path : life.snapshots()) corrupt(path);
    opens_with_everything();
}

TEST_F(RetentionLife, a_gap_above_what_is_kept_is_refused_by_name) {
    retain(Retention::remove);
    life.cut_power();
    ASSERT_TRUE(life.storage.remove(life.segment(needed)).ok());
    ASSERT_FALSE(life.open());
    EXPECT_NE(life.error().sentence.find(segment_name(needed) + " is missing"), std::string::npos)
        << life.error().sentence;
}

TEST_F(RetentionLife, nothing_goes_that_the_slowest_reader_still_needs) {
    const auto third = place_in_segment(life.storage, life.directory().walk_options(0), 3);
    ASSERT_TRUE(third.ok());
    EXPECT_EQ(retain(Retention::remove, Position{0}).segments_gone, 0U);
    EXPECT_EQ(retain(Retention::remove, Position{third->tail.position.value - 8}).segments_gone,
              1U);
    EXPECT_EQ(in_folder().front(), 2U);
    EXPECT_EQ(retain(Retention::remove, third->tail.position).segments_gone, 1U);
    EXPECT_EQ(in_folder().front(), 3U);
    auto reader = life.directory().reader(0);
    reader->seek(third->tail.position);
    EXPECT_TRUE(reader->next(life.head().synced()).ok());
}

TEST_F(RetentionLife, nothing_goes_on_the_word_of_one_snapshot) {
    ASSERT_TRUE(life.storage.remove(life.snapshots().front()).ok());
    EXPECT_EQ(retain(Retention::remove).segments_gone, 0U);
    EXPECT_EQ(in_folder().front(), 1U);
}

TEST_F(RetentionLife, nothing_goes_when_a_snapshot_that_would_be_relied_on_is_not_good) {
    for (const std::uint64_t offset : {70U, 5000U}) {
        for (const auto& path : life.snapshots()) {
            life.storage.bytes_of(path)[offset] ^= std::byte{1};
            const auto report = retain(Retention::remove);
            EXPECT_EQ(report.segments_gone, 0U);
            ASSERT_FALSE(report.sentences.empty());
            EXPECT_NE(report.sentences.front().find(path), std::string::npos);
            EXPECT_EQ(report.kept, Kept{});
            life.storage.bytes_of(path)[offset] ^= std::byte{1};
        }
    }
    EXPECT_EQ(retain(Retention::remove).segments_gone, needed - 1);
}

TEST_F(RetentionLife, two_snapshots_are_kept_whatever_becomes_of_segments) {
    ASSERT_TRUE(life.snapshot().ok());
    const auto three = life.snapshots();
    ASSERT_EQ(three.size(), 3U);
    const auto report = retain(Retention::keep);
    EXPECT_EQ(report.snapshots_removed, 1U);
    EXPECT_EQ(life.snapshots(), std::vector<std::string>({three[0], three[1]}));
    EXPECT_EQ(in_folder().front(), 1U);
    EXPECT_EQ(life.directory().kept(0), Kept{});
}

// An older snapshot is the last way in when segments are gone and the newer ones are not good.
TEST_F(RetentionLife, no_snapshot_goes_while_those_that_stay_are_not_good) {
    retain(Retention::remove);
    ASSERT_TRUE(life.append_many(3, 100));
    ASSERT_TRUE(life.sync());
    ASSERT_TRUE(life.snapshot().ok());
    const auto three = life.snapshots();
    ASSERT_EQ(three.size(), 3U);
    life.storage.bytes_of(three[0])[5000] ^= std::byte{1};
    for (const auto segments : {Retention::remove, Retention::archive, Retention::keep}) {
        const auto report = retain(segments, Position{0});
        EXPECT_EQ(report.snapshots_removed, 0U);
        EXPECT_FALSE(report.sentences.empty());
        EXPECT_EQ(life.snapshots(), three);
    }
    life.storage.bytes_of(three[0])[5000] ^= std::byte{1};
    EXPECT_EQ(retain(Retention::remove, Position{0}).snapshots_removed, 1U);
}

TEST_F(RetentionLife, what_it_rests_on_can_be_read_in_slices) {
    const auto pass = life.directory().begin_retention(0, {.segments = Retention::archive});
    int slices = 1;
    for (auto done = pass->check_some(1); !done.value(); done = pass->check_some(1)) {
        ASSERT_TRUE(done.ok());
        ASSERT_LT(++slices, 100);
        EXPECT_EQ(in_folder().front(), 1U);
    }
    EXPECT_EQ(slices, 2);  // each is small: one look
    const auto report = pass->finish(all);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->segments_gone, needed - 1);
    EXPECT_EQ(in_archive().size(), needed - 1);
}

TEST_F(RetentionLife, a_corrupt_snapshot_does_not_count_as_kept) {
    ASSERT_TRUE(life.snapshot().ok());
    const auto three = life.snapshots();
    corrupt(three[0]);
    const auto report = retain(Retention::archive);
    EXPECT_EQ(life.snapshots(), three);
    EXPECT_EQ(report.kept.segment_index, needed);
    life.kill();
    opens_with_everything();
    EXPECT_EQ(life.report().snapshot_path, three[1]);
}

// A manifest that was put back knows nothing of what went.
TEST_F(RetentionLife, a_manifest_that_does_not_know_what_went_is_refused_by_name) {
    const auto manifest = life.storage.bytes_of("dir/manifest");
    retain(Retention::remove);
    life.kill();
    life.storage.put_file("dir/manifest", manifest);
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged);
    EXPECT_NE(life.error().sentence.find("00000001.seg is missing"), std::string::npos)
        << life.error().sentence;
}

TEST_F(RetentionLife, what_was_declared_but_did_not_go_goes_next_time) {
    const auto first = life.bytes(1);
    retain(Retention::archive);
    life.storage.put_file(life.segment(1), first);
    life.kill();
    opens_with_everything();
    ASSERT_EQ(in_folder().front(), 1U);
    EXPECT_EQ(retain(Retention::archive).segments_gone, 1U);
    EXPECT_EQ(in_folder().front(), needed);
    const auto reader = life.directory().reader(0);
    read_everything(*reader);
}

TEST_F(RetentionLife, goes_on_with_every_snapshot_over_many_rounds_and_lives) {
    for (int i = 0; i < 12; ++i) {
        round();
        ASSERT_TRUE(life.snapshot().ok());
        retain(i % 2 == 0 ? Retention::archive : Retention::remove);
        ASSERT_EQ(life.snapshots().size(), 2U);
        ASSERT_LT(in_folder().size(), 8U);
        if (i % 3 == 0) {
            ASSERT_TRUE(life.close().ok());
            opens_with_everything();
        } else if (i % 3 == 1) {
            life.cut_power(Unsynced::every_other_sector);
            opens_with_everything();
        }
    }
}

// ---- every step may be the last

class RetentionSteps : public RetentionLife, public ::testing::WithParamInterface<Retention> {};

TEST_P(RetentionSteps, dying_at_any_storage_call_does_no_harm) {
    for (std::uint64_t n = 1;; ++n) {
        for (const bool power : {false, true}) {
            Life one;
            ASSERT_TRUE(one.open());
            for (int i = 0; i < 3; ++i) {
                ASSERT_TRUE(one.append_many(500, 100));
                ASSERT_TRUE(one.sync());
                ASSERT_TRUE(one.snapshot().ok());
            }
            one.storage.die_at_call(n);
            const bool whole = one.retain(GetParam()).ok();
            one.kill();
            if (power) one.storage.cut_power(Unsynced::lost);
            ASSERT_TRUE(one.open()) << n << ": " << one.error().sentence;
            ASSERT_TRUE(is_prefix(one.replayed, one.written, one.written.size())) << n;
            ASSERT_TRUE(one.retain(GetParam()).ok()) << n;
            ASSERT_EQ(one.snapshots().size(), 2U) << n;
            ASSERT_TRUE(one.close().ok());
            ASSERT_TRUE(one.open()) << n << ": " << one.error().sentence;
            ASSERT_TRUE(is_prefix(one.replayed, one.written, one.written.size())) << n;
            const auto here = list_segments(one.storage, "dir", 0).value();
            ASSERT_EQ(here.front(), one.directory().kept(0).segment_index) << n;
            if (GetParam() == Retention::archive) {
                ASSERT_EQ(list_readable_segments(one.storage, "dir", 0)->front(), 1U) << n;
                one.kill();
                one.snapshot_refusal = "not today";
                ASSERT_TRUE(one.open()) << n << ": " << one.error().sentence;
                ASSERT_EQ(one.report().records, one.written.size()) << n;
            }
            if (whole && power) return;
        }
    }
}

TEST_P(RetentionSteps, a_failing_storage_call_is_said_and_the_next_attempt_finishes) {
    for (std::uint64_t n = 1;; ++n) {
        Life one;
        ASSERT_TRUE(one.open());
        for (int i = 0; i < 3; ++i) {
            ASSERT_TRUE(one.append_many(500, 100));
            ASSERT_TRUE(one.sync());
            ASSERT_TRUE(one.snapshot().ok());
        }
        one.storage.fail_call(n);
        const auto first = one.retain(GetParam());
        ASSERT_TRUE(first.ok() || !first.error().sentence.empty());
        one.storage.revive();
        ASSERT_TRUE(one.append_many(10));
        ASSERT_TRUE(one.sync());
        const auto second = one.retain(GetParam());
        ASSERT_TRUE(second.ok()) << n << ": " << second.error().sentence;
        ASSERT_EQ(one.snapshots().size(), 2U) << n;
        one.kill();
        ASSERT_TRUE(one.open()) << n << ": " << one.error().sentence;
        ASSERT_TRUE(is_prefix(one.replayed, one.written, one.written.size())) << n;
        if (first.ok() && first->sentences.empty()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Both, RetentionSteps,
                         ::testing::Values(Retention::archive, Retention::remove),
                         [](const auto& one) {
                             return one.param == Retention::archive ? "archive" : "remove";
                         });

}  // namespace
}  // namespace pawl::journal::testing
