// Heads that are gone, foreign, shrunk, or damaged in any bit: what they held is used as far as it
// chains on, never more, and what is lost is said.
#include "oracle.hpp"
#include "settings.hpp"

#include <cstdio>

namespace pawl::journal::testing {
namespace {

class Heads : public ::testing::Test {
protected:
    HeadImage& head(std::uint32_t shard) { return image_.heads.at(image_.head(shard)); }
    // Every record, or a sentence that says why not.
    Aftermath is_told(std::uint32_t shard, const std::string& what) {
        Aftermath aftermath = recovery_.recover(shard);
        EXPECT_TRUE(is_safe(image_, shard, aftermath)) << what;
        const bool whole = aftermath.records == image_.written[shard].size();
        EXPECT_TRUE(aftermath.refused || whole || !aftermath.report.sentences.empty())
            << what << ": " << aftermath.records << " of " << image_.written[shard].size()
            << " records, and no word";
        return aftermath;
    }
    std::uint64_t cell(std::size_t offset) {
        std::uint64_t value = 0;
        std::memcpy(&value, head(0).page.data() + offset, sizeof value);
        return value;
    }

    const ImageOptions options_{
        .end = End::killed, .shards = 2, .segments = 3, .seed = settings().seed + 30};
    Image image_ = make_image(options_);
    Recovery recovery_{image_};
};

TEST_F(Heads, whole_ones_give_every_record) {
    for (std::uint32_t shard = 0; shard < 2; ++shard) {
        const Aftermath aftermath = is_told(shard, "untouched");
        EXPECT_EQ(aftermath.records, image_.written[shard].size());
        EXPECT_EQ(aftermath.report.head, HeadFound::used);
        EXPECT_GT(aftermath.report.head_bytes, 0U);
    }
}

TEST_F(Heads, one_that_is_gone_is_missed) {
    image_.heads.erase(image_.head(0));
    EXPECT_EQ(is_told(0, "gone").report.head, HeadFound::absent);
}

TEST_F(Heads, one_of_another_shard_or_directory_is_not_used) {
    ImageOptions twin_options = options_;
    twin_options.identity_seed = 77;
    Image twin = make_image(twin_options);
    for (const HeadImage& other : {head(1), twin.heads.at(twin.head(0))}) {
        head(0) = other;
        EXPECT_EQ(is_told(0, "foreign").report.head, HeadFound::foreign);
    }
}

TEST_F(Heads, one_of_an_earlier_life_is_not_used) {
    ImageOptions young_options = options_;
    young_options.lives = 2;
    Image young = make_image(young_options);
    head(0) = young.heads.at(young.head(0));
    EXPECT_EQ(is_told(0, "stale").report.head, HeadFound::stale);
}

TEST_F(Heads, one_that_shrank_is_not_used) {
    const HeadImage whole = head(0);
    for (std::size_t part : {2U, 4U}) {
        const std::size_t capacity = whole.twice.size() / 2 / part;
        head(0).twice.assign(whole.twice.begin(),
                             whole.twice.begin() + static_cast<std::ptrdiff_t>(capacity));
        head(0).twice.insert(head(0).twice.end(), whole.twice.begin(),
                             whole.twice.begin() + static_cast<std::ptrdiff_t>(capacity));
        EXPECT_EQ(is_told(0, "shrunk").report.head, HeadFound::damaged);
    }
}

TEST_F(Heads, a_flip_in_the_first_page_is_never_silent) {
    std::uint64_t flips = 0;
    for (std::uint64_t bit = 0; bit < head_page_bytes * 8; ++bit) {
        const Flip flip(head(0).page, bit);
        is_told(0, "page byte " + std::to_string(bit / 8) + " bit " + std::to_string(bit % 8));
        ++flips;
        if (HasFailure()) return;
    }
    EXPECT_EQ(flips, head_page_bytes * 8);
}

// The committed position is the one word that says how much there is: whatever stands there, whole
// records that were acknowledged do not vanish without a word.
TEST_F(Heads, any_committed_position_is_checked_against_the_last_record) {
    const std::uint64_t committed = cell(head_committed_offset);
    const Bytes before = head(0).page;
    for (const auto& entry : image_.written[0]) {
        if (entry.position.value < cell(head_synced_offset) || entry.position.value == committed)
            continue;
        std::memcpy(head(0).page.data() + head_committed_offset, &entry.position.value, 8);
        is_told(0, "committed at " + std::to_string(entry.position.value));
        head(0).page = before;
    }
}

TEST_F(Heads, a_flip_in_its_records_cuts_nothing_that_is_on_disk_and_is_told) {
    const std::uint64_t capacity = head(0).twice.size() / 2;
    std::uint64_t flips = 0;
    for (std::uint64_t bit = 0; bit < capacity * 8; bit += 11 * slowness) {
        const Flip once(head(0).twice, bit);
        const Flip twice(head(0).twice, bit + capacity * 8);
        is_told(0, "ring byte " + std::to_string(bit / 8) + " bit " + std::to_string(bit % 8));
        ++flips;
        if (HasFailure()) return;
    }
    std::printf("%llu flips in a ring of %llu bytes\n", static_cast<unsigned long long>(flips),
                static_cast<unsigned long long>(capacity));
}

}  // namespace
}  // namespace pawl::journal::testing
