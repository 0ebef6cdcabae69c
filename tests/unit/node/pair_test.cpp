// Two nodes over loopback: one writes, one follows and takes over.
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

}  // namespace
}  // namespace pawl::testing
