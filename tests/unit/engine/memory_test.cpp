// A shard's heap: filled by one thread, used by another, and nothing of it is left behind. Knows
// the allocator's promise, not the allocator.
#include "engine/platform/memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace pawl::detail {
namespace {

struct Block {
    unsigned char* bytes = nullptr;
    std::size_t size = 0;
    unsigned char mark = 0;
};

std::vector<Block> take(std::pmr::memory_resource& memory, unsigned char mark) {
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < 500; ++i) {
        const std::size_t size = 16 + i * 37 % 3000;
        auto* bytes = static_cast<unsigned char*>(memory.allocate(size, 8));
        std::memset(bytes, mark, size);
        blocks.push_back({bytes, size, mark});
    }
    return blocks;
}

bool intact(const std::vector<Block>& blocks) {
    for (const Block& block : blocks)
        for (std::size_t i = 0; i < block.size; ++i)
            if (block.bytes[i] != block.mark) return false;
    return true;
}

void give_back(std::pmr::memory_resource& memory, const std::vector<Block>& blocks) {
    for (const Block& block : blocks) memory.deallocate(block.bytes, block.size, 8);
}

// The system gives a new thread the number of one that has ended.
TEST(AShardsHeap, outlives_the_thread_that_filled_it) {
    for (int life = 0; life < 200; ++life) {
        const std::unique_ptr<ShardHeap> heap = make_shard_heap();
        std::vector<Block> filled;
        std::vector<Block> used;
        std::thread([&] { filled = take(*heap->resource(), 1); }).join();
        std::thread([&] { used = take(*heap->resource(), 2); }).join();
        ASSERT_TRUE(intact(filled) && intact(used)) << life;
        give_back(*heap->resource(), filled);
        std::vector<Block> more;
        std::thread([&] {
            more = take(*heap->resource(), 3);
            give_back(*heap->resource(), used);
        }).join();
        ASSERT_TRUE(intact(more)) << life;
        give_back(*heap->resource(), more);
    }
}

std::uint64_t resident_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
    return 0;
}

TEST(AShardsHeap, that_is_gone_has_given_its_memory_back) {
    const auto live = [] {
        const std::unique_ptr<ShardHeap> heap = make_shard_heap();
        std::vector<void*> blocks;
        constexpr std::size_t size = 65520;  // about what a table of states asks for
        for (int i = 0; i < 40; ++i) blocks.push_back(heap->resource()->allocate(size, 8));
        for (void* block : blocks) {
            std::memset(block, 1, size);
            heap->resource()->deallocate(block, size, 8);
        }
    };
    for (int i = 0; i < 20; ++i) live();
    const std::uint64_t before = resident_kib();
    for (int i = 0; i < 200; ++i) live();
    EXPECT_LT(resident_kib(), before + 20'000) << "KiB; before: " << before;
}

// What a table leaves behind when it has grown is not asked for again.
TEST(AShardsHeap, gives_a_large_block_back_at_once) {
    const std::unique_ptr<ShardHeap> heap = make_shard_heap();
    std::pmr::vector<std::uint64_t> table(heap->resource());
    const std::uint64_t before = resident_kib();
    constexpr std::uint64_t count = 3'000'000;
    for (std::uint64_t i = 0; i < count; ++i) table.push_back(i);
    const std::uint64_t table_kib = count * sizeof(std::uint64_t) / 1024;
    EXPECT_LT(resident_kib(), before + table_kib + table_kib / 8);
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(table[i], i);
    table.clear();
    table.shrink_to_fit();
    EXPECT_LT(resident_kib(), before + table_kib / 8);
}

TEST(AShardsHeap, aligns_blocks_of_every_size) {
    const std::unique_ptr<ShardHeap> heap = make_shard_heap();
    for (std::size_t alignment = 8; alignment <= 65536; alignment *= 2)
        for (const std::size_t size : {alignment, 2 * alignment, 3 * alignment,
                                       std::size_t{1} << 20, std::size_t{5} << 20}) {
            std::vector<void*> blocks;
            for (int i = 0; i < 10; ++i) {
                blocks.push_back(heap->resource()->allocate(size, alignment));
                EXPECT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back()) % alignment, 0U)
                    << size << " bytes, aligned to " << alignment;
                std::memset(blocks.back(), 1, size);
            }
            for (void* block : blocks) heap->resource()->deallocate(block, size, alignment);
        }
}

}  // namespace
}  // namespace pawl::detail
