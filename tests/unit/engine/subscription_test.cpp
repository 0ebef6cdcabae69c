// Subscriptions: every event once, from any point, however slow the reader. Knows the façade.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

// What one reader has seen: sequences per shard, dense from where it began.
struct Seen {
    explicit Seen(std::uint32_t shards) : last(shards, 0) {}
    template <class Event>
    void operator()(const Event& event) {
        EXPECT_EQ(event.sequence().value, last[event.shard()] + 1) << "a gap or a repeat";
        last[event.shard()] = event.sequence().value;
        ++count;
    }
    std::vector<std::uint64_t> last;
    std::uint64_t count = 0;
};

TEST(Subscription, joined_at_any_moment_sees_every_event_once) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 2));
    constexpr std::uint64_t commands = 30'000;
    std::thread writer([&] {
        auto desk = bank.producer();
        for (std::uint64_t i = 0; i < commands; ++i) desk.submit(i % 50, Account::Deposit{1});
    });
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader)
        readers.emplace_back([&, reader] {
            const auto join_at = static_cast<std::uint64_t>(reader) * commands / 4;
            until([&] {
                return bank.core().now_ns() != 0 &&
                       bank.aggregate_count() * commands / 60 >= join_at;
            });
            auto events = bank.subscribe();
            Seen seen(2);
            until([&] {
                EXPECT_TRUE(events.poll(seen, 100).ok());
                return seen.count == commands;
            });
        });
    writer.join();
    for (std::thread& reader : readers) reader.join();
}

TEST(Subscription, far_behind_reads_from_the_segments_what_memory_has_no_more) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    auto slow = bank.subscribe();
    Seen seen(1);
    ASSERT_TRUE(slow.poll(seen, 1).ok());
    for (int i = 0; i < 200; ++i)
        ask(bank, 1, Account::Flood{20});  // 4 MiB through a head of 256 KiB
    EXPECT_GT(slow.lag_bytes(), 3U << 20);
    until([&] {
        EXPECT_TRUE(slow.poll(seen, 7).ok());
        return seen.count == 4000;
    });
    EXPECT_EQ(slow.lag_bytes(), 0U);
}

TEST(Subscription, kept_at_any_event_goes_on_with_the_next_one_over_restarts) {
    TempDirectory directory;
    const EngineOptions options = small(directory.path(), 2);
    std::mt19937_64 chance(3);
    Seen seen(2);
    std::string kept;
    std::uint64_t sent = 0;
    for (int life = 0; life < 6; ++life) {
        Bank bank = open(options);
        for (std::uint64_t i = 0; i < 20; ++i) {
            const std::uint64_t events =
                1 + chance() % 9;  // several events a record: stop in the middle
            if (ask(bank, i, Account::Flood{events}, as("desk", 1 + sent)).accepted())
                sent += events;
        }
        for (int stop = 0; stop < 10; ++stop) {
            SubscribeOptions from;
            if (!kept.empty()) from.from = Cursor::parse(kept).value();
            auto events = bank.subscribe(from);
            ASSERT_TRUE(events.poll(seen, 1 + chance() % 12).ok());
            kept = events.cursor().to_string();
        }
    }
    Bank bank = open(options);
    auto events = bank.subscribe({.from = Cursor::parse(kept).value()});
    until([&] {
        EXPECT_TRUE(events.poll(seen, 100).ok());
        return seen.count >= sent;
    });
    EXPECT_EQ(seen.count, sent);
}

TEST(Subscription, from_the_end_sees_only_what_comes) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    ask(bank, 1, Account::Deposit{1});
    auto events = bank.subscribe({.from_end = true});
    ask(bank, 1, Account::Deposit{2});
    std::vector<std::int64_t> cents;
    ASSERT_TRUE(events
                    .poll(
                        [&](const auto& event) {
                            cents.push_back(event.template as<Account::Deposited>()->cents);
                        },
                        10)
                    .ok());
    EXPECT_EQ(cents, std::vector<std::int64_t>{2});
}

TEST(Subscription, of_what_is_synced_never_sees_what_is_not) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.threading = Threading::none;
    options.flush_interval = std::chrono::hours(1);
    Bank bank = open(options);
    auto safe = bank.subscribe({.durability = Durability::synced});
    auto soon = bank.subscribe();
    std::uint64_t safe_count = 0;
    std::uint64_t soon_count = 0;
    const auto poll = [&] {
        EXPECT_TRUE(safe.poll([&](const auto&) { ++safe_count; }, 1000).ok());
        EXPECT_TRUE(soon.poll([&](const auto&) { ++soon_count; }, 1000).ok());
    };
    for (std::uint64_t i = 1; i <= 20; ++i) {
        ask(bank, 1, Account::Deposit{1});
        poll();
        EXPECT_EQ(soon_count, i);
        EXPECT_EQ(safe_count, i - 1);
        ASSERT_TRUE(bank.sync().ok());
        poll();
        EXPECT_EQ(safe_count, i);
    }
}

TEST(Subscription, of_rejections_names_who_was_refused_and_why) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    ask(bank, 1, Account::Withdraw{5}, as("desk", 1));
    ask(bank, 1, Account::Withdraw{5});  // anonymous: leaves nothing
    auto events = bank.subscribe({.rejections = true});
    int count = 0;
    ASSERT_TRUE(events
                    .poll(
                        [&](const auto& event) {
                            ++count;
                            EXPECT_TRUE(event.is_rejection());
                            EXPECT_EQ(event.session(), session_id("desk"));
                            EXPECT_EQ(event.number().value, 1U);
                            EXPECT_EQ(event.reason_number(),
                                      static_cast<std::uint16_t>(Account::Reason::not_enough));
                        },
                        10)
                    .ok());
    EXPECT_EQ(count, 1);
}

TEST(Subscription, stays_at_the_event_whose_handler_threw) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    ask(bank, 1, Account::Flood{5});
    auto events = bank.subscribe();
    std::uint64_t next = 0;
    for (int round = 0; round < 10; ++round) {
        try {
            ASSERT_TRUE(events
                            .poll(
                                [&](const auto& event) {
                                    const std::uint64_t number =
                                        event.template as<Account::Filled>()->number;
                                    EXPECT_EQ(number, next);
                                    if (round % 2 == 0 && number == next && round < 9)
                                        throw std::runtime_error("handler");
                                    next = number + 1;
                                },
                                1)
                            .ok());
        } catch (const std::runtime_error&) {
        }
    }
    EXPECT_EQ(next, 5U);
}

TEST(Subscription, with_a_cursor_that_is_not_of_this_journal_is_told) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    ask(bank, 1, Account::Deposit{1});
    const auto first_poll = [&](const std::string& cursor) {
        auto events = bank.subscribe({.from = Cursor::parse(cursor).value()});
        return events.poll([](const auto&) { ADD_FAILURE() << "handed out something"; }, 10);
    };
    EXPECT_FALSE(first_poll("0:800000+0").ok()) << "beyond the end: it would wait for ever";
    EXPECT_FALSE(first_poll("0:0+0 1:0+0").ok()) << "of two shards";
    EXPECT_FALSE(first_poll("0:72+0").ok()) << "in the middle of a record";
    EXPECT_FALSE(Cursor::parse("0:x+0").ok());
    EXPECT_FALSE(Cursor::parse("1:0+0").ok());
}

TEST(Subscription, numbers_the_versions_of_the_aggregate) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    ask(bank, 2, Account::Deposit{1});
    ask(bank, 1, Account::Deposit{9});
    ask(bank, 1, Account::Transfer{2, 3});
    ask(bank, 1, Account::Spend{1, 3});
    auto events = bank.subscribe();
    std::vector<std::uint64_t> own;
    ASSERT_TRUE(events
                    .poll(
                        [&](const auto& event) {
                            if (event.id() == 1) own.push_back(event.version().value);
                        },
                        100)
                    .ok());
    EXPECT_EQ(own, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace pawl::testing
