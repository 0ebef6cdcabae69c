// Every bit of every segment file, one at a time: it is found, and no durable record is cut.
// --every=1 flips each one of 1 MiB.
#include <cstdio>

#include "journal/evidence.hpp"
#include "journal/reader.hpp"
#include "oracle.hpp"
#include "settings.hpp"

namespace pawl::journal::testing {
namespace {

struct Count {
    std::uint64_t flips = 0;
    std::uint64_t refused = 0;
    std::uint64_t healed = 0;  // all records are there again
    std::uint64_t cut = 0;
    std::uint64_t unused = 0;  // of no record, noticed
    std::uint64_t opened = 0;  // whole directories, as a sample
    std::uint64_t read = 0;    // by a reader, as a sample
};

// What 'pawl journal verify' looks at and an opening after an orderly end does not: the zeros that
// are still to be written.
bool seen_by_verify(Storage& storage, const Image& image, std::uint32_t shard) {
    WalkOptions options;
    options.directory = "dir";
    options.shard = shard;
    options.identity = image.manifest.identity;
    options.segment_bytes = image.manifest.segment_bytes;
    options.epoch_max = image.manifest.epoch();
    Collector dropped;
    const auto end = walk_segments(storage, options, dropped);
    if (!end.ok()) return true;
    const auto behind =
        look_behind(storage, options, end.value(), image.manifest.inflight_bytes_max);
    return !behind.ok() || behind->beyond != Beyond::nothing;
}

// A reader gives what was written, up to an error; never anything else.
void read_all(Storage& storage, const Image& image, std::uint32_t shard) {
    ReaderOptions options;
    options.directory = "dir";
    options.shard = shard;
    options.identity = image.manifest.identity;
    options.segment_bytes = image.manifest.segment_bytes;
    StreamReader reader(storage, options);
    const History& history = image.written[shard];
    const auto& last = history.back();
    const Position end{last.position.value + last.bytes.size()};
    for (const auto& expected : history) {
        auto found = reader.next(end);
        if (!found.ok()) return;
        ASSERT_TRUE(static_cast<bool>(*found)) << "the reader ends early and says nothing";
        ASSERT_EQ(found->position, expected.position);
        ASSERT_EQ(0, std::memcmp(found->bytes, expected.bytes.data(), expected.bytes.size()));
    }
}

Count flip_all(const ImageOptions& options, std::uint64_t every) {
    Image image = make_image(options);
    Recovery recovery(image);
    Count count;
    std::uint64_t bit = settings().seed % every;
    for (std::uint32_t shard = 0; shard < image.shards(); ++shard) {
        const Aftermath untouched = recovery.recover(shard);
        EXPECT_EQ(untouched.records, image.written[shard].size());
        EXPECT_TRUE(is_safe(image, shard, untouched));
        for (std::uint64_t index = 1; image.files.contains(segment_path("dir", shard, index));
             ++index) {
            Bytes& bytes = image.segment(shard, index);
            for (; bit < bytes.size() * 8; bit += every) {
                const Flip flip(bytes, bit);
                const Aftermath aftermath = recovery.recover(shard);
                const auto where = [&] {
                    return segment_path("dir", shard, index) + " byte " + std::to_string(bit / 8) +
                           " bit " + std::to_string(bit % 8);
                };
                EXPECT_TRUE(is_safe(image, shard, aftermath)) << where();
                if (!aftermath.noticed()) {
                    EXPECT_EQ(options.end, End::in_order) << where() << ": nobody noticed";
                    EXPECT_TRUE(seen_by_verify(recovery.storage(), image, shard)) << where();
                }
                ++count.flips;
                const bool whole = aftermath.records == image.written[shard].size();
                if (aftermath.refused)
                    ++count.refused;
                else if (!whole)
                    ++count.cut;
                else
                    ++(aftermath.report.found == Case::clean_end ? count.unused : count.healed);
                if (count.flips % 61 == 0) {
                    ++count.opened;
                    EXPECT_EQ(live_on(image, options).empty(), !aftermath.refused) << where();
                }
                if (count.flips % 17 == 0) {
                    ++count.read;
                    recovery.recover(shard);
                    read_all(recovery.storage(), image, shard);
                }
                if (::testing::Test::HasFailure()) return count;
            }
            bit -= bytes.size() * 8;
        }
    }
    std::printf(
        "%llu flips in %.2f MiB: %llu refused, %llu whole again, %llu cut the last block, "
        "%llu in unused bytes; %llu directories opened and written on, %llu read\n",
        static_cast<unsigned long long>(count.flips),
        static_cast<double>(image.segment_file_bytes()) / (1 << 20),
        static_cast<unsigned long long>(count.refused),
        static_cast<unsigned long long>(count.healed), static_cast<unsigned long long>(count.cut),
        static_cast<unsigned long long>(count.unused),
        static_cast<unsigned long long>(count.opened), static_cast<unsigned long long>(count.read));
    return count;
}

// The other two ends have less to say for the time they take.
std::uint64_t every_beside() {
    return settings().every == 1 ? 1 : 9 * settings().every;
}

TEST(Bits, a_flip_in_a_directory_that_was_closed_in_order_never_costs_a_record) {
    const Count count = flip_all({.end = End::in_order, .seed = settings().seed}, settings().every);
    EXPECT_EQ(count.cut, 0U);
    EXPECT_GT(count.refused, count.flips / 2);
}

TEST(Bits, a_flip_after_a_loss_of_power_costs_at_most_the_last_block_and_says_so) {
    const Count count =
        flip_all({.end = End::power_lost, .seed = settings().seed + 1}, every_beside());
    EXPECT_LT(count.cut, count.flips / 10);
}

TEST(Bits, a_flip_that_the_head_still_covers_is_healed_from_it) {
    const Count count = flip_all({.end = End::killed, .seed = settings().seed + 2}, every_beside());
    EXPECT_EQ(count.cut, 0U);
    EXPECT_GT(count.healed, 0U);
}

}  // namespace
}  // namespace pawl::journal::testing
