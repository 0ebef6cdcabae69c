// Snapshots: the newest that is good is used, anything else is passed over by name, and none ever
// changes what the journal holds.
#include <algorithm>

#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

bool passed_over(const Life& life, const std::string& words) {
    for (const auto& passed : life.report().passed_over)
        if (passed.why.find(words) != std::string::npos) return true;
    return false;
}

// Three rounds over several segments: a snapshot after the first and the second.
class Snapshots : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(life.open());
        round();
        ASSERT_TRUE(life.snapshot().ok());
        older_records = life.synced_count;
        round();
        ASSERT_TRUE(life.snapshot().ok());
        newer_records = life.synced_count;
        round();
        ASSERT_TRUE(life.storage.exists(life.segment(5)));
        const auto paths = life.snapshots();
        ASSERT_EQ(paths.size(), 2U);
        identity = life.directory().manifest().identity;
        newer = paths[0];
        older = paths[1];
    }
    void round() {
        ASSERT_TRUE(life.append_many(600, 100));
        ASSERT_TRUE(life.sync());
    }
    void flip(const std::string& path, std::uint64_t offset) {
        auto& bytes = life.storage.bytes_of(path);
        bytes[offset] ^= std::byte{1};
        life.storage.bytes_of(path);
    }
    void expect_everything() {
        EXPECT_TRUE(is_prefix(life.replayed, life.written, life.written.size()));
    }
    void opens_from(const std::string& path, std::size_t records_before) {
        ASSERT_TRUE(life.open()) << life.error().sentence;
        EXPECT_EQ(life.report().snapshot_path, path);
        EXPECT_EQ(life.report().records, life.written.size() - records_before);
        const auto position = records_before == life.written.size()
                                  ? life.head().committed()
                                  : life.written[records_before].position;
        EXPECT_EQ(life.report().snapshot_position, position);
        EXPECT_EQ(life.report().bytes, life.head().committed().value - position.value);
        expect_everything();
    }
    void refuses(const std::string& words) {
        ASSERT_FALSE(life.open());
        EXPECT_EQ(life.error().code, ErrorCode::damaged);
        EXPECT_NE(life.error().sentence.find(words), std::string::npos) << life.error().sentence;
    }
    Life life;
    std::string newer, older;
    std::size_t newer_records = 0, older_records = 0;
    Identity identity;
};

TEST_F(Snapshots, the_newest_and_the_segments_behind_it_are_the_whole_journal) {
    ASSERT_TRUE(life.close().ok());
    opens_from(newer, newer_records);
    EXPECT_TRUE(life.report().sentences.empty()) << life.report().sentences.front();
}

TEST_F(Snapshots, a_killed_process_loses_nothing_that_was_committed) {
    ASSERT_TRUE(life.append_many(50));
    life.kill();
    opens_from(newer, newer_records);
    EXPECT_EQ(life.report().head, HeadFound::used);
}

TEST_F(Snapshots, a_power_cut_loses_nothing_that_was_synced) {
    for (const auto unsynced : {Unsynced::lost, Unsynced::kept, Unsynced::every_other_sector}) {
        life.cut_power(unsynced);
        opens_from(newer, newer_records);
    }
}

TEST_F(Snapshots, one_at_the_very_end_leaves_nothing_to_replay) {
    ASSERT_TRUE(life.snapshot().ok());
    life.kill();
    // The block below it may have been in the page cache only: it is written again all the same.
    life.storage.forget_sync(life.segment(4), 0);
    opens_from(life.snapshots().front(), life.written.size());
    life.cut_power();
    opens_from(life.snapshots().front(), life.written.size());
}

TEST_F(Snapshots, when_the_newest_is_corrupt_the_older_one_is_used_and_it_is_said) {
    flip(newer, snapshot_page_bytes + 777);
    life.kill();
    opens_from(older, older_records);
    EXPECT_TRUE(passed_over(life, "its body is not intact"));
    EXPECT_TRUE(says(life, newer + " is not used"));
    EXPECT_TRUE(says(life, "replayed from snapshot " + older));
}

TEST_F(Snapshots, when_all_are_corrupt_everything_is_replayed_and_it_is_said) {
    flip(newer, 60);
    flip(older, snapshot_page_bytes);
    life.kill();
    opens_from("", 0);
    EXPECT_TRUE(passed_over(life, "its header is not intact"));
    EXPECT_TRUE(passed_over(life, "its body is not intact"));
    EXPECT_TRUE(says(life, "replayed from the first segment"));
}

TEST_F(Snapshots, one_that_the_engine_cannot_load_is_passed_over_with_its_reason) {
    life.kill();
    life.snapshot_refusal = "the states have another shape";
    opens_from("", 0);
    EXPECT_EQ(life.report().passed_over.size(), 2U);
    EXPECT_TRUE(says(life, "the states have another shape"));
}

TEST_F(Snapshots, one_under_another_name_is_never_used) {
    const auto wrong = snapshot_path("dir", 0, Position{life.head().synced()});
    life.storage.copy_file(newer, wrong);
    life.kill();
    opens_from(newer, newer_records);
    EXPECT_TRUE(passed_over(life, "it was renamed"));
}

TEST_F(Snapshots, one_of_another_directory_is_never_used) {
    Life other;
    other.options().random = [] { return std::uint64_t{99}; };
    ASSERT_TRUE(other.open());
    ASSERT_TRUE(other.append_many(600, 100));
    ASSERT_TRUE(other.sync());
    ASSERT_TRUE(other.snapshot().ok());
    const auto foreign = other.snapshots().front();
    ASSERT_EQ(foreign, older);
    life.storage.bytes_of(older) = other.storage.bytes_of(foreign);
    life.storage.bytes_of(older);
    flip(newer, 0);
    life.kill();
    opens_from("", 0);
    EXPECT_TRUE(passed_over(life, "belongs to another directory or shard"));
}

TEST_F(Snapshots, one_of_another_shard_is_never_used) {
    const auto facts =
        SnapshotReader::look(life.storage, newer, life.directory().manifest().identity, 0);
    ASSERT_TRUE(facts.ok());
    ASSERT_TRUE(life.storage.make_directory("dir/s1").ok());
    SnapshotWriterOptions options;
    options.directory = "dir";
    options.shard = 1;
    options.identity = life.directory().manifest().identity;
    auto writer = SnapshotWriter::create(life.storage, options);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->finish(*facts).ok());
    life.storage.copy_file(snapshot_path("dir", 1, facts->tail.position), newer);
    life.kill();
    opens_from(older, older_records);
    EXPECT_TRUE(passed_over(life, "belongs to another directory or shard"));
}

TEST_F(Snapshots, a_truncated_one_is_never_used) {
    const auto whole = life.storage.bytes_of(newer);
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 2039) {
        life.kill();
        life.storage.bytes_of(newer).assign(whole.begin(),
                                            whole.begin() + static_cast<std::ptrdiff_t>(bytes));
        life.storage.bytes_of(newer);
        opens_from(older, older_records);
    }
    life.kill();
    life.storage.bytes_of(newer) = whole;
    life.storage.bytes_of(newer).resize(whole.size() + 4096);
    opens_from(older, older_records);
    EXPECT_TRUE(passed_over(life, "should have"));
}

TEST_F(Snapshots, an_unfinished_one_is_ignored_and_removed) {
    const auto unfinished = std::string("dir/s0/snapshot.new");
    life.storage.copy_file(newer, unfinished);
    life.kill();
    opens_from(newer, newer_records);
    EXPECT_FALSE(life.storage.exists(unfinished));
    life.storage.copy_file(newer, unfinished);
    ASSERT_TRUE(life.snapshot().ok());
    EXPECT_FALSE(life.storage.exists(unfinished));
}

TEST_F(Snapshots, one_of_a_later_reign_than_the_manifest_knows_is_not_used) {
    const auto manifest = life.storage.bytes_of("dir/manifest");
    life.kill();
    ASSERT_TRUE(life.open());
    round();
    ASSERT_TRUE(life.snapshot().ok());
    life.cut_power();
    life.storage.bytes_of("dir/manifest") = manifest;
    life.storage.bytes_of("dir/manifest");
    ASSERT_FALSE(life.open());
    EXPECT_NE(life.error().sentence.find("another history"), std::string::npos);
    EXPECT_NE(life.error().sentence.find("later reign than the manifest knows"), std::string::npos);
}

// Segments and manifest of an earlier moment, put back over later ones.
class OlderCopy {
public:
    explicit OlderCopy(Life& life) : life_(life) {
        for (const auto& path : life.storage.paths())
            if (is_copied(path)) files_.emplace_back(path, life.storage.bytes_of(path));
    }
    void put_back() {
        for (const auto& path : life_.storage.paths())
            if (is_copied(path)) static_cast<void>(life_.storage.remove(path));
        for (const auto& [path, bytes] : files_) life_.storage.put_file(path, bytes);
    }

private:
    static bool is_copied(const std::string& path) {
        return path.ends_with(".seg") || path.ends_with("manifest");
    }
    Life& life_;
    std::vector<std::pair<std::string, std::vector<std::byte>>> files_;
};

TEST_F(Snapshots, one_beyond_the_end_of_older_segments_is_refused_by_name) {
    OlderCopy copy(life);
    round();
    ASSERT_TRUE(life.snapshot().ok());
    life.cut_power();
    copy.put_back();
    refuses("everything was on disk (" + life.snapshots().front() + " says so)");
}

TEST_F(Snapshots, one_beyond_the_end_of_older_segments_that_were_closed_is_refused_by_name) {
    ASSERT_TRUE(life.close().ok());
    OlderCopy copy(life);
    ASSERT_TRUE(life.open());
    round();
    ASSERT_TRUE(life.snapshot().ok());
    ASSERT_TRUE(life.close().ok());
    copy.put_back();
    refuses("everything was on disk (" + life.snapshots().front() + " says so)");
}

// The segments went another way behind an older copy: the positions are there, the bytes are not.
TEST(SnapshotHistory, one_of_another_history_is_not_used) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(100, 100));
    ASSERT_TRUE(life.close().ok());
    OlderCopy copy(life);
    const auto written = life.written;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(100, 100));
    ASSERT_TRUE(life.sync());
    ASSERT_TRUE(life.snapshot().ok());
    life.kill();
    const auto path = life.snapshots().front();
    const auto bytes = life.storage.bytes_of(path);
    // Not there while the other history is written, or it would speak up at once.
    ASSERT_TRUE(life.storage.remove(path).ok());
    life.storage.lose_shared_memory();
    copy.put_back();
    ASSERT_TRUE(life.open());
    life.written = written;
    ASSERT_TRUE(life.append_many(300, 40));
    ASSERT_TRUE(life.sync());
    life.kill();
    life.storage.put_file(path, bytes);
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 400));
    EXPECT_EQ(life.report().snapshot_path, "");
    EXPECT_TRUE(passed_over(life, "the segments are not what it was made of"));
}

TEST_F(Snapshots, a_missing_segment_is_refused_by_name_although_a_snapshot_covers_it) {
    for (const std::uint64_t index : {2U, 1U}) {
        life.kill();
        ASSERT_TRUE(life.storage.remove(life.segment(index)).ok());
        refuses("0000000" + std::to_string(index) + ".seg is missing");
    }
}

TEST_F(Snapshots, damage_behind_it_is_damage_as_ever) {
    life.cut_power();
    auto& bytes = life.bytes(5);
    bytes[blocks_of(bytes)[1] + 300] ^= std::byte{1};
    life.bytes(5);
    refuses("damage at position ");
}

TEST_F(Snapshots, damage_of_the_block_it_stands_on_is_damage) {
    life.cut_power();
    const auto facts = SnapshotReader::look(life.storage, newer, identity, 0);
    ASSERT_TRUE(facts.ok());
    auto& bytes = life.bytes(facts->tail.segment_index);
    bytes[facts->last_offset_bytes + 200] ^= std::byte{1};
    life.bytes(facts->tail.segment_index);
    refuses("damage at position ");
    EXPECT_NE(life.error().sentence.find("the block is not intact"), std::string::npos);
}

TEST_F(Snapshots, a_full_disk_gives_the_attempt_up_and_nothing_else_suffers) {
    const auto before = life.snapshots();
    life.storage.set_quota_bytes(life.storage.used() + 2 * segment_bytes_min);
    const auto refused = life.snapshot();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::disk_full);
    EXPECT_NE(refused.error().sentence.find("the journal is complete without it"),
              std::string::npos);
    EXPECT_EQ(life.snapshots(), before);
    EXPECT_FALSE(life.storage.exists("dir/s0/snapshot.new"));
    // The reserve is whole: the next segments can be made.
    round();
    EXPECT_FALSE(life.preparer().disk_full());
}

TEST_F(Snapshots, room_is_looked_at_again_while_a_large_one_is_written) {
    auto writer = life.directory().snapshot_writer(0, 0);
    ASSERT_TRUE(writer.ok());
    // Less than the reserve is left over when pieces are written as long as they fit.
    life.storage.set_quota_bytes(life.storage.used() + (std::uint64_t{20} << 20) + 100'000);
    const std::vector<std::byte> bytes(std::size_t{1} << 20);
    int written = 0;
    while ((*writer)->write(bytes).ok()) ASSERT_LT(++written, 40);
    EXPECT_GT(written, 15);
    std::uint64_t left = 0;
    ASSERT_TRUE(life.storage.free_bytes("dir", left).ok());
    EXPECT_GE(left, 2 * segment_bytes_min);
    writer.value().reset();
    EXPECT_FALSE(life.storage.exists("dir/s0/snapshot.new"));
}

TEST_F(Snapshots, a_body_is_read_as_it_was_written_however_it_is_cut) {
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 1048576U, 2500001U}) {
        std::vector<std::byte> body(size);
        for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<std::byte>(i * 7 + i / 251);
        auto writer = life.directory().snapshot_writer(0, size);
        ASSERT_TRUE(writer.ok()) << writer.error().sentence;
        for (std::size_t at = 0, piece = 1; at < size; at += piece, piece = piece * 5 % 99991 + 1) {
            const auto bytes = std::min(piece, size - at);
            ASSERT_TRUE((*writer)->write(std::span(body).subspan(at, bytes)).ok());
            piece = bytes;
        }
        auto facts = SnapshotReader::look(life.storage, older, identity, 0).value();
        facts.layout_hash = 5;
        facts.state_hash = 6;
        ASSERT_TRUE((*writer)->finish(facts).ok());
        auto reader = SnapshotReader::open(life.storage, older, identity, 0);
        ASSERT_TRUE(reader.ok()) << reader.error().sentence;
        EXPECT_EQ((*reader)->facts().body_bytes, size);
        EXPECT_EQ((*reader)->facts().layout_hash, 5U);
        EXPECT_EQ((*reader)->facts().state_hash, 6U);
        EXPECT_EQ((*reader)->facts().tail.block_hash, facts.tail.block_hash);
        auto sliced = SnapshotReader::begin(life.storage, older, identity, 0);
        ASSERT_TRUE(sliced.ok());
        std::size_t slices = 1;
        while (!(*sliced)->check_some(1).value()) ++slices;
        EXPECT_EQ(slices, std::max<std::size_t>((size + 1048575) / 1048576, 1));
        for (int again = 0; again < 2; ++again) {
            std::vector<std::byte> read(size);
            std::size_t at = 0;
            for (std::size_t piece = 3; at < size; piece = piece * 3 % 70001 + 1) {
                const auto bytes = std::min(piece, size - at);
                ASSERT_TRUE((*reader)->read(std::span(read).subspan(at, bytes)).ok());
                at += bytes;
            }
            EXPECT_EQ((*reader)->left(), 0U);
            EXPECT_EQ(read, body);
            (*reader)->rewind();
        }
    }
}

TEST_F(Snapshots, a_walk_in_slices_is_the_walk_in_one) {
    Collector sliced;
    WalkOptions walk = life.directory().walk_options(0);
    const Position end = life.head().synced();
    int slices = 0;
    for (Position at; at < end; ++slices) {
        walk.bound = Position{std::min(end.value, at.value + 5000)};
        auto walked = walk_segments(life.storage, walk, sliced);
        ASSERT_TRUE(walked.ok()) << walked.error().sentence;
        ASSERT_TRUE(walked->bound_reached);
        ASSERT_TRUE(walked->remarks.empty());
        at = walked->tail.position;
        walk.from = continued(*walked);
    }
    EXPECT_GT(slices, 10);
    EXPECT_TRUE(is_prefix(sliced.history, life.written, life.written.size()));
}

// As far as is on disk, while more comes; the first time in slices.
TEST_F(Snapshots, a_walk_goes_on_where_it_stood) {
    Collector seen;
    SegmentWalk walk(life.storage, life.directory().walk_options(0));
    std::uint64_t records = 0;
    const auto go_on = [&](Position bound) {
        const auto walked = walk.go_on(bound, 1, seen);
        ASSERT_TRUE(walked.ok()) << walked.error().sentence;
        ASSERT_TRUE(walked->bound_reached) << walked->why;
        ASSERT_TRUE(walked->remarks.empty());
        ASSERT_GE(walked->tail.position, bound);
        records += walked->records;
        ASSERT_EQ(records, seen.history.size());
    };
    for (Position at; at < life.head().synced(); at.value += 5'000)
        ASSERT_NO_FATAL_FAILURE(go_on(std::min(at, life.head().synced())));
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(life.append_many(7, 100));
        ASSERT_TRUE(life.sync());
        ASSERT_NO_FATAL_FAILURE(go_on(life.head().synced()));
        ASSERT_EQ(seen.history.size(), life.written.size());
    }
    EXPECT_TRUE(is_prefix(seen.history, life.written, life.written.size()));
}

TEST_F(Snapshots, a_walk_can_begin_at_any_segment) {
    WalkOptions walk = life.directory().walk_options(0);
    walk.bound = life.head().synced();
    for (std::uint64_t index = 1; index <= 3; ++index) {
        const auto place = place_in_segment(life.storage, walk, index);
        ASSERT_TRUE(place.ok()) << place.error().sentence;
        walk.from = *place;
        Collector rest;
        const auto walked = walk_segments(life.storage, walk, rest);
        ASSERT_TRUE(walked.ok()) << walked.error().sentence;
        EXPECT_TRUE(walked->bound_reached);
        ASSERT_FALSE(rest.history.empty());
        const auto skipped = life.written.size() - rest.history.size();
        EXPECT_TRUE(index == 1 ? skipped == 0 : skipped > 100);
        EXPECT_EQ(rest.history.front().position, life.written[skipped].position);
    }
    EXPECT_FALSE(place_in_segment(life.storage, walk, 9).ok());
}

}  // namespace
}  // namespace pawl::journal::testing
