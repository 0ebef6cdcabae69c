// A client of two nodes: it goes on with whichever is primary, and nothing it was told is lost.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "client_kit.hpp"
#include "tests/unit/node/kit.hpp"

namespace pawl::testing {
namespace {

class Failover : public ::testing::Test {
protected:
    static std::string clients_of(int node) {
        const std::string address = address_of(node);
        return address.substr(0, address.rfind(':')) + ":7412";
    }
    Follower follow(const std::string& name) {
        EngineOptions options = pair.options(name);
        options.listen = clients_of(name == "a" ? 0 : 1);
        return Follower::open(options).value();
    }
    BankClient connect() {
        ClientOptions options;
        options.servers = {clients_of(0), clients_of(1)};
        options.session = "desk-1";
        options.give_up_after = std::chrono::seconds(60);
        return BankClient::open(options).value();
    }
    void command(BankClient& client, std::uint64_t i) {
        const Id id = i % 11;
        SubmitOptions submit;
        submit.durability = Durability::replicated;
        naive.deposit(id, 5);
        told.push_back(0);
        ASSERT_EQ(client.submit(id, Account::Deposit{5}, submit,
                                [this, i](const Reply& reply) {
                                    ASSERT_TRUE(reply.accepted());
                                    ++told[i];
                                }),
                  Offer::accepted);
        client.poll_replies(16);
    }
    // All that was sent before may have been answered by the node that was primary then.
    void go_on_with(BankClient& client, int node) {
        const std::uint64_t sent = told.size();
        for (std::uint64_t i = sent; i < sent + 100; ++i) command(client, i);
        finish(client);
        EXPECT_EQ(client.server(), clients_of(node));
    }
    void judge(Bank& bank) {
        for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], 1) << i;
        expect_equal(bank, naive);
    }

    Pair pair{soon};
    NaiveBank naive;
    std::vector<int> told;
};

// Less than a session window of commands: nobody is primary before the second node is asked to be.
TEST_F(Failover, a_client_goes_on_with_the_standby_that_took_over) {
    std::optional<Bank> first = Pair::promote(follow("a"));
    BankClient client = connect();
    EXPECT_EQ(client.server(), clients_of(0));
    Follower standby = follow("b");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(first->node_status(), "b"); })) << pair.said();
    for (std::uint64_t i = 0; i < 1'000; ++i) {
        command(client, i);
        if (i == 500) first.reset();
    }
    Bank second = Pair::promote(std::move(standby));
    go_on_with(client, 1);
    judge(second);
}

TEST_F(Failover, a_client_hardly_notices_a_switchover) {
    std::optional<Bank> first = Pair::promote(follow("a"));
    BankClient client = connect();
    Follower standby = follow("b");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(first->node_status(), "b"); })) << pair.said();
    for (std::uint64_t i = 0; i < 1'000; ++i) {
        command(client, i);
        if (i != 500) continue;
        ASSERT_TRUE(first->hand_over("b").ok());
    }
    Bank second = Pair::promote(std::move(standby));
    ASSERT_TRUE(comes_true([&] { return first->failed(); }));
    const auto back = std::move(*first).step_down();
    ASSERT_TRUE(back.ok()) << back.error().sentence;
    go_on_with(client, 1);
    judge(second);
}

}  // namespace
}  // namespace pawl::testing
