// Opening after an orderly end, a kill, a power cut, and after somebody changed the files.
#include <algorithm>
#include <cstring>

#include "journal/block.hpp"
#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

TEST(Recovery, a_new_directory_is_created_and_empty) {
    Life life;
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_TRUE(life.directory().report().created);
    EXPECT_EQ(life.directory().epoch(), 1U);
    EXPECT_EQ(life.head().committed(), Position{0});
    EXPECT_TRUE(life.replayed.empty());
}

TEST(Recovery, an_orderly_end_keeps_every_record_and_needs_no_head) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(500));
    ASSERT_TRUE(life.close().ok());
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 500));
    EXPECT_EQ(life.report().found, Case::clean_end);
    EXPECT_EQ(life.report().head, HeadFound::not_needed);
    EXPECT_EQ(life.directory().epoch(), 2U);
    EXPECT_EQ(life.report().records, 500U);
}

TEST(Recovery, a_killed_process_loses_nothing_that_was_committed) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(300));
    ASSERT_TRUE(life.sync());
    ASSERT_TRUE(life.append_many(200));
    life.kill();
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 500));
    EXPECT_EQ(life.report().head, HeadFound::used);
    EXPECT_GT(life.report().head_bytes, 0U);
    life.kill();
    ASSERT_TRUE(life.open());
    EXPECT_EQ(life.replayed.size(), 500U);
}

TEST(Recovery, a_power_cut_keeps_what_was_synced_and_says_that_the_head_is_gone) {
    for (const auto unsynced : {Unsynced::lost, Unsynced::kept, Unsynced::every_other_sector}) {
        Life life;
        ASSERT_TRUE(life.open());
        ASSERT_TRUE(life.append_many(300));
        ASSERT_TRUE(life.sync());
        ASSERT_TRUE(life.append_many(50));
        life.cut_power(unsynced);
        ASSERT_TRUE(life.open()) << life.error().sentence;
        EXPECT_TRUE(is_prefix(life.replayed, life.written, 300));
        EXPECT_EQ(life.replayed.size(), 300U);
        EXPECT_EQ(life.report().head, HeadFound::absent);
        EXPECT_TRUE(says(life, "is gone after an end that was not clean"));
    }
}

TEST(Recovery, a_stream_goes_on_over_many_lives_and_segments) {
    Life life;
    for (int round = 0; round < 12; ++round) {
        ASSERT_TRUE(life.open()) << life.error().sentence;
        ASSERT_TRUE(is_prefix(life.replayed, life.written, life.written.size()));
        ASSERT_TRUE(life.append_many(400, 40));
        if (round % 3 == 0) {
            ASSERT_TRUE(life.close().ok());
        } else if (round % 3 == 1) {
            life.kill();
        } else {
            ASSERT_TRUE(life.sync());
            life.cut_power();
        }
    }
    ASSERT_TRUE(life.open());
    EXPECT_EQ(life.replayed.size(), 12U * 400U);
    EXPECT_GT(life.report().bytes, 5 * segment_bytes_min);
}

TEST(Recovery, a_torn_tail_is_cut_at_the_last_whole_record) {
    Life whole;
    ASSERT_TRUE(whole.open());
    ASSERT_TRUE(whole.append_many(20));
    ASSERT_TRUE(whole.sync());
    ASSERT_TRUE(whole.append_many(60));
    ASSERT_TRUE(whole.sync());
    whole.cut_power();
    const auto intact_bytes = whole.bytes(1);
    const auto manifest_bytes = whole.storage.bytes_of("dir/manifest");
    const auto offsets = blocks_of(intact_bytes);
    ASSERT_EQ(offsets.size(), 2U);
    // From the second block on, everything from `cut` to the end is lost.
    for (std::uint64_t cut = offsets[1]; cut < offsets[1] + 6144; cut += 97) {
        auto& bytes = whole.bytes(1);
        bytes = intact_bytes;
        whole.storage.bytes_of("dir/manifest") = manifest_bytes;
        whole.storage.bytes_of("dir/manifest");
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end(), std::byte{0});
        whole.bytes(1);
        ASSERT_TRUE(whole.open()) << whole.error().sentence;
        ASSERT_TRUE(is_prefix(whole.replayed, whole.written, 20));
        std::size_t expected = 20;
        while (expected < whole.written.size() &&
               offsets[1] + sizeof(BlockHeader) +
                       (whole.written[expected].position.value - whole.written[20].position.value) +
                       whole.written[expected].bytes.size() <=
                   cut)
            ++expected;
        EXPECT_GE(whole.replayed.size(), std::min<std::size_t>(expected, 80)) << cut;
        const auto kept = whole.replayed.size();
        whole.cut_power();
        ASSERT_TRUE(whole.open()) << "a second time: " << whole.error().sentence;
        EXPECT_EQ(whole.replayed.size(), kept);
        EXPECT_EQ(whole.report().found, Case::clean_end);
        whole.cut_power();
    }
}

TEST(Recovery, cut_bytes_are_set_aside_and_named_command_by_command) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(20));
    ASSERT_TRUE(life.sync());
    ASSERT_TRUE(life.append_many(3));
    ASSERT_TRUE(life.sync());
    life.cut_power();
    auto& bytes = life.bytes(1);
    const auto offsets = blocks_of(bytes);
    // The last byte of the last record.
    const std::uint64_t at = offsets[1] + sizeof(BlockHeader) + 3 * life.written[20].bytes.size();
    bytes[at - 1] ^= std::byte{0x40};
    life.bytes(1);
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_EQ(life.replayed.size(), 22U);
    EXPECT_EQ(life.report().found, Case::torn_tail);
    ASSERT_EQ(life.report().cut.size(), 1U);
    EXPECT_EQ(life.report().cut[0].sequence, Sequence{23});
    EXPECT_EQ(life.report().cut[0].position, life.written[22].position);
    EXPECT_FALSE(life.report().quarantine_file.empty());
    EXPECT_TRUE(life.storage.exists(life.report().quarantine_file));
}

TEST(Recovery, damage_before_the_durable_bound_is_refused_and_nothing_is_changed) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(5));
    life.cut_power();
    auto& bytes = life.bytes(1);
    const auto offsets = blocks_of(bytes);
    ASSERT_EQ(offsets.size(), 5U);
    bytes[offsets[2] + 700] ^= std::byte{1};
    const auto before = life.bytes(1);
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged);
    EXPECT_NE(life.error().sentence.find("damage at position " +
                                         std::to_string(life.written[40].position.value)),
              std::string::npos)
        << life.error().sentence;
    EXPECT_EQ(life.bytes(1), before);
}

TEST(Recovery, damage_that_the_head_still_covers_is_healed_from_it) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(5));
    life.kill();
    auto& bytes = life.bytes(1);
    bytes[blocks_of(bytes)[2] + 700] ^= std::byte{1};
    life.bytes(1);
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_EQ(life.report().found, Case::damage);
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 100));
    EXPECT_FALSE(life.report().quarantine_file.empty());
    life.cut_power();
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_EQ(life.replayed.size(), 100U);
    EXPECT_EQ(life.report().found, Case::clean_end);
}

TEST(Recovery, damage_is_healed_over_the_end_of_a_segment) {
    Life life;
    life.options().head_bytes = 4 * head_bytes_min;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(60));
    ASSERT_TRUE(life.storage.exists(life.segment(3)));
    life.kill();
    auto& bytes = life.bytes(1);
    bytes[blocks_of(bytes)[2] + 700] ^= std::byte{1};
    life.bytes(1);
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_EQ(life.report().found, Case::damage);
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 1200));
    life.cut_power();
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_EQ(life.replayed.size(), 1200U);
    EXPECT_EQ(life.report().found, Case::clean_end);
}

TEST(Recovery, bytes_farther_away_than_one_write_are_suspect_and_stay) {
    for (const std::uint64_t distance : {8192U, 40960U}) {
        Life life;
        ASSERT_TRUE(life.open());
        ASSERT_TRUE(life.append_many(10));
        ASSERT_TRUE(life.sync());
        life.cut_power();
        life.bytes(1)[8192 + distance + 17] = std::byte{1};
        life.bytes(1);
        const bool near = distance == 8192;
        EXPECT_EQ(life.open(), near);
        if (near) {
            EXPECT_EQ(life.report().found, Case::torn_tail);
        } else {
            EXPECT_NE(life.error().sentence.find("suspect"), std::string::npos);
            EXPECT_EQ(life.bytes(1)[8192 + distance + 17], std::byte{1});
        }
    }
}

TEST(Recovery, any_two_swapped_blocks_are_found) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(5));
    life.cut_power();
    const auto original = life.bytes(1);
    const auto offsets = blocks_of(original);
    for (std::size_t a = 0; a < offsets.size(); ++a) {
        for (std::size_t b = a + 1; b < offsets.size(); ++b) {
            auto& bytes = life.bytes(1);
            bytes = original;
            const auto at = [&](std::size_t i) {
                return bytes.begin() + static_cast<std::ptrdiff_t>(offsets[i]);
            };
            std::swap_ranges(at(a), at(a) + block_alignment_bytes, at(b));
            life.bytes(1);
            ASSERT_FALSE(life.open()) << a << " and " << b;
            EXPECT_EQ(life.error().code, ErrorCode::damaged);
        }
    }
}

TEST(Recovery, a_block_that_was_killed_before_its_sync_is_made_durable_at_opening) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(10));
    ASSERT_TRUE(life.sync());
    ASSERT_TRUE(life.append_many(10));
    ASSERT_TRUE(life.sync());
    life.kill();
    life.storage.forget_sync(life.segment(1), 8192);
    ASSERT_TRUE(life.open());
    ASSERT_EQ(life.head().synced(), life.head().committed());
    life.cut_power();
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 20));
}

TEST(Recovery, a_block_whose_predecessor_was_exchanged_does_not_chain) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(3));
    life.cut_power();
    auto& bytes = life.bytes(1);
    std::byte* const second = bytes.data() + blocks_of(bytes)[1];
    reinterpret_cast<BlockHeader*>(second)->previous_hash ^= 1;
    seal_block(second);
    life.bytes(1);
    ASSERT_FALSE(life.open());
    EXPECT_NE(life.error().sentence.find("does not chain"), std::string::npos)
        << life.error().sentence;
}

TEST(Recovery, a_block_of_another_directory_is_recognised) {
    Life other(small_options("dir"));
    other.options().random = [] { return std::uint64_t{99}; };
    ASSERT_TRUE(other.open());
    ASSERT_TRUE(other.append_many(20));
    ASSERT_TRUE(other.sync());
    other.cut_power();
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(3));
    life.cut_power();
    std::copy_n(other.bytes(1).begin() + 4096, 4096, life.bytes(1).begin() + 4096);
    life.bytes(1);
    ASSERT_FALSE(life.open());
    EXPECT_NE(life.error().sentence.find("another directory"), std::string::npos)
        << life.error().sentence;
}

class SegmentFiles : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(life.open());
        ASSERT_TRUE(life.append_many(2000, 100));
        ASSERT_TRUE(life.sync());
        life.cut_power();
        ASSERT_TRUE(life.storage.exists(life.segment(4)));
    }
    void refuses(const std::string& words) {
        ASSERT_FALSE(life.open());
        EXPECT_EQ(life.error().code, ErrorCode::damaged);
        EXPECT_NE(life.error().sentence.find(words), std::string::npos) << life.error().sentence;
    }
    Life life;
};

TEST_F(SegmentFiles, a_missing_one_is_refused_by_name) {
    ASSERT_TRUE(life.storage.remove(life.segment(2)).ok());
    refuses("00000002.seg is missing");
}

TEST_F(SegmentFiles, a_missing_first_one_is_refused_by_name) {
    ASSERT_TRUE(life.storage.remove(life.segment(1)).ok());
    refuses("00000001.seg is missing");
}

TEST_F(SegmentFiles, a_truncated_one_is_refused_by_name) {
    life.bytes(2).resize(10'000);
    life.bytes(2);
    refuses("00000002.seg");
}

TEST_F(SegmentFiles, a_doubled_one_is_refused_by_name) {
    life.storage.copy_file(life.segment(2), life.segment(3));
    refuses("00000003.seg: offset 0");
}

TEST(Recovery, a_second_opening_is_refused_and_told_who_holds_it) {
    Life life;
    ASSERT_TRUE(life.open());
    Collector collector;
    auto second = Directory::open(life.storage, life.options(),
                                  [&](std::uint32_t) -> RecordSink& { return collector; });
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::locked);
    EXPECT_NE(second.error().sentence.find("pid 1"), std::string::npos);
}

TEST(Recovery, each_mismatch_is_refused_with_both_values) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.close().ok());
    const auto refused = [&](const std::string& words) {
        ASSERT_FALSE(life.open());
        EXPECT_EQ(life.error().code, ErrorCode::mismatch);
        EXPECT_NE(life.error().sentence.find(words), std::string::npos) << life.error().sentence;
    };
    life.options().shards = 4;
    refused("1 shards here, 4 in options");
    life.options().shards = 1;
    life.options().router_hash = 77;
    refused("router");
    life.options().router_hash = 0;
    life.options().schema_text = "pawl-schema 1\naggregate 0 Box\nevent 0 0 Filled value:u32\n";
    refused("value:u32");
    life.options().schema_text = schema_of_tests + std::string("event 0 1 Emptied\n");
    EXPECT_TRUE(life.open()) << life.error().sentence;
}

// Two copies of one directory went on by themselves; the manifest of one stands with the segments
// of the other.
TEST(Recovery, segments_that_go_on_behind_an_orderly_end_are_another_history) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(1));
    ASSERT_TRUE(life.close().ok());
    const auto segment = life.bytes(1);
    const auto manifest = life.storage.bytes_of("dir/manifest");
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(1));
    ASSERT_TRUE(life.close().ok());
    const auto other = life.storage.bytes_of("dir/manifest");
    life.storage.put_file(life.segment(1), segment);
    life.storage.put_file("dir/manifest", manifest);
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(2));
    ASSERT_TRUE(life.close().ok());
    life.storage.put_file("dir/manifest", other);
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged) << life.error().sentence;
    EXPECT_NE(life.error().sentence.find("another history"), std::string::npos)
        << life.error().sentence;
}

// An older manifest stands with the segments of later reigns: what they hold was promised to
// others.
TEST(Recovery, blocks_of_a_reign_that_the_manifest_does_not_know_are_refused) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(1));
    life.cut_power();
    const auto manifest = life.storage.bytes_of("dir/manifest");
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_blocks(1));
    life.cut_power();
    life.storage.put_file("dir/manifest", manifest);
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged) << life.error().sentence;
    EXPECT_NE(life.error().sentence.find("the block is of a later reign"), std::string::npos)
        << life.error().sentence;
}

TEST(Recovery, segments_without_a_manifest_are_not_overwritten) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(50));
    ASSERT_TRUE(life.close().ok());
    ASSERT_TRUE(life.storage.remove("dir/manifest").ok());
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged);
}

TEST(Recovery, shards_are_recovered_each_with_its_own_records) {
    MemoryStorage storage;
    auto options = small_options();
    options.shards = 3;
    for (int life = 0; life < 2; ++life) {
        std::vector<Collector> collectors(3);
        auto opened = Directory::open(storage, options, [&](std::uint32_t shard) -> RecordSink& {
            return collectors[shard];
        });
        ASSERT_TRUE(opened.ok()) << opened.error().sentence;
        Directory& directory = **opened;
        for (std::uint32_t shard = 0; shard < 3; ++shard) {
            EXPECT_EQ(collectors[shard].history.size(), life == 0 ? 0 : shard + 1);
            if (life == 1) continue;
            Head& head = directory.head(shard);
            Position p;
            std::uint32_t checksum = directory.end(shard).last_checksum;
            for (std::uint64_t i = 1; i <= shard + 1; ++i) {
                head.announce(Position{p.value + 96});
                const auto length = build_record(head.at(p), i, 24, checksum);
                checksum = reinterpret_cast<detail::RecordHeader*>(head.at(p))->checksum;
                p.value += length;
                head.publish(p, checksum);
            }
        }
        ASSERT_TRUE(directory.close().ok());
    }
    options.shards = 1;
    Collector one;
    const auto fewer =
        Directory::open(storage, options, [&](std::uint32_t) -> RecordSink& { return one; });
    ASSERT_FALSE(fewer.ok());
    EXPECT_NE(fewer.error().sentence.find("3 shards here, 1 in options"), std::string::npos);
}

}  // namespace
}  // namespace pawl::journal::testing
