// Views: a state read from other cores is one that was, never a mixture, never ahead of the
// journal. Knows the façade.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "pawl/detail/view_cell.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

TEST(ViewCell, a_reader_never_sees_half_a_state) {
    struct Pair {
        std::uint64_t words[6];
    };
    detail::ViewCell cell(sizeof(Pair));
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        // With pauses, as a shard has between batches: a reader waits for a quiet moment.
        for (std::uint64_t i = 1; !stop.load(std::memory_order_relaxed); ++i) {
            cell.write(Pair{{i, i, i, i, i, i}}.words, Version{i},
                       Time{static_cast<std::int64_t>(i)});
            if (i % 4 == 0) std::this_thread::yield();
        }
    });
    std::uint64_t newest = 0;
    for (int i = 0; i < 20'000; ++i) {
        Pair seen{};
        Version version;
        Time time;
        cell.read(&seen, version, time);
        for (const std::uint64_t word : seen.words) ASSERT_EQ(word, version.value);
        ASSERT_EQ(static_cast<std::uint64_t>(time.ns), version.value);
        ASSERT_GE(version.value, newest);
        newest = version.value;
    }
    stop.store(true);
    writer.join();
}

TEST(ViewCell, a_state_of_odd_size_is_copied_whole) {
    const char text[11] = "0123456789";
    detail::ViewCell cell(sizeof text);
    cell.write(text, Version{1}, Time{2});
    char seen[11] = {};
    Version version;
    Time time;
    cell.read(seen, version, time);
    EXPECT_STREQ(seen, text);
}

TEST(Views, an_aggregate_that_nothing_happened_to_is_seen_blank_and_then_fresh) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    const View<Account> view = bank.view<Account>(7);
    EXPECT_EQ(view.read().version, Version{});
    ask(bank, 7, Account::Deposit{100});
    EXPECT_EQ(view.read().state.balance, 100);
    EXPECT_EQ(view.read().version, Version{1});
}

TEST(Views, what_replay_rebuilt_is_seen_at_once) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path()));
        ask(bank, 7, Account::Deposit{100});
    }
    Bank bank = open(small(directory.path()));
    EXPECT_EQ(bank.view<Account>(7).read().state.balance, 100);
}

TEST(Views, events_from_other_aggregates_are_seen_too) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    ask(bank, 1, Account::Deposit{100});
    ask(bank, 2, Account::Deposit{1});
    const View<Account> view = bank.view<Account>(2);
    ASSERT_TRUE(ask(bank, 1, Account::Transfer{2, 60}).accepted());
    EXPECT_EQ(view.read().state.balance, 61);
}

TEST(Views, watching_changes_neither_state_nor_journal) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    ask(bank, 1, Account::Deposit{100});
    const std::uint64_t before = bank.state_hash();
    const View<Account> nobody = bank.view<Account>(99);
    EXPECT_EQ(bank.state_hash(), before);
    EXPECT_EQ(bank.aggregate_count(), 1U);
}

TEST(Views, one_is_read_after_its_engine_has_closed) {
    TempDirectory directory;
    std::optional<Bank> bank(open(small(directory.path())));
    const View<Account> view = bank->view<Account>(7);
    ask(*bank, 7, Account::Deposit{100});
    bank.reset();
    EXPECT_EQ(view.read().state.balance, 100);
}

}  // namespace
}  // namespace pawl::testing
