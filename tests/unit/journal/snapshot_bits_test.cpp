// Every bit of a snapshot, and every number in its header: what is not as it was is not used.
#include <functional>
#include <vector>

#include "journal/choose_snapshot.hpp"
#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

constexpr std::size_t bits_between = sanitized ? 31 : 1;

// A small life with one small snapshot, looked at by the choice alone: quick enough for every bit.
class EveryBit : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(life.open());
        ASSERT_TRUE(life.append_many(3));
        ASSERT_TRUE(life.sync());
        ASSERT_TRUE(life.snapshot().ok());
        path = life.snapshots().front();
        manifest = life.directory().manifest();
        walk = life.directory().walk_options(0);
        life.kill();
    }
    Life life;
    std::string path;
    Manifest manifest;
    WalkOptions walk;
};

TEST_F(EveryBit, of_a_snapshot_that_is_flipped_makes_it_unused_and_it_is_said) {
    const auto chosen = [&] {
        Collector sink;
        auto choice = choose_snapshot(life.storage, walk, manifest, sink);
        EXPECT_TRUE(choice.ok());
        EXPECT_EQ(choice->from.has_value(), sink.history.size() == 3);
        EXPECT_EQ(choice->from.has_value(), choice->passed_over.empty());
        return choice->from.has_value();
    };
    ASSERT_TRUE(chosen());
    auto& bytes = life.storage.bytes_of(path);
    ASSERT_EQ(bytes.size(), 8192U);
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += bits_between) {
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        ASSERT_FALSE(chosen()) << bit;
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    ASSERT_TRUE(chosen());
}

// A header that somebody made: every field that places it must be what the segments say.
TEST_F(EveryBit, of_a_place_that_is_wrong_makes_it_unused) {
    const auto whole = life.storage.bytes_of(path);
    const auto sealed = [&](auto change) {
        auto& bytes = life.storage.bytes_of(path);
        bytes = whole;
        auto& header = *reinterpret_cast<SnapshotHeader*>(bytes.data());
        change(header);
        header.header_hash = 0;
        header.header_hash = hash64(bytes.data(), snapshot_page_bytes);
        Collector sink;
        auto choice = choose_snapshot(life.storage, walk, manifest, sink);
        return choice.ok() && choice->from.has_value();
    };
    ASSERT_TRUE(sealed([](SnapshotHeader&) {}));
    EXPECT_TRUE(sealed([](SnapshotHeader& h) { h.layout_hash ^= 1; }));
    using Change = std::function<void(SnapshotHeader&)>;
    const std::vector<Change> changes = {
        [](auto& h) { h.last_sequence += 1; },
        [](auto& h) { h.last_time_ns += 1; },
        [](auto& h) { h.block_hash ^= 1; },
        [](auto& h) { h.segment_index += 1; },
        [](auto& h) { h.segment_index = 0; },
        [](auto& h) { h.generation += 1; },
        [](auto& h) { h.offset_bytes += 4096; },
        [](auto& h) { h.offset_bytes += 4096, h.last_offset_bytes += 4096; },
        [](auto& h) { h.offset_bytes += 4096, h.last_bytes += 4096; },
        [](auto& h) { h.last_offset_bytes = 0, h.last_bytes = h.offset_bytes; },
        [](auto& h) { h.last_bytes = 0, h.last_offset_bytes = h.offset_bytes; },
        [](auto& h) { h.offset_bytes = h.last_offset_bytes = ~std::uint64_t{4095}; },
        [](auto& h) { h.epoch += 1; },
        [](auto& h) { h.epoch -= 1; },
        [](auto& h) { h.last_checksum ^= 1; },
        [](auto& h) { h.format += 1; },
        [](auto& h) { h.shard += 1; },
        [](auto& h) { h.identity.low ^= 1; },
        [](auto& h) { h.position += 8; },
        [](auto& h) { h.body_bytes += 4096; },
        [](auto& h) { h.body_bytes = ~std::uint64_t{0}; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) EXPECT_FALSE(sealed(changes[i])) << i;
}

}  // namespace
}  // namespace pawl::journal::testing
