// Ids come one by one; at every moment all of them are found and no other, and no step is large.
#include "pawl/detail/id_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <random>
#include <unordered_set>
#include <vector>

namespace pawl::detail {
namespace {

// Knows what is out, how much was asked for at once, and when it shall say no.
class CountingMemory final : public std::pmr::memory_resource {
public:
    ~CountingMemory() override { EXPECT_EQ(out, 0U); }
    std::size_t out = 0;
    std::size_t most_out = 0;
    std::size_t largest = 0;
    std::size_t calls = 0;
    std::size_t refuse_every = 0;  // 0: never

private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        ++calls;
        if (refuse_every != 0 && calls % refuse_every == 0) throw std::bad_alloc();
        void* const memory = std::pmr::new_delete_resource()->allocate(bytes, alignment);
        std::memset(memory, 0, bytes);  // nothing is free by chance
        out += bytes;
        most_out = std::max(most_out, out);
        largest = std::max(largest, bytes);
        return memory;
    }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
        out -= bytes;
        std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }
};

// Ids lie in the order in which they came, as the index's user keeps them.
struct Row {
    IdIndex index;
    std::vector<Id> ids;

    explicit Row(std::pmr::memory_resource* memory) : index(memory) {}
    void come(Id id) {
        index.make_room();
        index.insert(id, static_cast<std::uint32_t>(ids.size()));
        ids.push_back(id);
    }
    bool knows(Id id) const {
        const std::uint32_t place =
            index.find(id, [&](std::uint32_t there) { return ids[there] == id; });
        return place != IdIndex::nowhere;
    }
};

// Four doublings in small steps; what was there before is looked for in each of them.
TEST(IdIndex, finds_every_id_at_every_moment_and_no_other) {
    CountingMemory memory;
    Row row(&memory);
    std::mt19937_64 chance(1);
    std::unordered_set<Id> known;
    while (row.ids.size() < 60'000) {
        const std::size_t count = row.ids.size();
        // Dense, random, and those that differ in their highest bits only.
        const Id tries[] = {count, chance(), Id{count} << 44U};
        Id id = tries[count % 3];
        const bool is_new = known.insert(id).second;
        ASSERT_EQ(row.knows(id), !is_new);
        if (!is_new) known.insert(id = chance());
        row.come(id);
        for (int i = 0; i < 4; ++i) {
            ASSERT_TRUE(row.knows(row.ids[chance() % row.ids.size()])) << count;
            const Id other = chance();
            ASSERT_EQ(row.knows(other), known.contains(other));
        }
        if (count % 1'000 != 0) continue;
        for (const Id each : row.ids) ASSERT_TRUE(row.knows(each));
    }
}

// As many as wanted, all with the same hash but for its lower half: id * golden = i.
TEST(IdIndex, ids_that_it_cannot_tell_apart_are_all_found) {
    constexpr std::uint64_t golden = 0x9E3779B97F4A7C15ULL;
    Id inverse = golden;  // of an odd number: each step doubles the bits that are right
    for (int i = 0; i < 6; ++i) inverse *= 2 - golden * inverse;
    ASSERT_EQ(inverse * golden, 1U);
    CountingMemory memory;
    Row row(&memory);
    for (Id i = 0; i < 500; ++i) row.come(i * inverse);
    for (Id i = 0; i < 500; ++i) ASSERT_TRUE(row.knows(i * inverse)) << i;
    for (Id i = 500; i < 1'000; ++i) ASSERT_FALSE(row.knows(i * inverse)) << i;
    EXPECT_EQ(row.index.guess(7 * inverse), 0U) << "the first of those that may be it";
}

TEST(IdIndex, a_guess_is_nearly_always_right) {
    CountingMemory memory;
    Row row(&memory);
    std::mt19937_64 chance(2);
    while (row.ids.size() < 200'000) row.come(chance());
    std::size_t wrong = 0;
    for (std::uint32_t place = 0; place < row.ids.size(); ++place)
        wrong += row.index.guess(row.ids[place]) != place;
    EXPECT_LE(wrong, 20U) << "about five are expected, of 200,000";
    std::size_t seen = 0;
    for (int i = 0; i < 100'000; ++i) seen += row.index.guess(chance()) != IdIndex::nowhere;
    EXPECT_LE(seen, 20U) << "about five of 100,000 that are not there";
}

// Blocks of 64 KiB and the list of them, which is an 8192th of what it lists. An index that doubles
// at once asks for 16 MiB here.
TEST(IdIndex, asks_for_little_at_a_time_and_gives_back_what_it_has_left) {
    CountingMemory memory;
    Row row(&memory);
    constexpr std::size_t count = 1'200'000;
    for (Id id = 0; id < count; ++id) row.come(id);
    EXPECT_LE(memory.largest, std::size_t{64} << 10);
    EXPECT_LE(memory.out, count * 8 * 2) << "one table, at least half as full as it may be";
    EXPECT_LE(memory.most_out, count * 8 * 4);
    for (Id id = 0; id < count; ++id) ASSERT_TRUE(row.knows(id));
}

TEST(IdIndex, an_id_for_which_there_is_no_memory_has_not_come_and_may_come_again) {
    CountingMemory memory;
    Row row(&memory);
    memory.refuse_every = 3;
    std::size_t refused = 0;
    for (Id id = 0; id < 100'000; ++id) {
        try {
            row.come(id);
        } catch (const std::bad_alloc&) {
            ++refused;
            ASSERT_FALSE(row.knows(id));
            row.come(id);
        }
        ASSERT_TRUE(row.knows(id));
        ASSERT_TRUE(row.knows(id / 2));
    }
    EXPECT_GT(refused, 10U);
    for (Id id = 0; id < 100'000; ++id) ASSERT_TRUE(row.knows(id));
}

}  // namespace
}  // namespace pawl::detail
