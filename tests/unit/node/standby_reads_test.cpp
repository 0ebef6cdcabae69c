// Subscriptions and projections of a standby: every event once, over a take-over too.
#include <cstdint>
#include <optional>
#include <vector>

#include "pawl/projection.hpp"
#include "tests/unit/node/kit.hpp"

namespace pawl::testing {
namespace {

using Events = Subscription<Account, Book>;
using Event = JournaledEvent<Account, Book>;

// Sequences per shard are dense from 1; and what the deposits amount to.
struct Seen {
    void operator()(const Event& event) {
        EXPECT_EQ(event.sequence().value, last[event.shard()] + 1) << "a gap or a repeat";
        last[event.shard()] = event.sequence().value;
        if (const auto* deposited = event.as<Account::Deposited>()) cents += deposited->cents;
        ++count;
    }
    std::uint64_t last[2] = {0, 0};
    std::int64_t cents = 0;
    std::uint64_t count = 0;
};

void read_until(Events& events, Seen& seen, std::uint64_t count) {
    ASSERT_TRUE(comes_true([&] {
        const auto polled = events.poll(seen, 100);
        EXPECT_TRUE(polled.ok()) << polled.error().sentence;
        return !polled.ok() || seen.count >= count;
    })) << seen.count;
    EXPECT_EQ(seen.count, count);
}

TEST(StandbyReads, a_subscription_sees_every_event_once_and_says_how_old_it_is) {
    Pair pair(patient);
    Follower standby = pair.follow("b");  // there is no copy yet
    Events events = standby.subscribe();
    Seen seen;
    EXPECT_EQ(events.poll(seen, 1).value(), 0U);
    EXPECT_LT(events.age().count(), 0);
    Bank bank = pair.reign("a");
    for (Id id = 1; id <= 40; ++id) ask(bank, id, Account::Deposit{7});
    ask(bank, 3, Account::Flood{20});
    read_until(events, seen, 60);
    EXPECT_EQ(seen.cents, 280);
    ASSERT_TRUE(comes_true([&] {
        EXPECT_EQ(events.poll(seen, 1).value(), 0U);
        return events.age().count() >= 0 && events.lag_bytes() == 0;
    }));
    // What it has seen is applied: a question knows it too.
    EXPECT_EQ(standby.query(3, [](const Account& one) { return one.balance; })->value, 7);
}

TEST(StandbyReads, far_behind_a_subscription_reads_from_disk) {
    Pair pair(patient);
    Bank bank = pair.reign("a");
    Follower standby = pair.follow("b");
    Events events = standby.subscribe();
    for (int i = 0; i < 20; ++i) ask(bank, static_cast<Id>(i), Account::Flood{20});
    ASSERT_TRUE(comes_true([&] { return standby.state_hash() == bank.state_hash(); }));
    EXPECT_GT(events.lag_bytes(), 350U << 10) << "more than both heads hold";
    Seen seen;
    read_until(events, seen, 400);
}

TEST(StandbyReads, a_subscription_goes_on_when_the_standby_becomes_primary) {
    Pair pair(patient);
    std::optional<Follower> standby;
    std::optional<Events> early;
    std::optional<Events> late;
    Seen by_early;
    Seen by_late;
    {
        Bank bank = pair.reign("a");
        standby.emplace(pair.follow("b"));
        ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
        early.emplace(standby->subscribe());
        late.emplace(standby->subscribe());
        for (Id id = 1; id <= 50; ++id)
            EXPECT_TRUE(ask(bank, id, Account::Deposit{7}, at(Durability::replicated)).accepted());
        read_until(*early, by_early, 50);
        // In the middle of what it has copied.
        ASSERT_TRUE(comes_true([&] { return late->poll(by_late, 1).value() == 1; }));
        ASSERT_TRUE(bank.hand_over("b", AfterHandOver::ends).ok());
        ASSERT_TRUE(comes_true([&] { return bank.failed(); }));
    }
    Bank bank = Pair::promote(std::move(*standby));
    standby.reset();
    for (Id id = 1; id <= 50; ++id) ask(bank, id, Account::Deposit{1});
    read_until(*early, by_early, 100);
    read_until(*late, by_late, 100);
    EXPECT_EQ(by_early.cents, 400);
    EXPECT_EQ(by_late.cents, 400);
    EXPECT_TRUE(comes_true([&] {  // a state record may come between the two
        EXPECT_EQ(early->poll(by_early, 1).value(), 0U);
        EXPECT_EQ(late->poll(by_late, 1).value(), 0U);
        return early->cursor() == late->cursor();
    }));
}

TEST(StandbyReads, a_cursor_of_one_node_is_good_on_the_other) {
    Pair pair(patient);
    Bank bank = pair.reign("a");
    Follower standby = pair.follow("b");
    Seen seen;
    Events on_a = bank.subscribe();
    for (Id id = 1; id <= 30; ++id) ask(bank, id, Account::Deposit{7});
    read_until(on_a, seen, 30);
    Events on_b = standby.subscribe({.from = on_a.cursor()});
    for (Id id = 1; id <= 30; ++id) ask(bank, id, Account::Deposit{7});
    read_until(on_b, seen, 60);
    // The end is wherever this copy is.
    ASSERT_TRUE(comes_true([&] { return standby.state_hash() == bank.state_hash(); }));
    Events newest = standby.subscribe({.from_end = true});
    ask(bank, 1, Account::Deposit{100});
    std::vector<std::int64_t> cents;
    ASSERT_TRUE(comes_true([&] {
        return newest
                   .poll(
                       [&](const Event& event) {
                           cents.push_back(event.as<Account::Deposited>()->cents);
                       },
                       10)
                   .value() == 1;
    }));
    EXPECT_EQ(cents, std::vector<std::int64_t>{100});
}

TEST(StandbyReads, what_cannot_be_is_told) {
    Pair pair(patient);
    Bank bank = pair.reign("a");
    Follower standby = pair.follow("b");
    const auto error_of = [](Events events) {
        Seen seen;
        std::string sentence;
        EXPECT_TRUE(comes_true([&] {
            const auto polled = events.poll(seen, 1);
            if (!polled.ok()) sentence = polled.error().sentence;
            return !polled.ok();
        }));
        return sentence;
    };
    ask(bank, 1, Account::Deposit{7});
    EXPECT_NE(error_of(standby.subscribe({.durable_name = "reader"})).find("keeps no cursors"),
              std::string::npos);
    const Cursor between(std::vector<Cursor::Place>{{8, 0}});
    EXPECT_NE(error_of(standby.subscribe({.from = between})).find("no record ends there"),
              std::string::npos);
    EXPECT_NE(error_of(standby.subscribe({.from = Cursor(std::vector<Cursor::Place>(3))}))
                  .find("3 shards"),
              std::string::npos);
    Events events = standby.subscribe();
    EXPECT_FALSE(events.keep().ok());
    ASSERT_TRUE(standby.close().ok());
    EXPECT_NE(error_of(std::move(events)).find("closed"), std::string::npos);
}

// Whoever is asked while its process stands still must not call old states new.
TEST(StandbyReads, the_age_of_what_stands_still_grows) {
    Pair pair(patient);
    Follower a = pair.follow_polled("a");
    Follower b = pair.follow_polled("b");
    ASSERT_TRUE(polled_gets_its_turn(a));
    Bank bank = std::move(a).promote().value();
    ASSERT_TRUE(comes_true([&] {
        b.poll();
        bank.poll();
        return is_in_sync(bank.node_status(), "b") && b.status().age.count() >= 0;
    })) << pair.said();
    constexpr std::chrono::nanoseconds still = milliseconds(60);
    detail::Event::sleep_on(-1, still.count());
    EXPECT_GE(b.status().age, still);
    const auto answer = b.query(3, [](const Account& one) { return one.balance; });
    ASSERT_TRUE(answer.has_value());
    EXPECT_GE(answer->age, still);
}

TEST(StandbyReads, a_projection_has_rows_with_version_and_age) {
    struct Balance {
        std::int64_t cents = 0;
        std::uint64_t changes = 0;
    };
    Pair pair(patient);
    std::optional<Follower> standby;
    {
        Bank bank = pair.reign("a");
        standby.emplace(pair.follow("b"));
        ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
        for (int i = 0; i < 5; ++i) ask(bank, 9, Account::Deposit{7}, at(Durability::replicated));
        ASSERT_TRUE(comes_true([&] { return standby->status().age.count() >= 0; }));
        ASSERT_TRUE(bank.hand_over("b", AfterHandOver::ends).ok());
        ASSERT_TRUE(comes_true([&] { return bank.failed(); }));
    }
    auto balances = project<Balance>(standby->subscribe(), [](auto&& rows, const Event& event) {
        Balance& row = rows(event.id());
        ++row.changes;
        if (const auto* deposited = event.as<Account::Deposited>()) row.cents += deposited->cents;
        if (const auto* withdrawn = event.as<Account::Withdrawn>()) row.cents -= withdrawn->cents;
    });
    const auto has_version = [&](std::uint64_t version) {
        return comes_true([&] {
            const auto polled = balances.poll(100);
            EXPECT_TRUE(polled.ok()) << polled.error().sentence;
            const auto row = balances.find(9);
            return !polled.ok() ||
                   (row && row->version == Version{version} && row->age.count() >= 0);
        });
    };
    ASSERT_TRUE(has_version(5));
    EXPECT_EQ(balances.find(9)->row.cents, 35);
    EXPECT_FALSE(balances.find(10).has_value());
    Bank bank = Pair::promote(std::move(*standby));
    ask(bank, 9, Account::Withdraw{5});
    ASSERT_TRUE(has_version(6));
    EXPECT_EQ(balances.find(9)->row.cents, 30);
    EXPECT_EQ(balances.find(9)->row.changes, 6U);
    EXPECT_EQ(balances.size(), 1U);
}

}  // namespace
}  // namespace pawl::testing
