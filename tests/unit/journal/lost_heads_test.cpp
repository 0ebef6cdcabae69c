// Opening with a head that is gone, foreign, of another time, or damaged.
#include <algorithm>

#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

TEST(LostHeads, a_head_remembers_what_was_on_disk_even_where_it_no_longer_reaches) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(2000));
    ASSERT_TRUE(life.sync());
    life.kill();
    auto& bytes = life.bytes(1);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(blocks_of(bytes)[1]), bytes.end(),
              std::byte{0});
    life.bytes(1);
    for (std::uint64_t index = 2; life.storage.exists(life.segment(index)); ++index)
        ASSERT_TRUE(life.storage.remove(life.segment(index)).ok());
    ASSERT_FALSE(life.open());
    EXPECT_EQ(life.error().code, ErrorCode::damaged);
    EXPECT_NE(life.error().sentence.find("the head says so"), std::string::npos)
        << life.error().sentence;
}

TEST(LostHeads, a_head_of_an_earlier_reign_is_recognised_and_never_applied) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(50));
    ASSERT_TRUE(life.sync());
    life.kill();
    ASSERT_TRUE(life.open());
    HeadOptions stale;
    stale.path = life.head().path();
    stale.identity = life.directory().manifest().identity;
    stale.epoch = 1;
    stale.capacity_bytes = head_bytes_min;
    stale.base = life.head().committed();
    stale.base_checksum = life.directory().end(0).last_checksum;
    life.kill();
    {
        // Its record would chain on: only the reign says that it is of another time.
        auto head = Head::create(life.storage, stale);
        ASSERT_TRUE(head.ok());
        const Position end{stale.base.value + 96};
        (*head)->announce(end);
        build_record((*head)->at(stale.base), 51, 24, stale.base_checksum);
        (*head)->publish(end, 0);
    }
    ASSERT_TRUE(life.open());
    EXPECT_EQ(life.report().head, HeadFound::stale);
    EXPECT_EQ(life.replayed.size(), 50U);
    EXPECT_TRUE(says(life, "it is not used"));
    EXPECT_TRUE(says(life, "kept as"));
}

TEST(LostHeads, a_foreign_head_is_recognised_kept_and_never_applied) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(50));
    ASSERT_TRUE(life.sync());
    const std::string head_path = life.head().path();
    life.kill();
    HeadOptions foreign;
    foreign.path = head_path;
    foreign.identity = Identity{1, 2};
    foreign.epoch = 1;
    foreign.capacity_bytes = head_bytes_min;
    ASSERT_TRUE(Head::create(life.storage, foreign).ok());
    ASSERT_TRUE(life.open());
    EXPECT_EQ(life.report().head, HeadFound::foreign);
    EXPECT_EQ(life.replayed.size(), 50U);
    EXPECT_TRUE(says(life, "kept as"));
}

TEST(LostHeads, a_damaged_head_is_used_up_to_the_first_bad_record) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(50));
    std::byte* const at = life.head().at(life.written[30].position);
    at[70] ^= std::byte{8};
    life.kill();
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_EQ(life.report().head, HeadFound::damaged);
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 30));
    EXPECT_EQ(life.replayed.size(), 30U);
}

// A heads folder that is full is found out when the manifest already speaks of it.
TEST(LostHeads, while_nothing_was_committed_another_folder_may_be_named) {
    Life whole;
    whole.options().shards = 2;
    ASSERT_TRUE(whole.open());
    bool moved = false;
    for (std::uint64_t n = 1; n <= whole.storage.calls(); ++n) {
        Life life;
        life.options().shards = 2;
        ASSERT_TRUE(life.storage.make_directory("elsewhere").ok());
        life.storage.fail_call(n, StorageFault::no_space);
        if (life.open()) continue;
        life.storage.revive();
        life.options().heads = "elsewhere";
        ASSERT_TRUE(life.open()) << n << ": " << life.error().sentence;
        EXPECT_TRUE(life.head().path().starts_with("elsewhere/")) << n;
        const auto name = head_name(life.directory().manifest().identity, 0);
        moved = moved || life.directory().epoch() == 2;
        std::unique_ptr<SharedRing> ring;
        EXPECT_EQ(life.storage.map_ring("heads/" + name, 0, RingMode::look, ring).fault,
                  StorageFault::missing);
        ASSERT_TRUE(life.append_many(5));
        life.kill();
        // From now on it is where the records are.
        life.options().heads = "heads";
        ASSERT_TRUE(life.open());
        EXPECT_EQ(life.replayed.size(), 5U);
        EXPECT_TRUE(life.head().path().starts_with("elsewhere/")) << n;
    }
    EXPECT_TRUE(moved);
}

}  // namespace
}  // namespace pawl::journal::testing
