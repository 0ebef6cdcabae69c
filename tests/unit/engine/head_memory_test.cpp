// The memory of a shard's head is there before the shard writes it.
#include "tests/page_faults.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

TEST(AHeadsMemory, is_present_when_a_new_engine_has_nothing_to_do) {
    if (!system_makes_memory_present()) GTEST_SKIP() << "an old kernel";
    EngineOptions options;
    options.transient = true;
    options.threading = Threading::none;
    options.head_bytes = 16U << 20;
    Bank bank = open(options);
    while (bank.poll() != 0) {
    }
    auto producer = bank.producer({.session = "desk"});
    const auto send = [&](int count) {
        for (int sent = 0; sent < count;) {
            if (producer.try_submit(1, Account::Deposit{1}) == Offer::accepted) ++sent;
            bank.poll();
        }
        while (bank.poll() != 0) {
        }
    };
    send(1'000);
    const long before = page_faults_of_this_thread();
    constexpr int commands = 150'000;  // 80 bytes each: most of the head
    send(commands);
    EXPECT_LT(page_faults_of_this_thread() - before, 200) << "of " << commands * 80 / 4096;
}

}  // namespace
}  // namespace pawl::testing
