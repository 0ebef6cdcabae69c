// Counts what is allocated while a producer fires and forgets. Replaces malloc's operators for its
// program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/unit/engine/kit.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
std::atomic<bool> counting{false};
thread_local bool watched = false;
void* counted(std::size_t bytes) {
    if (counting.load(std::memory_order_relaxed) && watched)
        allocations.fetch_add(1, std::memory_order_relaxed);
    void* block = std::malloc(bytes);
    if (block == nullptr) std::abort();
    return block;
}
}  // namespace

void* operator new(std::size_t bytes) {
    return counted(bytes);
}
void* operator new[](std::size_t bytes) {
    return counted(bytes);
}
void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete[](void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    std::free(block);
}

namespace pawl::testing {
namespace {

TEST(Allocation, fire_and_forget_through_a_producer_allocates_nothing) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.segment_bytes = 64U << 20;  // no new segment meanwhile
    Bank bank = open(options);
    auto desk = bank.producer({.session = "desk"});
    // The first round makes what is kept: aggregates, the session's window.
    for (int i = 0; i < 5'000; ++i) desk.submit(static_cast<Id>(i % 100), Account::Deposit{1});
    until([&] { return bank.highest_numbers(session_id("desk"))[0] == 5'000; });
    ASSERT_TRUE(bank.sync().ok());
    watched = true;
    counting = true;
    for (int i = 0; i < 50'000; ++i) desk.submit(static_cast<Id>(i % 100), Account::Deposit{1});
    counting = false;
    EXPECT_EQ(allocations, 0U);
    EXPECT_EQ(desk.next_number().value, 55'001U);
    until([&] { return bank.highest_numbers(session_id("desk"))[0] == 55'000; });
}

}  // namespace
}  // namespace pawl::testing
