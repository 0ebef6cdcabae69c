// Snapshot files that are changed in any bit, cut short, missing, foreign, or under another name:
// the older one is used, or the whole journal, and it is said. Where the segments below are gone,
// opening is refused by name.
#include <algorithm>
#include <cstdio>

#include "journal/snapshot.hpp"
#include "oracle.hpp"
#include "settings.hpp"

namespace pawl::journal::testing {
namespace {

class Snapshots : public ::testing::Test {
protected:
    void SetUp() override {
        for (const auto& [path, content] : image_.files)
            if (path.starts_with("dir/s0/") && path.ends_with(".snap")) paths_.push_back(path);
        ASSERT_EQ(paths_.size(), 2U);
        std::reverse(paths_.begin(), paths_.end());
    }
    Bytes& newest() { return image_.files.at(paths_[0]); }
    Bytes& older() { return image_.files.at(paths_[1]); }

    // Every record is there although `passed` could not be used, and that is said.
    void goes_on(const std::string& used, const std::string& passed, const std::string& what) {
        const Aftermath aftermath = recovery_.recover(0);
        ASSERT_FALSE(aftermath.refused) << what << ": " << aftermath.sentence;
        ASSERT_FALSE(aftermath.foreign) << what;
        ASSERT_EQ(aftermath.records, image_.written[0].size()) << what;
        ASSERT_EQ(aftermath.report.snapshot_path, used) << what;
        if (passed.empty()) return;
        const bool told =
            std::any_of(aftermath.report.sentences.begin(), aftermath.report.sentences.end(),
                        [&](const std::string& said) { return said.find(passed) != said.npos; });
        ASSERT_TRUE(told) << what << ": nobody was told of " << passed;
    }
    // Retention took everything below the older snapshot.
    void forget_old_segments() {
        const auto facts =
            SnapshotReader::look(recovery_.storage(), paths_[1], image_.manifest.identity, 0);
        ASSERT_TRUE(facts.ok());
        const std::uint64_t first = facts->tail.segment_index;
        ASSERT_GT(first, 1U);
        SegmentHeader header{};
        std::memcpy(&header, image_.segment(0, first).data(), sizeof header);
        image_.manifest.kept.assign(image_.shards(), Kept{});
        image_.manifest.kept[0] = Kept{first, Position{header.first_position}};
        for (std::uint64_t index = 1; index < first; ++index)
            image_.files.erase(segment_path("dir", 0, index));
    }

    const ImageOptions options_{
        .shards = 2, .segments = 3, .seed = settings().seed + 50, .snapshots = true};
    Image image_ = make_image(options_);
    Recovery recovery_{image_};
    std::vector<std::string> paths_;  // of shard 0, newest first
};

TEST_F(Snapshots, whole_ones_are_used_the_newest_first) {
    goes_on(paths_[0], "", "untouched");
    image_.files.erase(paths_[0]);
    goes_on(paths_[1], "", "the older one");
    image_.files.erase(paths_[1]);
    goes_on("", "", "none");
}

TEST_F(Snapshots, any_flipped_bit_makes_the_older_one_the_newest) {
    const std::uint64_t step = settings().every == 1 ? 1 : 5 * slowness;
    std::uint64_t flips = 0;
    for (std::uint64_t bit = 0; bit < newest().size() * 8; bit += step, ++flips) {
        const Flip flip(newest(), bit);
        goes_on(paths_[1], paths_[0],
                "byte " + std::to_string(bit / 8) + " bit " + std::to_string(bit % 8));
        if (HasFatalFailure()) return;
    }
    std::printf("%llu flips in %zu bytes\n", static_cast<unsigned long long>(flips),
                newest().size());
}

TEST_F(Snapshots, one_that_is_cut_short_or_too_long_is_passed_over) {
    const Bytes whole = newest();
    for (std::size_t size = 0; size <= whole.size() + 4096; size += 64) {
        newest() = whole;
        newest().resize(size);
        if (size == whole.size()) continue;
        goes_on(paths_[1], paths_[0], "with " + std::to_string(size) + " bytes");
        if (HasFatalFailure()) return;
    }
}

TEST_F(Snapshots, one_that_belongs_elsewhere_is_passed_over) {
    ImageOptions twin_options = options_;
    twin_options.identity_seed = 77;
    const Image twin = make_image(twin_options);
    ASSERT_TRUE(twin.files.contains(paths_[0]));
    ImageOptions fork_options = options_;
    fork_options.fork = Fork::same_shape;
    const Image fork = make_image(fork_options);
    ASSERT_TRUE(fork.files.contains(paths_[0]));
    std::string other_shard;
    for (const auto& [path, content] : image_.files)
        if (path.starts_with("dir/s1/") && path.ends_with(".snap")) other_shard = path;
    const Bytes older_copy = older();
    for (const Bytes& foreign : {twin.files.at(paths_[0]), fork.files.at(paths_[0]),
                                 image_.files.at(other_shard), older_copy, Bytes{}}) {
        newest() = foreign;
        goes_on(paths_[1], paths_[0], "foreign");
        if (HasFatalFailure()) return;
    }
}

TEST_F(Snapshots, without_a_usable_one_the_whole_journal_is_replayed) {
    newest()[5000] ^= std::byte{1};
    older()[100] ^= std::byte{1};
    goes_on("", paths_[1], "both damaged");
}

TEST_F(Snapshots, when_the_segments_below_are_gone_the_last_usable_one_still_serves) {
    forget_old_segments();
    goes_on(paths_[0], "", "both whole");
    newest()[5000] ^= std::byte{1};
    goes_on(paths_[1], paths_[0], "the newest damaged");
}

TEST_F(Snapshots, when_the_segments_below_are_gone_and_none_is_usable_opening_is_refused_by_name) {
    forget_old_segments();
    const Bytes whole = older();
    newest()[5000] ^= std::byte{1};
    for (std::uint64_t bit = 0; bit < whole.size() * 8; bit += 97 * slowness) {
        const Flip flip(older(), bit);
        const Aftermath aftermath = recovery_.recover(0);
        ASSERT_TRUE(aftermath.refused) << bit;
        ASSERT_TRUE(is_safe(image_, 0, aftermath)) << aftermath.sentence;
        ASSERT_NE(aftermath.sentence.find(paths_[1]), std::string::npos) << aftermath.sentence;
    }
    image_.files.erase(paths_[0]);
    image_.files.erase(paths_[1]);
    EXPECT_TRUE(recovery_.recover(0).refused);
}

// A snapshot says that everything below it was on disk.
TEST_F(Snapshots, segments_that_end_below_one_are_damage) {
    image_.manifest.clean.clear();
    for (const auto& segment : image_.segments())
        if (segment.starts_with("dir/s0/") && !segment.ends_with("00000001.seg"))
            std::fill(image_.files.at(segment).begin(), image_.files.at(segment).end(),
                      std::byte{0});
    const Aftermath aftermath = recovery_.recover(0);
    ASSERT_TRUE(aftermath.refused);
    EXPECT_TRUE(is_safe(image_, 0, aftermath)) << aftermath.sentence;
}

}  // namespace
}  // namespace pawl::journal::testing
