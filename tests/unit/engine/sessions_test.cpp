// Retries are harmless: the first outcome, once, across batches, restarts and shards. Knows the
// façade.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "engine/shard/sessions.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

TEST(Sessions, a_retry_gets_the_first_outcome_and_never_acts_again) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    const Reply first = ask(bank, 7, Account::Deposit{100}, as("desk", 1));
    ASSERT_TRUE(first.accepted());
    EXPECT_FALSE(first.repeat());
    ask(bank, 7, Account::Deposit{5});
    const Reply again = ask(bank, 7, Account::Deposit{100}, as("desk", 1));
    EXPECT_TRUE(again.accepted());
    EXPECT_TRUE(again.repeat());
    EXPECT_EQ(again.version(), first.version());
    EXPECT_EQ(again.sequence(), first.sequence());
    EXPECT_EQ(balance(bank, 7), 105);
}

TEST(Sessions, a_rejection_is_an_outcome_too) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path()));
        EXPECT_TRUE(ask(bank, 7, Account::Withdraw{1}, as("desk", 1)).rejected());
        ask(bank, 7, Account::Deposit{100});
        EXPECT_TRUE(ask(bank, 7, Account::Withdraw{1}, as("desk", 1)).rejected());
    }
    Bank bank = open(small(directory.path()));
    const Reply reply = ask(bank, 7, Account::Withdraw{1}, as("desk", 1));
    EXPECT_TRUE(reply.repeat());
    ASSERT_TRUE(reply.rejected());
    EXPECT_EQ(reply.reason<Account::Reason>(), Account::Reason::not_enough);
    EXPECT_EQ(balance(bank, 7), 100);
}

TEST(Sessions, two_commands_of_the_same_instant_are_both_kept) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.threading = Threading::none;
    journal::PosixStorage storage;
    detail::ManualClock clock(1'000);
    Bank bank = open_in(options, storage, clock).value();
    ask(bank, 7, Account::Deposit{1}, as("a", 1));
    ask(bank, 7, Account::Deposit{1}, as("a", 2));
    ask(bank, 7, Account::Deposit{1}, as("b", 1));
    ask(bank, 7, Account::Deposit{1});
    ask(bank, 7, Account::Deposit{1});
    EXPECT_EQ(balance(bank, 7), 5);
}

TEST(Sessions, a_number_older_than_the_window_is_refused_and_never_acts) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.session_window = 8;
    for (int life = 0; life < 2; ++life) {
        Bank bank = open(options);
        if (life == 0)
            for (std::uint64_t number = 1; number <= 9; ++number)
                ask(bank, 7, Account::Deposit{1}, as("desk", number));
        const Reply old = ask(bank, 7, Account::Deposit{1}, as("desk", 1));
        ASSERT_TRUE(old.refused());
        EXPECT_EQ(old.refusal(), Refusal::number_forgotten);
        EXPECT_TRUE(ask(bank, 7, Account::Deposit{1}, as("desk", 2)).repeat());
        EXPECT_EQ(balance(bank, 7), 9);
    }
}

// One batch holds what was sent before the first poll.
class OneBatch : public ::testing::Test {
protected:
    Bank make(std::uint32_t window) {
        EngineOptions options = small(directory_.path());
        options.threading = Threading::none;
        options.session_window = window;
        return open(options);
    }
    TempDirectory directory_;
};

TEST_F(OneBatch, a_retry_is_answered_although_its_batch_pushes_it_out_of_the_window) {
    Bank bank = make(8);
    for (std::uint64_t number = 1; number <= 8; ++number)
        ask(bank, 7, Account::Deposit{1}, as("desk", number));
    auto retry = bank.submit(7, Account::Deposit{1}, as("desk", 1), use_future);
    auto fresh = bank.submit(7, Account::Deposit{1}, as("desk", 9), use_future);
    EXPECT_TRUE(retry.get().repeat());
    EXPECT_TRUE(fresh.get().accepted());
    EXPECT_EQ(balance(bank, 7), 9);
}

TEST_F(OneBatch, a_jump_of_the_numbers_leaves_the_ones_before_it_decided) {
    Bank bank = make(8);
    auto one = bank.submit(7, Account::Deposit{1}, as("desk", 1), use_future);
    auto again = bank.submit(7, Account::Deposit{1}, as("desk", 1), use_future);
    auto far = bank.submit(7, Account::Deposit{1}, as("desk", 1001), use_future);
    auto old = bank.submit(7, Account::Deposit{1}, as("desk", 2), use_future);
    EXPECT_TRUE(one.get().accepted());
    EXPECT_TRUE(again.get().repeat());
    EXPECT_TRUE(far.get().accepted());
    EXPECT_EQ(old.get().refusal(), Refusal::number_forgotten);
    EXPECT_EQ(balance(bank, 7), 2);
}

TEST_F(OneBatch, a_window_of_one_still_works) {
    Bank bank = make(1);
    std::vector<Future<Reply>> replies;
    for (std::uint64_t number = 1; number <= 100; ++number)
        for (int i = 0; i < 2; ++i)
            replies.push_back(bank.submit(7, Account::Deposit{1}, as("desk", number), use_future));
    for (std::size_t i = 0; i < replies.size(); ++i)
        EXPECT_EQ(replies[i].get().repeat(), i % 2 == 1);
    EXPECT_EQ(balance(bank, 7), 100);
}

TEST_F(OneBatch, numbers_that_had_to_wait_for_room_are_still_decided) {
    Bank bank = make(8);
    std::vector<Future<Reply>> replies;
    // Each fills a tenth of the head; jumps that push the ones before out of the window.
    for (std::uint64_t i = 1; i <= 40; ++i)
        replies.push_back(bank.submit(7, Account::Flood{20}, as("desk", i * 7), use_future));
    for (auto& reply : replies) EXPECT_TRUE(reply.get().accepted());
}

TEST(Sessions, too_many_sessions_are_refused_and_the_known_ones_go_on) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.sessions_max = 3;
    Bank bank = open(options);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(ask(bank, 7, Account::Deposit{1}, as("s" + std::to_string(i), 1)).accepted());
    const Reply fourth = ask(bank, 7, Account::Deposit{1}, as("s3", 1));
    ASSERT_TRUE(fourth.refused());
    EXPECT_EQ(fourth.refusal(), Refusal::too_many_sessions);
    EXPECT_TRUE(ask(bank, 7, Account::Deposit{1}, as("s0", 2)).accepted());
    EXPECT_EQ(balance(bank, 7), 4);
}

TEST(Sessions, the_status_of_a_command_is_known_by_its_session_and_number) {
    TempDirectory directory;
    EngineOptions options = small(directory.path(), 2);
    options.session_window = 8;
    using Known = CommandStatus::Known;
    const SessionId desk = session_id("desk");
    const auto known = [&](Bank& bank, std::uint64_t number) {
        return bank.status(desk, CommandNumber{number}).get();
    };
    {
        Bank bank = open(options);
        EXPECT_EQ(known(bank, 1).known, Known::unknown);
        ask(bank, 7, Account::Deposit{100}, as("desk", 1));
        ask(bank, 7, Account::Withdraw{500}, as("desk", 2));
    }
    Bank bank = open(options);
    EXPECT_EQ(known(bank, 1).known, Known::answered);
    EXPECT_TRUE(known(bank, 1).reply.accepted());
    EXPECT_EQ(known(bank, 2).known, Known::answered);
    EXPECT_TRUE(known(bank, 2).reply.rejected());
    EXPECT_EQ(known(bank, 3).known, Known::unknown);
    for (std::uint64_t number = 3; number <= 20; ++number)
        ask(bank, 7, Account::Deposit{1}, as("desk", number));
    EXPECT_EQ(known(bank, 2).known, Known::forgotten);
}

TEST(Sessions, the_status_is_the_one_of_the_shard_that_decided) {
    TempDirectory directory;
    EngineOptions options = small(directory.path(), 2);
    options.session_window = 8;
    options.threading = Threading::none;  // the shards answer in their order
    Bank bank = open(options);
    Id here = 1;
    Id there = 1;
    while (bank.shard_of<Account>(here) != 0) ++here;
    while (bank.shard_of<Account>(there) != 1) ++there;
    for (const auto& [few, many] : {std::pair{here, there}, std::pair{there, here}}) {
        const std::string session = "desk" + std::to_string(few);
        ask(bank, few, Account::Deposit{1}, as(session, 1));
        for (std::uint64_t number = 2; number <= 30; ++number)
            ask(bank, many, Account::Deposit{1}, as(session, number));
        // The other shard's window is far ahead; this one's still holds number 1.
        EXPECT_EQ(bank.status(session_id(session), CommandNumber{1}).get().known,
                  CommandStatus::Known::answered);
    }
}

TEST(Sessions, a_producer_goes_on_where_its_session_ended) {
    TempDirectory directory;
    constexpr std::uint64_t commands = 3000;
    for (std::uint64_t life = 0; life < 2; ++life) {
        Bank bank = open(small(directory.path(), 2));
        for (std::uint64_t turn = 0; turn < 5; ++turn) {
            auto desk = bank.producer({.session = "desk"});
            ASSERT_EQ(desk.next_number().value, 1 + (life * 5 + turn) * commands);
            for (std::uint64_t i = 0; i < commands; ++i)
                ASSERT_EQ(desk.submit(i % 16, Account::Deposit{1}), Offer::accepted);
        }
    }
    Bank bank = open(small(directory.path(), 2));
    std::int64_t sum = 0;
    for (Id id = 0; id < 16; ++id) sum += balance(bank, id);
    EXPECT_EQ(sum, 10 * static_cast<std::int64_t>(commands));
}

// Every command three times, shuffled within the window, over restarts.
TEST(Sessions, every_command_three_times_in_any_order_acts_once) {
    TempDirectory directory;
    EngineOptions options = small(directory.path(), 2);
    options.session_window = 64;
    std::mt19937_64 chance(7);
    constexpr std::uint64_t commands = 2000;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> order;  // (when, number)
    for (std::uint64_t number = 1; number <= commands; ++number)
        for (int i = 0; i < 3; ++i) order.emplace_back(number + chance() % 30, number);
    std::sort(order.begin(), order.end());

    std::map<Id, std::int64_t> expected;
    std::map<std::uint64_t, Reply> first;
    std::size_t next = 0;
    std::uint64_t events = 0;
    for (int life = 0; life < 6; ++life) {
        Bank bank = open(options);
        EXPECT_EQ(bank.recovered_events(), events);
        const std::size_t end = order.size() * (static_cast<std::size_t>(life) + 1) / 6;
        std::vector<std::pair<std::uint64_t, Future<Reply>>> replies;
        for (; next < end; ++next) {
            const std::uint64_t number = order[next].second;
            const Id id = number % 10;
            if (first.emplace(number, Reply()).second) {
                expected[id] += static_cast<std::int64_t>(number);
                ++events;
            }
            replies.emplace_back(
                number, bank.submit(id, Account::Deposit{static_cast<std::int64_t>(number)},
                                    as("desk", number), use_future));
        }
        for (auto& [number, future] : replies) {
            const Reply reply = future.get();
            ASSERT_TRUE(reply.accepted()) << number;
            if (!reply.repeat())
                first[number] = reply;
            else
                EXPECT_EQ(reply.sequence(), first[number].sequence()) << number;
        }
        for (const auto& [id, sum] : expected) EXPECT_EQ(balance(bank, id), sum);
    }
}

// The windows against a list that forgets nothing.
TEST(Sessions, windows_agree_with_a_list_of_everything) {
    std::mt19937_64 chance(11);
    for (const std::uint32_t window : {1U, 2U, 7U, 64U, 1000U}) {
        detail::Sessions sessions(window, 4);
        const std::uint32_t index = sessions.open(SessionId{42});
        std::map<std::uint64_t, std::uint64_t> all;
        std::uint64_t highest = 0;
        for (int i = 0; i < 20'000; ++i) {
            const std::uint64_t back = chance() % (2 * window);
            const std::uint64_t number =
                std::max<std::uint64_t>(1, highest + 5 > back ? highest + 5 - back : 1);
            const detail::Sessions::Answer* answer = nullptr;
            const auto found = sessions.look(index, number, answer);
            sessions.begin_batch();
            const auto entry = sessions.enter(index, number);
            if (number + window <= highest) {
                ASSERT_EQ(found, detail::Sessions::Found::forgotten);
                ASSERT_EQ(entry, detail::Sessions::Entry::forgotten);
            } else if (all.contains(number)) {
                ASSERT_EQ(found, detail::Sessions::Found::repeat);
                ASSERT_EQ(entry, detail::Sessions::Entry::repeat);
                ASSERT_EQ(answer->sequence, all[number]);
            } else {
                ASSERT_EQ(found, detail::Sessions::Found::fresh);
                ASSERT_EQ(entry, detail::Sessions::Entry::fresh);
                ASSERT_EQ(sessions.look(index, number, answer), detail::Sessions::Found::open);
                detail::Sessions::Answer settled;
                settled.number = number;
                settled.sequence = static_cast<std::uint64_t>(i);
                settled.outcome = Outcome::accepted;
                sessions.settle(index, settled);
                all[number] = static_cast<std::uint64_t>(i);
                highest = std::max(highest, number);
            }
        }
        EXPECT_EQ(sessions.highest(index), highest);
    }
}

}  // namespace
}  // namespace pawl::testing
