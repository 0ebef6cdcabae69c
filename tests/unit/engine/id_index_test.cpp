// Ids come one by one; at every moment all of them are found and no other, and no step is large.
#include "pawl/detail/id_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
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
        std::memset(memory, 0xFF, bytes);  // nothing is free by chance
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

// Where an id lies, in this test.
void* place_of(Id id) {
    return reinterpret_cast<void*>((id * 2 + 1) << 3);
}

void come(IdIndex& index, Id id) {
    index.make_room();
    index.insert(id, place_of(id));
}

// Three doublings in small steps; what was there before is looked for in each of them.
TEST(IdIndex, finds_every_id_at_every_moment_and_no_other) {
    CountingMemory memory;
    IdIndex index(&memory);
    std::mt19937_64 chance(1);
    std::vector<Id> ids;
    std::unordered_set<Id> known;
    while (ids.size() < 30'000) {
        // Dense, random, and those that differ in their highest bits only.
        const Id tries[] = {ids.size(), chance(), Id{ids.size()} << 44U};
        const Id id = tries[ids.size() % 3];
        if (!known.insert(id).second) {
            ASSERT_EQ(index.find(id), place_of(id));
            known.insert(ids.emplace_back(chance()));
        } else {
            ASSERT_EQ(index.find(id), nullptr);
            ids.push_back(id);
        }
        come(index, ids.back());
        for (int i = 0; i < 4; ++i) {
            const Id some = ids[chance() % ids.size()];
            ASSERT_EQ(index.find(some), place_of(some)) << ids.size();
            const Id other = chance();
            ASSERT_EQ(index.find(other), known.contains(other) ? place_of(other) : nullptr);
        }
        if (ids.size() % 1'000 != 0) continue;
        for (const Id each : ids) ASSERT_EQ(index.find(each), place_of(each));
    }
}

// Blocks of 64 KiB and the list of them, which is a 4096th of what it lists. An index that doubles
// at once asks for 32 MiB here.
TEST(IdIndex, asks_for_little_at_a_time_and_gives_back_what_it_has_left) {
    CountingMemory memory;
    IdIndex index(&memory);
    constexpr std::size_t count = 1'200'000;
    for (Id id = 0; id < count; ++id) come(index, id);
    EXPECT_LE(memory.largest, std::size_t{64} << 10);
    EXPECT_LE(memory.out, count * 16 * 2) << "one table, at least half as full as it may be";
    EXPECT_LE(memory.most_out, count * 16 * 4);
    for (Id id = 0; id < count; ++id) ASSERT_EQ(index.find(id), place_of(id));
}

TEST(IdIndex, an_id_for_which_there_is_no_memory_has_not_come_and_may_come_again) {
    CountingMemory memory;
    IdIndex index(&memory);
    memory.refuse_every = 3;
    std::size_t refused = 0;
    for (Id id = 0; id < 50'000; ++id) {
        try {
            come(index, id);
        } catch (const std::bad_alloc&) {
            ++refused;
            ASSERT_EQ(index.find(id), nullptr);
            come(index, id);
        }
        ASSERT_EQ(index.find(id), place_of(id));
        ASSERT_EQ(index.find(id / 2), place_of(id / 2));
    }
    EXPECT_GT(refused, 10U);
    for (Id id = 0; id < 50'000; ++id) ASSERT_EQ(index.find(id), place_of(id));
}

}  // namespace
}  // namespace pawl::detail
