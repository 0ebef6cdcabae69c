// Blocks in places where they do not belong: another position, segment, shard, directory, life.
#include "oracle.hpp"
#include "settings.hpp"

#include <algorithm>
#include <cstring>

namespace pawl::journal::testing {
namespace {

class Blocks : public ::testing::TestWithParam<End> {
protected:
    Blocks() : blocks_(blocks_of(image_)) {}

    Bytes& file(const BlockPlace& place) { return image_.files.at(place.segment); }
    void put(const BlockPlace& place, const std::byte* block, std::uint64_t bytes) {
        std::memcpy(file(place).data() + place.offset, block,
                    std::min<std::uint64_t>(bytes, file(place).size() - place.offset));
    }
    // What stands at `place` is wrong now; a refusal says `why`.
    void is_found(const BlockPlace& place, const std::string& what, const std::string& why = "") {
        const Aftermath aftermath = recovery_.recover(place.shard);
        const auto where = [&] {
            return what + " at " + place.segment + " offset " + std::to_string(place.offset);
        };
        ASSERT_TRUE(is_safe(image_, place.shard, aftermath)) << where();
        ASSERT_TRUE(aftermath.noticed()) << where();
        // One that does not fit into the rest of its segment is not even a block.
        const bool fits = aftermath.sentence.find("not intact") == std::string::npos;
        if (aftermath.refused && fits) {
            ASSERT_NE(aftermath.sentence.find(why), std::string::npos)
                << where() << ": " << aftermath.sentence;
        }
        if (GetParam() == End::in_order) {
            ASSERT_TRUE(aftermath.refused) << where();
        }
    }

    static std::string name(const BlockPlace& place) {
        return "the block of " + place.segment + " offset " + std::to_string(place.offset);
    }

    const ImageOptions options_{
        .end = GetParam(), .shards = 3, .segments = 3, .seed = settings().seed + 10};
    Image image_ = make_image(options_);
    std::vector<BlockPlace> blocks_;
    Recovery recovery_{image_};
};

TEST_P(Blocks, one_written_over_another_is_found) {
    std::uint64_t pairs = 0;
    for (const auto& from : blocks_) {
        const Bytes block(
            file(from).begin() + static_cast<std::ptrdiff_t>(from.offset),
            file(from).begin() + static_cast<std::ptrdiff_t>(from.offset + from.bytes));
        for (const auto& to : blocks_) {
            if (&from == &to) continue;
            const Restored restored(file(to));
            // Not beyond its place: who wipes out the blocks behind it too wipes out the evidence.
            put(to, block.data(), std::min(from.bytes, to.bytes));
            const bool stale =
                from.shard == to.shard && from.segment < to.segment;  // as an earlier generation
            is_found(to, name(from),
                     from.shard != to.shard ? "another directory or shard"
                     : stale                ? ""
                                            : "another place");
            if (HasFatalFailure()) return;
            ++pairs;
        }
    }
    EXPECT_EQ(pairs, blocks_.size() * (blocks_.size() - 1));
    EXPECT_GT(pairs, 1000U);
}

TEST_P(Blocks, two_that_changed_places_are_found_at_both) {
    for (std::size_t a = 0; a < blocks_.size(); ++a)
        for (std::size_t b = a + 1; b < blocks_.size(); ++b) {
            const BlockPlace& one = blocks_[a];
            const BlockPlace& other = blocks_[b];
            const std::uint64_t bytes = std::min(one.bytes, other.bytes);
            const auto exchange = [&] {
                std::swap_ranges(file(one).data() + one.offset,
                                 file(one).data() + one.offset + bytes,
                                 file(other).data() + other.offset);
            };
            exchange();
            is_found(one, name(other));
            if (one.shard != other.shard) is_found(other, name(one));
            exchange();
            if (HasFatalFailure()) return;
        }
}

TEST_P(Blocks, one_of_a_twin_directory_is_found) {
    ImageOptions twin_options = options_;
    twin_options.identity_seed = 77;
    const Image twin = make_image(twin_options);
    const auto twin_blocks = blocks_of(twin);
    ASSERT_EQ(twin_blocks.size(), blocks_.size());
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        const Restored restored(file(blocks_[i]));
        put(blocks_[i], twin.files.at(twin_blocks[i].segment).data() + twin_blocks[i].offset,
            twin_blocks[i].bytes);
        is_found(blocks_[i], "its twin", "another directory or shard");
        if (HasFatalFailure()) return;
    }
}

TEST_P(Blocks, one_of_an_earlier_life_of_its_segment_is_found) {
    for (const auto& place : blocks_) {
        const Restored restored(file(place));
        std::byte* const block = file(place).data() + place.offset;
        --reinterpret_cast<BlockHeader*>(block)->generation;
        seal_block(block);
        is_found(place, "an earlier generation");
        if (HasFatalFailure()) return;
    }
}

TEST_P(Blocks, one_that_was_never_written_is_found) {
    for (const auto& place : blocks_) {
        const Restored restored(file(place));
        std::memset(file(place).data() + place.offset, 0, place.bytes);
        is_found(place, "zeros");
        if (HasFatalFailure()) return;
    }
}

// A block behind the end of a stream is not part of it, wherever it came from.
TEST_P(Blocks, none_is_taken_for_the_next_one) {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        const bool last = i + 1 == blocks_.size() || blocks_[i + 1].shard != blocks_[i].shard;
        if (!last) continue;
        BlockPlace behind = blocks_[i];
        behind.offset += behind.bytes;
        if (behind.offset >= file(behind).size()) continue;
        for (const auto& from : blocks_) {
            const Restored restored(file(behind));
            const Bytes block(
                file(from).begin() + static_cast<std::ptrdiff_t>(from.offset),
                file(from).begin() + static_cast<std::ptrdiff_t>(from.offset + from.bytes));
            put(behind, block.data(), block.size());
            const Aftermath aftermath = recovery_.recover(behind.shard);
            ASSERT_TRUE(is_safe(image_, behind.shard, aftermath)) << name(from);
            ASSERT_TRUE(aftermath.refused ||
                        aftermath.records == image_.written[behind.shard].size())
                << name(from);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(After, Blocks, ::testing::Values(End::in_order, End::power_lost),
                         [](const auto& made) {
                             return made.param == End::in_order ? "an_orderly_end"
                                                                : "a_loss_of_power";
                         });

}  // namespace
}  // namespace pawl::journal::testing
