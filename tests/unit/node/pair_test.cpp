// Two nodes over loopback: one writes, one follows and takes over.
#include "engine/platform/event.hpp"
#include "tests/unit/node/kit.hpp"

namespace pawl::testing {
namespace {

TEST(NodePair, a_standby_holds_what_was_acknowledged_as_replicated) {
    Pair pair(patient);
    Bank bank = pair.reign("a");
    EXPECT_EQ(bank.node_status().role, Role::primary);
    ask(bank, 1, Account::Deposit{100}, at(Durability::replicated));  // alone: synced stands in
    Follower standby = pair.follow("b");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
    for (Id id = 1; id <= 50; ++id)
        EXPECT_TRUE(ask(bank, id, Account::Deposit{7}, at(Durability::replicated)).accepted());
    EXPECT_TRUE(ask(bank, 1, Account::Withdraw{107}, at(Durability::replicated_synced)).accepted());
    // Received is not yet applied.
    ASSERT_TRUE(comes_true([&] { return standby.state_hash() == bank.state_hash(); }));
    const auto answer = standby.query(2, [](const Account& account) { return account.balance; });
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->value, 7);
    EXPECT_EQ(answer->version, Version{1});
    // It hears of it when it looks the next time.
    EXPECT_TRUE(comes_true([&] { return standby.status().role == Role::standby; }));
    EXPECT_EQ(standby.status().primary, "a");
}

// Of all shards.
std::uint64_t counted(const std::string& directory, const std::string& name) {
    std::uint64_t sum = 0;
    const auto counters = read_counters(directory);
    EXPECT_TRUE(counters.ok());
    for (const NamedCounter& one : *counters)
        if (one.name.ends_with("." + name)) sum += one.value;
    return sum;
}
std::uint64_t unwritten(const std::string& directory) {
    return counted(directory, "lag_bytes");
}

// What was answered because b had it in memory is on a's disk before the arbiter says that a is
// alone.
TEST(NodePair, a_primary_writes_what_was_answered_before_it_goes_on_alone) {
    Pair pair(soon);
    EngineOptions lazy = pair.options("a");
    lazy.flush_interval = std::chrono::hours(1);
    lazy.replication.compare_every = milliseconds(0);
    Bank bank = Pair::promote(Follower::open(lazy).value());
    std::optional<Follower> standby(pair.follow("b"));
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{7}, at(Durability::replicated)).accepted());
    EXPECT_TRUE(comes_true([&] { return unwritten(lazy.directory) > 0; }))
        << "nobody has asked for the disk";
    standby.reset();
    ASSERT_TRUE(comes_true([&] { return bank.node_status().in_sync.size() == 1; }));
    EXPECT_TRUE(comes_true([&] { return unwritten(lazy.directory) == 0; }));
}

TEST(NodePair, ends_of_connections_are_counted) {
    Pair pair(patient);
    const std::string directory = pair.options("a").directory;
    Bank bank = pair.reign("a");
    std::optional<Follower> standby(pair.follow("b"));
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
    const std::uint64_t before =
        counted(directory, "ended_by_peer") + counted(directory, "ended_by_us");
    standby.reset();
    EXPECT_TRUE(comes_true([&] {
        return counted(directory, "ended_by_peer") + counted(directory, "ended_by_us") > before;
    }));
    EXPECT_EQ(counted(directory, "ended_damaged"), 0U);
}

TEST(NodePair, a_standby_whose_disk_has_time_writes_what_a_reply_waits_for) {
    Pair pair(patient);
    Bank bank = pair.reign("a");
    EngineOptions lazy = pair.options("b");
    lazy.flush_interval = std::chrono::hours(1);
    const Follower standby = Follower::open(lazy).value();
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{7}, at(Durability::replicated)).accepted());
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{7}, at(Durability::replicated_synced)).accepted());
    // And in one batch with a command that waits for less: the first one wakes the shard.
    for (int i = 0; i < 20; ++i) {
        std::vector<Future<Reply>> replies;
        for (const Durability level : {Durability::replicated_synced, Durability::synced})
            replies.push_back(bank.submit(1, Account::Deposit{7}, at(level), use_future));
        for (Future<Reply>& reply : replies) {
            const auto answer = reply.wait_for(a_long_time);
            ASSERT_TRUE(answer.has_value()) << pair.said();
            EXPECT_TRUE(answer->accepted());
        }
        detail::Event::sleep_on(-1, 1'000'000);  // it lies down
    }
}

// The other one has left: what was answered is in this node's memory, and nowhere else.
TEST(NodePair, who_begins_to_reign_writes_what_it_was_counted_on_for) {
    Pair pair(patient);
    Bank bank = pair.reign("a");
    EngineOptions lazy = pair.options("b");
    lazy.flush_interval = std::chrono::hours(1);
    lazy.replication.compare_every = milliseconds(0);
    Follower standby = Follower::open(lazy).value();
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{7}, at(Durability::replicated)).accepted());
    ASSERT_TRUE(bank.hand_over("b", AfterHandOver::ends).ok());
    const Bank next = Pair::promote(std::move(standby));
    EXPECT_TRUE(comes_true([&] { return unwritten(lazy.directory) == 0; }));
}

TEST(NodePair, options_that_cannot_be_meant_are_refused_with_what_to_choose) {
    Pair pair(patient);
    const auto refusal = [&](const auto& change) {
        EngineOptions options = pair.options("a");
        change(options.replication);
        const auto opened = Follower::open(options);
        return opened.ok() ? std::string() : opened.error().sentence;
    };
    using Options = ReplicationOptions;
    EXPECT_EQ(refusal([](Options& nodes) {
                  nodes.policy = ReplicationPolicy::strict;
                  nodes.peers.clear();
              }),
              "replication: the policy strict waits for a standby and there are no peers: name "
              "one, or choose available");
    EXPECT_EQ(
        refusal([](Options& nodes) { nodes.degrade_after = nodes.fail_after; }),
        "replication: degrade_after is 60000 ms: choose more than fail_after, at most two days");
    EXPECT_EQ(refusal([](Options& nodes) { nodes.heartbeat = nodes.fail_after; }),
              "replication: heartbeat is 60000 ms: choose 1 ms to a third of fail_after");
    for (milliseconds Options::* const time :
         {&Options::heartbeat, &Options::fail_after, &Options::degrade_after,
          &Options::hand_over_within, &Options::compare_every})
        for (const milliseconds wrong : {milliseconds::max(), milliseconds::min()})
            EXPECT_NE(refusal([&](Options& nodes) { nodes.*time = wrong; }), "") << wrong.count();
    EXPECT_EQ(refusal([](Options& nodes) { nodes.node = "a b"; }),
              "replication: node 'a b' is no name: use 1 to 64 letters, digits, '.', '-', '_'");
}

TEST(NodePair, a_strict_primary_that_is_alone_says_so_and_answers_with_its_standby) {
    Pair pair(patient);
    EngineOptions strict = pair.options("a");
    strict.replication.policy = ReplicationPolicy::strict;
    Bank bank = Pair::promote(Follower::open(strict).value());
    auto waits = bank.submit(1, Account::Deposit{7}, at(Durability::replicated), use_future);
    EXPECT_TRUE(comes_true([&] { return counted(strict.directory, "commands") == 1; }));
    EXPECT_TRUE(comes_true([&] { return unwritten(strict.directory) == 0; }));
    EXPECT_TRUE(comes_true([&] {
        return pair.said().find("a is alone in the in-sync set and strict") != std::string::npos;
    })) << pair.said();
    EXPECT_FALSE(waits.wait_for(milliseconds(0)).has_value());
    const Follower standby = pair.follow("b");
    EXPECT_TRUE(waits.get().accepted());
    // It is required before it is written into the set.
    EXPECT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
}

TEST(NodePair, a_standby_takes_over_when_the_primary_is_gone) {
    Pair pair(soon);
    std::optional<Follower> standby;
    Reply first;
    {
        Bank bank = pair.reign("a");
        standby.emplace(pair.follow("b"));
        ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); })) << pair.said();
        for (Id id = 1; id <= 50; ++id)
            EXPECT_TRUE(ask(bank, id, Account::Deposit{7}, at(Durability::replicated)).accepted());
        SubmitOptions options = as("teller", 1);
        options.durability = Durability::replicated;
        first = ask(bank, 3, Account::Withdraw{5}, options);
    }
    Bank bank = Pair::promote(std::move(*standby));
    EXPECT_EQ(balance(bank, 3), 2);
    const Reply again = ask(bank, 3, Account::Withdraw{5}, as("teller", 1));
    EXPECT_EQ(again.sequence(), first.sequence()) << "the first answer, not another withdrawal";
    EXPECT_EQ(balance(bank, 3), 2);
    EXPECT_EQ(bank.node_status().epoch, 2U);

    // The old primary comes back as the other's standby.
    Follower back = pair.follow("a");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "a"); })) << pair.said();
    EXPECT_TRUE(ask(bank, 4, Account::Deposit{1}, at(Durability::replicated)).accepted());
    ASSERT_TRUE(comes_true([&] { return back.state_hash() == bank.state_hash(); }));
}

TEST(NodePair, a_switchover_loses_nothing_and_refuses_nothing_before_it) {
    Pair pair(patient);
    Bank old = pair.reign("a");
    EXPECT_FALSE(old.hand_over("b").ok()) << "it is not there";
    Follower standby = pair.follow("b");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(old.node_status(), "b"); })) << pair.said();
    for (Id id = 1; id <= 50; ++id) ask(old, id, Account::Deposit{7});
    ASSERT_TRUE(old.hand_over("b").ok());
    Bank bank = Pair::promote(std::move(standby));
    ASSERT_TRUE(comes_true([&] { return old.failed(); }));
    EXPECT_EQ(old.try_submit(1, Account::Deposit{1}), Offer::not_primary);
    for (Id id = 1; id <= 50; ++id) EXPECT_EQ(balance(bank, id), 7);
    ASSERT_TRUE(old.close().ok());
    Follower back = pair.follow("a");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "a"); })) << pair.said();
    EXPECT_EQ(pair.said().find("set aside"), std::string::npos) << pair.said();
}

// Back and forth: each time who was primary is a standby again, and nothing is opened.
TEST(NodePair, a_primary_that_hands_over_steps_down_in_memory) {
    Pair pair(patient);
    std::optional<Bank> bank(pair.reign("a"));
    std::optional<Follower> standby(pair.follow("b"));
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank->node_status(), "b"); })) << pair.said();
    EXPECT_EQ(std::move(*bank).step_down().error().code, ErrorCode::usage) << "it is primary";
    EXPECT_TRUE(bank->created());
    std::int64_t cents = 0;
    for (const std::string to : {"b", "a", "b", "a"}) {
        SCOPED_TRACE(to + pair.said());
        const auto session = "teller-" + std::to_string(cents);
        EXPECT_TRUE(ask(*bank, 1, Account::Deposit{1}, as(session, 1)).accepted());
        auto subscription = bank->subscribe();
        ASSERT_TRUE(bank->hand_over(to).ok());
        Bank next = Pair::promote(std::move(*standby));
        ASSERT_TRUE(comes_true([&] { return bank->failed(); }));
        auto back = std::move(*bank).step_down();
        ASSERT_TRUE(back.ok()) << back.error().sentence;
        standby.emplace(std::move(*back));
        EXPECT_EQ(next.node_status().in_sync.size(), 2U) << "counted on all the time";
        EXPECT_TRUE(
            ask(next, 1, Account::Deposit{1}, at(Durability::replicated_synced)).accepted());
        EXPECT_EQ(ask(next, 1, Account::Deposit{1}, as(session, 1)).sequence().value, 2 * cents + 1)
            << "its session is known here";
        ++cents;
        ASSERT_TRUE(comes_true([&] { return standby->state_hash() == next.state_hash(); }));
        // Who reads the engine that has ended reads its events, and none of the next one's.
        std::int64_t read = 0;
        ASSERT_TRUE(comes_true([&] {
            static_cast<void>(subscription.poll([&](const auto&) { ++read; }, 100));
            return read >= 2 * cents - 1;
        }));
        static_cast<void>(subscription.poll([&](const auto&) { ++read; }, 100));
        EXPECT_EQ(read, 2 * cents - 1);
        EXPECT_FALSE(next.created()) << "by this process, a while ago";
        EXPECT_EQ(balance(next, 1), 2 * cents);
        bank.emplace(std::move(next));
    }
    EXPECT_EQ(pair.said().find("set aside"), std::string::npos) << pair.said();
    EXPECT_EQ(pair.said().find("begins as a copy"), pair.said().rfind("begins as a copy"))
        << "b did, at first; " << pair.said();
}

// b's process stands still before it promotes; a, which has handed over to it, takes over again.
TEST(NodePair, a_node_that_has_missed_its_turn_follows_on) {
    Pair pair(soon);
    Follower a = pair.follow_polled("a");
    Follower b = pair.follow_polled("b");
    ASSERT_TRUE(polled_gets_its_turn(a));
    Bank first = std::move(a).promote().value();
    ASSERT_TRUE(comes_true([&] {
        b.poll();
        first.poll();
        return is_in_sync(first.node_status(), "b");
    })) << pair.said();
    ASSERT_TRUE(first.hand_over("b").ok());
    ASSERT_TRUE(comes_true([&] {
        first.poll();
        if (!*b.wait_for_turn(milliseconds(0))) b.poll();
        return *b.wait_for_turn(milliseconds(0)) && first.failed();
    })) << pair.said();
    a = std::move(first).step_down().value();
    ASSERT_TRUE(polled_gets_its_turn(a)) << pair.said();
    Bank second = std::move(a).promote().value();
    ASSERT_TRUE(comes_true([&] {
        b.poll();
        second.poll();
        return is_in_sync(second.node_status(), "b");
    })) << pair.said();
    EXPECT_FALSE(*b.wait_for_turn(milliseconds(0)));
    EXPECT_EQ(std::move(b).promote().error().code, ErrorCode::usage);
    EXPECT_EQ(second.node_status().epoch, 3U);
    EXPECT_TRUE(comes_true([&] {
        b.poll();
        second.poll();
        return b.state_hash() == second.state_hash() && b.status().role == Role::standby;
    })) << "it follows as before";
}

// b was never told of c, nor c of b, and b becomes primary of a set that has c in it.
TEST(NodePair, a_member_of_the_set_that_is_no_peer_is_named_and_nothing_is_answered_without_it) {
    Pair pair(patient);
    EngineOptions all = pair.options("a");
    all.replication.peers.push_back({"c", address_of(2)});
    EngineOptions third = pair.options("c");
    third.replication.address = address_of(2);
    Bank old = Pair::promote(Follower::open(all).value());
    Follower second = pair.follow("b");
    Follower unknown = Follower::open(third).value();
    ASSERT_TRUE(comes_true([&] { return old.node_status().in_sync.size() == 3; })) << pair.said();
    ASSERT_TRUE(old.hand_over("b").ok());
    Bank bank = Pair::promote(std::move(second));
    ASSERT_TRUE(comes_true([&] { return old.failed(); }));
    Follower back = std::move(old).step_down().value();
    EXPECT_TRUE(comes_true([&] {
        return pair.said().find("c is in the in-sync set and no peer of b") != std::string::npos;
    })) << pair.said();
    auto waits = bank.submit(1, Account::Deposit{7}, at(Durability::replicated), use_future);
    const auto balance_of = [](const Account& account) { return account.balance; };
    EXPECT_TRUE(comes_true([&] {
        const auto there = back.query(1, balance_of);
        return there.has_value() && there->value == 7 && bank.node_status().lag_bytes == 0;
    }));
    EXPECT_FALSE(waits.wait_for(milliseconds(50)).has_value());
    EXPECT_TRUE(comes_true([&] {
        return unknown.status().why.starts_with("primary b is no peer of this node");
    })) << unknown.status().why;
    EXPECT_EQ(unknown.status().role, Role::standby) << "who is not known is not called silent";
    static_cast<void>(bank.close(std::chrono::nanoseconds(0)));
}

TEST(NodePair, a_primary_that_ends_leaves_the_set_and_may_come_back) {
    Pair pair(patient);
    Bank old = pair.reign("a");
    Follower standby = pair.follow("b");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(old.node_status(), "b"); })) << pair.said();
    ASSERT_TRUE(ask(old, 1, Account::Deposit{7}, at(Durability::replicated)).accepted());
    ASSERT_TRUE(old.hand_over("b", AfterHandOver::ends).ok());
    Bank bank = Pair::promote(std::move(standby));
    ASSERT_TRUE(comes_true([&] { return old.failed(); }));
    EXPECT_EQ(bank.node_status().in_sync.size(), 1U) << "it was to end";
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}, at(Durability::replicated)).accepted());
    auto back = std::move(old).step_down();
    ASSERT_TRUE(back.ok()) << back.error().sentence;
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "a"); })) << pair.said();
    ASSERT_TRUE(comes_true([&] { return back->state_hash() == bank.state_hash(); }));
    EXPECT_TRUE(back->close().ok());
}

}  // namespace
}  // namespace pawl::testing
