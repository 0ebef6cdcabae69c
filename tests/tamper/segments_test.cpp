// Segment files that are missing, cut short, doubled, exchanged, or another directory's.
#include "oracle.hpp"
#include "settings.hpp"

#include <algorithm>

namespace pawl::journal::testing {
namespace {

constexpr std::uint64_t cut_step = 512;

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

class Segments : public ::testing::TestWithParam<End> {
protected:
    std::string path(std::uint32_t shard, std::uint64_t index) const {
        return segment_path("dir", shard, index);
    }
    // Whether blocks stand in it: a prepared one has only zeros.
    bool in_use(const std::string& segment) const {
        const Bytes& bytes = image_.files.at(segment);
        return !bytes.empty() && bytes[0] != std::byte{0};
    }
    // `names`: one of them must be in the refusal.
    void is_safe_by_name(std::uint32_t shard, const std::vector<std::string>& names, bool harmful) {
        const Aftermath aftermath = recovery_.recover(shard);
        ASSERT_TRUE(is_safe(image_, shard, aftermath)) << names[0];
        if (!harmful) return;
        ASSERT_TRUE(aftermath.noticed()) << names[0];
        const bool named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            return aftermath.sentence.find(name_of(name)) != std::string::npos;
        });
        if (aftermath.refused) {
            ASSERT_TRUE(named) << names[0] << ": " << aftermath.sentence;
        }
    }
    bool all_is_durable() const { return GetParam() == End::in_order; }

    const ImageOptions options_{
        .end = GetParam(), .shards = 3, .segments = 4, .seed = settings().seed + 20};
    Image image_ = make_image(options_);
    Recovery recovery_{image_};
};

TEST_P(Segments, a_missing_one_is_refused_by_name) {
    for (const auto& segment : image_.segments()) {
        const bool used = in_use(segment);
        const auto shard = static_cast<std::uint32_t>(segment[5] - '0');
        auto node = image_.files.extract(segment);
        is_safe_by_name(shard, {segment}, used);
        if (used && all_is_durable()) {
            EXPECT_TRUE(recovery_.recover(shard).refused) << segment;
        }
        image_.files.insert(std::move(node));
        if (HasFatalFailure()) return;
    }
}

TEST_P(Segments, one_that_is_cut_short_anywhere_is_refused_or_mended) {
    for (const auto& segment : image_.segments()) {
        const auto shard = static_cast<std::uint32_t>(segment[5] - '0');
        Bytes& bytes = image_.files.at(segment);
        const Restored restored(bytes);
        const auto blocks = pawl::journal::testing::blocks_of(bytes);
        std::uint64_t used_end = 0;
        if (in_use(segment)) used_end = block_alignment_bytes;
        if (!blocks.empty()) {
            BlockHeader last{};
            std::memcpy(&last, bytes.data() + blocks.back(), sizeof last);
            used_end = blocks.back() + last.block_bytes;
        }
        const std::uint64_t whole = bytes.size();
        std::uint64_t turn = 0;
        for (std::uint64_t size = whole - cut_step;; size -= cut_step) {
            bytes.resize(size);
            is_safe_by_name(shard, {segment}, size < used_end);
            // The last records of a block cut short are still there; the ones that are lost are
            // durable after an orderly end.
            if (size < used_end && all_is_durable()) {
                EXPECT_TRUE(recovery_.recover(shard).refused) << segment << " at " << size;
            }
            if (++turn % 23 == 0) {
                EXPECT_EQ(live_on(image_, options_).empty(), !recovery_.recover(shard).refused)
                    << segment << " at " << size;
            }
            if (HasFailure() || size == 0) break;
        }
        if (HasFailure()) return;
    }
}

// The next one to be written: nobody misses its bytes, but it must make room for a whole one.
TEST_P(Segments, an_empty_one_of_another_size_is_refused_or_makes_room) {
    for (const auto& segment : image_.segments()) {
        if (in_use(segment)) continue;
        const Restored restored(image_.files.at(segment));
        for (const std::uint64_t size : {4096U, 53'760U, 65'024U, 69'632U}) {
            image_.files.at(segment).assign(size, std::byte{0});
            const std::string refusal = live_on(image_, options_);
            EXPECT_TRUE(!all_is_durable() || refusal.empty()) << refusal;
            EXPECT_TRUE(refusal.empty() || refusal.find(name_of(segment)) != std::string::npos)
                << refusal;
        }
    }
}

TEST_P(Segments, one_that_stands_under_another_number_is_refused_by_name) {
    for (std::uint32_t shard = 0; shard < image_.shards(); ++shard) {
        const std::uint64_t count = options_.segments + 3;
        for (std::uint64_t from = 1; image_.files.contains(path(shard, from)); ++from)
            for (std::uint64_t to = 1; to <= count; ++to) {
                if (from == to || !in_use(path(shard, from))) continue;
                const Bytes copy = image_.files.at(path(shard, from));
                const bool there = image_.files.contains(path(shard, to));
                const Bytes before = there ? image_.files.at(path(shard, to)) : Bytes{};
                image_.files[path(shard, to)] = copy;
                is_safe_by_name(shard, {path(shard, to), path(shard, to - 1)}, true);
                if (there)
                    image_.files[path(shard, to)] = before;
                else
                    image_.files.erase(path(shard, to));
                if (HasFatalFailure()) return;
            }
    }
}

TEST_P(Segments, any_two_that_changed_places_are_refused_by_name) {
    const auto all = image_.segments();
    for (std::size_t a = 0; a < all.size(); ++a)
        for (std::size_t b = a + 1; b < all.size(); ++b) {
            if (!in_use(all[a]) && !in_use(all[b])) continue;
            std::swap(image_.files.at(all[a]), image_.files.at(all[b]));
            for (const auto& segment : {all[a], all[b]})
                is_safe_by_name(static_cast<std::uint32_t>(segment[5] - '0'), {all[a], all[b]},
                                true);
            std::swap(image_.files.at(all[a]), image_.files.at(all[b]));
            if (HasFatalFailure()) return;
        }
}

TEST_P(Segments, one_of_a_twin_directory_is_refused_by_name) {
    ImageOptions twin_options = options_;
    twin_options.identity_seed = 77;
    const Image twin = make_image(twin_options);
    for (const auto& segment : image_.segments()) {
        if (!in_use(segment)) continue;
        const Restored restored(image_.files.at(segment));
        image_.files.at(segment) = twin.files.at(segment);
        is_safe_by_name(static_cast<std::uint32_t>(segment[5] - '0'), {segment}, true);
        if (HasFatalFailure()) return;
    }
}

// Two copies of a directory were opened and closed in order: what one wrote does not follow what
// the other did, although both know the directory, the reign and the position.
TEST(Copies, a_segment_of_a_copy_that_went_its_own_way_is_refused) {
    std::uint64_t exchanged = 0;
    for (const std::uint64_t segments : {2U, 4U})
        for (const bool same_shape : {true, false}) {
            const ImageOptions options{
                .shards = 3, .segments = segments, .seed = settings().seed + 25};
            Image image = make_image(options);
            ImageOptions fork_options = options;
            fork_options.fork = same_shape ? Fork::same_shape : Fork::other_shape;
            const Image fork = make_image(fork_options);
            ASSERT_EQ(fork.manifest.identity, image.manifest.identity);
            Recovery recovery(image);
            for (const auto& segment : image.segments()) {
                if (!fork.files.contains(segment)) continue;
                Bytes& mine = image.files.at(segment);
                if (mine == fork.files.at(segment)) continue;
                const auto shard = static_cast<std::uint32_t>(segment[5] - '0');
                const Restored restored(mine);
                mine = fork.files.at(segment);
                const Aftermath aftermath = recovery.recover(shard);
                EXPECT_TRUE(aftermath.refused) << segment << " of " << segments;
                EXPECT_NE(aftermath.sentence.find(name_of(segment).substr(0, 7)), std::string::npos)
                    << aftermath.sentence;
                ++exchanged;
            }
        }
    EXPECT_GE(exchanged, 12U);
}

INSTANTIATE_TEST_SUITE_P(After, Segments, ::testing::Values(End::in_order, End::power_lost),
                         [](const auto& made) {
                             return made.param == End::in_order ? "an_orderly_end"
                                                                : "a_loss_of_power";
                         });

}  // namespace
}  // namespace pawl::journal::testing
