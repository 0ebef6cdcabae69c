// What a command may do and what it is answered: order, replies, refusals, several aggregates, time
// and chance. Knows the façade.
#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

class Commands : public ::testing::Test {
protected:
    Bank& bank() {
        if (!bank_) bank_.emplace(open(options_));
        return *bank_;
    }
    // Closes and opens again.
    Bank& reopen() {
        bank_.reset();
        return bank();
    }
    TempDirectory directory_;
    EngineOptions options_ = small(directory_.path());
    std::optional<Bank> bank_;
};

TEST_F(Commands, keep_the_order_of_their_producer) {
    options_.shards = 2;
    constexpr std::int64_t commands = 50'000;
    {
        auto desk = bank().producer();
        for (std::int64_t i = 1; i <= commands; ++i)
            ASSERT_EQ(desk.submit(static_cast<Id>(i % 7), Account::Deposit{i}), Offer::accepted);
    }
    auto events = bank().subscribe();
    std::vector<std::int64_t> last(2, 0);
    std::int64_t seen = 0;
    until([&] {
        const auto polled = events.poll(
            [&](const auto& event) {
                const auto* deposited = event.template as<Account::Deposited>();
                ASSERT_NE(deposited, nullptr);
                EXPECT_GT(deposited->cents, last[event.shard()]);
                last[event.shard()] = deposited->cents;
                ++seen;
            },
            1000);
        EXPECT_TRUE(polled.ok());
        return seen == commands || !polled.ok();
    });
}

// Small multiples of it have the same upper half of their hash, which is all that an index keeps.
TEST_F(Commands, of_ids_that_look_alike_reach_each_its_own) {
    constexpr Id apart = 0xF1DE83E19937733DULL;
    static_assert(apart * 0x9E3779B97F4A7C15ULL == 1);
    constexpr Id ids = 100;
    for (const bool again : {false, true}) {
        auto desk = (again ? reopen() : bank()).producer();
        Id answered = 0;
        for (Id i = 0; i < ids; ++i)
            ASSERT_EQ(desk.submit(i * apart, Account::Deposit{static_cast<std::int64_t>(i + 1)},
                                  [&](const Reply&) { ++answered; }),
                      Offer::accepted);
        until([&] { return desk.poll_replies(64) != 0 && answered == ids; });
    }
    EXPECT_EQ(bank().aggregate_count(), ids);
    for (Id i = 0; i < ids; ++i)
        ASSERT_EQ(balance(bank(), i * apart), static_cast<std::int64_t>(2 * (i + 1))) << i;
}

TEST_F(Commands, that_are_malformed_never_enter_the_ring) {
    const Account::Deposit malformed{1'000'000'000'000};
    EXPECT_EQ(bank().submit(1, malformed), Offer::malformed);
    EXPECT_EQ(bank().submit(1, malformed, use_future).get().refusal(), Refusal::malformed);
    EXPECT_EQ(bank().would_accept(1, malformed).get().refusal(), Refusal::malformed);
    auto desk = bank().producer({.session = "desk"});
    EXPECT_EQ(desk.try_submit(1, malformed), Offer::malformed);
    EXPECT_EQ(desk.next_number().value, 1U);
    EXPECT_EQ(bank().aggregate_count(), 0U);
}

TEST_F(Commands, carry_correlation_and_cause_into_every_event) {
    SubmitOptions options;
    options.correlation = 77;
    std::uint64_t cause = 5;
    for (int hop = 0; hop < 3; ++hop) {
        options.cause = cause;
        cause = ask(bank(), 1, Account::Deposit{1}, options).sequence().value;
    }
    reopen();
    auto events = bank().subscribe();
    std::uint64_t expected = 5;
    int hops = 0;
    until([&] {
        EXPECT_TRUE(events
                        .poll(
                            [&](const auto& event) {
                                EXPECT_EQ(event.correlation(), 77U);
                                EXPECT_EQ(event.cause(), expected);
                                expected = event.sequence().value;
                                ++hops;
                            },
                            100)
                        .ok());
        return hops == 3;
    });
}

TEST_F(Commands, each_get_exactly_one_reply) {
    constexpr int commands = 20'000;
    std::vector<std::atomic<int>> heard(commands);
    std::atomic<int> sum{0};
    for (int i = 0; i < commands; ++i) {
        const Offer offer = bank().submit(1, Account::Withdraw{i % 2}, [&, i](const Reply& reply) {
            EXPECT_EQ(reply.accepted(), i % 2 == 0);
            ++heard[static_cast<std::size_t>(i)];
            ++sum;
        });
        ASSERT_EQ(offer, Offer::accepted);
    }
    until([&] { return sum == commands; });
    bank_.reset();
    for (const auto& count : heard) EXPECT_EQ(count, 1);
}

TEST_F(Commands, each_get_exactly_one_reply_from_a_producer_that_reads_late) {
    options_.lane_replies = 16;
    options_.lane_lines = 64;
    constexpr int commands = 2'000;
    int heard = 0;
    int wanted = 0;
    auto desk = bank().producer();
    for (int i = 0; i < commands;) {
        const auto count = [&](const Reply& reply) { heard += reply.accepted() ? 1 : 0; };
        const Offer offer = i % 2 == 0 ? desk.try_submit(1, Account::Deposit{1}, {}, count)
                                       : desk.try_submit(1, Account::Deposit{1}, {}, want_reply);
        if (offer == Offer::accepted)
            ++i;
        else
            desk.poll_replies(3, [&](const Reply& reply) { wanted += reply.accepted() ? 1 : 0; });
    }
    until([&] {
        desk.poll_replies(64, [&](const Reply& reply) { wanted += reply.accepted() ? 1 : 0; });
        return heard + wanted == commands;
    });
    EXPECT_EQ(heard, commands / 2);
    EXPECT_EQ(desk.waiting(), 0U);
}

TEST_F(Commands, answered_at_the_close_are_heard_by_a_producer_that_never_polled) {
    options_.lane_replies = 16;
    options_.close_deadline = std::chrono::milliseconds(50);
    auto desk = bank().producer();
    int accepted = 0;
    int refused = 0;
    int sent = 0;
    while (desk.try_submit(1, Account::Deposit{1}, {}, [&](const Reply& reply) {
        if (reply.accepted()) ++accepted;
        if (reply.refused() && reply.refusal() == Refusal::closed) ++refused;
    }) == Offer::accepted)
        ++sent;
    static_cast<void>(bank().close());
    while (desk.poll_replies(64) != 0) {
    }
    EXPECT_EQ(desk.waiting(), 0U);
    EXPECT_EQ(accepted + refused, sent);
    EXPECT_EQ(reopen().recovered_events(), static_cast<std::uint64_t>(accepted));
}

TEST_F(Commands, a_time_out_is_followed_by_the_late_result) {
    options_.threading = Threading::none;
    auto reply = bank().submit(1, Account::Deposit{5}, as("desk", 1), use_future);
    EXPECT_FALSE(reply.ready());
    until([&] { return bank().poll() == 0; });
    EXPECT_TRUE(reply.ready());
    EXPECT_TRUE(reply.wait_for(std::chrono::seconds(0))->accepted());
    EXPECT_EQ(bank().status(session_id("desk"), CommandNumber{1}).get().known,
              CommandStatus::Known::answered);
}

TEST_F(Commands, a_future_that_waits_for_the_disk_times_out_and_still_arrives) {
    options_.flush_interval = std::chrono::hours(1);
    SubmitOptions synced;
    synced.durability = Durability::synced;
    synced.session = session_id("desk");
    synced.number = CommandNumber{1};
    auto reply = bank().submit(1, Account::Deposit{5}, synced, use_future);
    static_cast<void>(reply.wait_for(std::chrono::nanoseconds(1)));
    EXPECT_TRUE(reply.get().accepted());
    EXPECT_TRUE(reply.wait_for(std::chrono::seconds(0)).has_value());
}

// A coroutine that runs until its first suspension and deletes itself at its end.
struct Fire {
    struct promise_type {
        Fire get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

TEST_F(Commands, can_be_awaited_by_a_coroutine) {
    std::atomic<std::int64_t> result{-1};
    const auto story = [&](Bank& engine) -> Fire {
        const Reply first = co_await engine.submit(1, Account::Deposit{10}, use_future);
        const Reply second = co_await engine.submit(1, Account::Withdraw{3}, use_future);
        const std::int64_t left =
            co_await engine.query(1, [](const Account& a) { return a.balance; }, use_future);
        result = first.accepted() && second.accepted() ? left : -2;
    };
    story(bank());
    until([&] { return result != -1; });
    EXPECT_EQ(result, 7);
}

TEST_F(Commands, with_a_stale_version_are_refused_with_the_present_one) {
    ask(bank(), 1, Account::Deposit{10});
    SubmitOptions options;
    options.expected_version = Version{0};
    const Reply stale = ask(bank(), 1, Account::Deposit{10}, options);
    ASSERT_TRUE(stale.refused());
    EXPECT_EQ(stale.refusal(), Refusal::version_conflict);
    EXPECT_EQ(stale.version().value, 1U);
    options.expected_version = Version{1};
    EXPECT_EQ(ask(bank(), 1, Account::Deposit{10}, options).version().value, 2U);
}

TEST_F(Commands, that_are_only_tried_leave_no_trace) {
    ask(bank(), 1, Account::Deposit{10});
    const std::uint64_t hash = bank().state_hash();
    const Reply yes = bank().would_accept(1, Account::Withdraw{10}).get();
    EXPECT_TRUE(yes.accepted());
    EXPECT_EQ(yes.version().value, 1U);
    EXPECT_EQ(bank().would_accept(1, Account::Withdraw{11}).get().reason<Account::Reason>(),
              Account::Reason::not_enough);
    EXPECT_EQ(bank().would_accept(1, Account::Poison{0}).get().refusal(), Refusal::decision_threw);
    EXPECT_EQ(bank().would_accept(99, Account::Deposit{1}).get().version().value, 0U);
    EXPECT_EQ(bank().state_hash(), hash);
    EXPECT_EQ(bank().aggregate_count(), 1U);
    EXPECT_EQ(reopen().recovered_events(), 1U);
    EXPECT_EQ(bank().state_hash(), hash);
}

TEST_F(Commands, that_throw_are_refused_and_harm_nobody) {
    ask(bank(), 1, Account::Deposit{10}, as("desk", 1));
    const Reply thrown = ask(bank(), 1, Account::Poison{3}, as("desk", 2));
    ASSERT_TRUE(thrown.refused());
    EXPECT_EQ(thrown.refusal(), Refusal::decision_threw);
    EXPECT_EQ(thrown.version().value, 1U);
    EXPECT_TRUE(ask(bank(), 1, Account::Poison{3}, as("desk", 2)).repeat());
    EXPECT_TRUE(ask(bank(), 1, Account::Withdraw{10}).accepted());
    EXPECT_EQ(balance(bank(), 1), 0);
    EXPECT_EQ(reopen().recovered_events(), 2U);
}

TEST_F(Commands, whose_events_do_not_fit_a_record_are_refused_whole) {
    const Reply large = ask(bank(), 1, Account::Flood{1000});
    ASSERT_TRUE(large.refused());
    EXPECT_EQ(large.refusal(), Refusal::record_too_large);
    EXPECT_EQ(bank().aggregate_count(), 0U);
    EXPECT_EQ(ask(bank(), 1, Account::Flood{30}).event_count(), 30U);
}

TEST_F(Commands, ask_for_follow_ups_inside_the_same_record) {
    ask(bank(), 1, Account::Deposit{10});
    const Reply spent = ask(bank(), 1, Account::Spend{3, 100});
    EXPECT_TRUE(spent.accepted());
    EXPECT_EQ(spent.event_count(), 3U) << "the fourth is rejected, the three before stand";
    EXPECT_EQ(spent.version().value, 4U);
    EXPECT_EQ(balance(bank(), 1), 1);
    std::int64_t visited = 0;
    EXPECT_TRUE(
        spent.visit<Account>([&](const Account::Withdrawn& event) { visited += event.cents; }));
    EXPECT_EQ(visited, 9);
    EXPECT_EQ(reopen().recovered_events(), 4U);
    EXPECT_EQ(balance(bank(), 1), 1);
}

TEST_F(Commands, over_two_aggregates_are_atomic) {
    ask(bank(), 1, Account::Deposit{10});
    EXPECT_EQ(ask(bank(), 1, Account::Transfer{2, 5}).reason<Account::Reason>(),
              Account::Reason::unknown_target);
    ask(bank(), 2, Account::Deposit{1});
    EXPECT_TRUE(ask(bank(), 1, Account::Transfer{2, 5}).accepted());
    EXPECT_TRUE(ask(bank(), 1, Account::Transfer{2, 6}).rejected());
    ask(bank(), 9, Book::Open{3});
    EXPECT_TRUE(ask(bank(), 1, Account::Enter{9, 100}).accepted());
    const auto check = [&] {
        EXPECT_EQ(balance(bank(), 1), 105);
        EXPECT_EQ(balance(bank(), 2), 6);
        EXPECT_EQ(bank()
                      .query(
                          9, [](const Book& book) { return std::get<Book::InUse>(book.state).sum; },
                          use_future)
                      .get(),
                  100);
    };
    check();
    const std::uint64_t hash = bank().state_hash();
    reopen();
    check();
    EXPECT_EQ(bank().state_hash(), hash);
}

TEST_F(Commands, that_reach_for_another_shard_are_refused) {
    options_.shards = 2;
    Id other = 2;
    while (bank().shard_of<Account>(other) == bank().shard_of<Account>(1)) ++other;
    ask(bank(), 1, Account::Deposit{10});
    ask(bank(), other, Account::Deposit{10});
    const Reply foreign = ask(bank(), 1, Account::Transfer{other, 5});
    ASSERT_TRUE(foreign.refused());
    EXPECT_EQ(foreign.refusal(), Refusal::foreign_shard);
    EXPECT_EQ(balance(bank(), 1) + balance(bank(), other), 20);
}

TEST_F(Commands, take_alternatives_as_states_and_reject_what_does_not_fit_them) {
    using Reason = Book::Reason;
    EXPECT_EQ(ask(bank(), 1, Book::Close{}).reason<Reason>(), Reason::not_open);
    EXPECT_TRUE(ask(bank(), 1, Book::Open{3}).accepted());
    EXPECT_EQ(ask(bank(), 1, Book::Open{3}).reason<Reason>(), Reason::already_open);
    EXPECT_TRUE(ask(bank(), 1, Book::Close{}).accepted());
    EXPECT_EQ(ask(bank(), 1, Book::Close{}).reason<Reason>(), Reason::not_open);
    EXPECT_EQ(reopen().recovered_events(), 2U);
    EXPECT_TRUE(bank()
                    .query(
                        1,
                        [](const Book& b) { return std::holds_alternative<Book::Shut>(b.state); },
                        use_future)
                    .get());
}

TEST_F(Commands, decide_the_same_time_and_chance_again_on_replay) {
    for (int i = 0; i < 100; ++i) ask(bank(), static_cast<Id>(i % 3), Account::Draw{});
    const std::uint64_t hash = bank().state_hash();
    reopen();
    EXPECT_EQ(bank().state_hash(), hash);
    std::set<std::uint64_t> numbers;
    std::int64_t last_ns = 0;
    auto events = bank().subscribe();
    EXPECT_TRUE(events
                    .poll(
                        [&](const auto& event) {
                            const auto* drawn = event.template as<Account::Drawn>();
                            ASSERT_NE(drawn, nullptr);
                            numbers.insert(drawn->random);
                            EXPECT_EQ(drawn->now_ns, event.time().ns);
                            EXPECT_EQ(drawn->captured_ns, event.captured().ns);
                            EXPECT_LE(drawn->captured_ns, drawn->now_ns);
                            EXPECT_GE(drawn->now_ns, last_ns);
                            last_ns = drawn->now_ns;
                        },
                        1000)
                    .ok());
    EXPECT_EQ(numbers.size(), 100U);
}

TEST_F(Commands, see_a_time_that_never_goes_back) {
    options_.threading = Threading::none;
    journal::PosixStorage storage;
    detail::ManualClock clock(5'000'000'000);
    std::int64_t last_ns = 0;
    for (int life = 0; life < 3; ++life) {
        Bank engine = open_in(options_, storage, clock).value();
        for (const std::int64_t step : {3'600'000'000'000LL, -3'700'000'000'000LL, 10LL, -10LL}) {
            auto early =
                engine.submit(1, Account::Draw{}, use_future);  // captured before the clock jumps
            clock.advance(step);
            EXPECT_TRUE(early.get().accepted());
            EXPECT_TRUE(ask(engine, 1, Account::Draw{}).accepted());
        }
        auto events = engine.subscribe();
        last_ns = 0;
        EXPECT_TRUE(events
                        .poll(
                            [&](const auto& event) {
                                const auto* drawn = event.template as<Account::Drawn>();
                                ASSERT_NE(drawn, nullptr);
                                EXPECT_EQ(event.captured().ns, drawn->captured_ns);
                                EXPECT_LE(event.captured().ns, event.time().ns);
                                EXPECT_GE(event.time().ns, last_ns);
                                last_ns = event.time().ns;
                            },
                            1000)
                        .ok());
    }
}

TEST_F(Commands, that_record_a_fact_need_no_decision) {
    const Reply fact = bank().record(1, Account::Deposited{-5}, as("feed", 1)).get();
    EXPECT_TRUE(fact.accepted());
    EXPECT_TRUE(bank().record(1, Account::Deposited{-5}, as("feed", 1)).get().repeat());
    EXPECT_EQ(balance(reopen(), 1), -5);
}

TEST_F(Commands, are_followed_by_queries_in_order) {
    for (std::int64_t i = 1; i <= 500; ++i) {
        bank().submit(1, Account::Deposit{1});
        auto answer = bank().query(1, [](const Account& a) { return a.balance; }, use_future);
        if (i % 50 == 0) {
            EXPECT_EQ(answer.get(), i);
        }
    }
}

TEST_F(Commands, say_what_a_poison_command_was_and_halt_on_request) {
    std::atomic<int> told{0};
    std::atomic<int> stopped{0};
    options_.halt_when_decide_throws = true;
    options_.on_notice = [&](const Notice& notice) {
        if (notice.kind == Notice::Kind::decision_threw) ++told;
        if (notice.kind == Notice::Kind::stopped) ++stopped;
    };
    ask(bank(), 1, Account::Deposit{10});
    EXPECT_EQ(ask(bank(), 1, Account::Poison{1}).refusal(), Refusal::decision_threw);
    until([&] { return bank().failed(); });
    EXPECT_EQ(bank().try_submit(1, Account::Deposit{1}), Offer::closed);
    EXPECT_EQ(balance(bank(), 1), 10);
    bank_.reset();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(stopped, 1);
    EXPECT_EQ(balance(bank(), 1), 10);
}

}  // namespace
}  // namespace pawl::testing
