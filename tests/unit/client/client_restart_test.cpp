// Servers that go and come back in the middle of everything: each command acts once, each answer is
// told once, in order.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "client_kit.hpp"

namespace pawl::testing {
namespace {

struct Told {
    std::uint64_t number = 0;
    std::uint32_t shard = 0;
    std::uint64_t sequence = 0;
    bool accepted = false;
};

class Restarts : public ::testing::Test {
protected:
    // The same directory, the same address.
    void go_and_come_back() {
        const std::string address = bank->listen_address();
        options.listen = address;
        bank.reset();
        until([&] {
            auto opened = Bank::open(options);
            if (opened) bank.emplace(std::move(opened).value());
            return opened.ok();
        });
    }
    // Deposits and withdrawals as chance has them, told to the naive bank as well.
    void command(BankClient& client, std::uint64_t i) {
        const Id id = i * 7919 % 23;
        const auto cents = static_cast<std::int64_t>(i * 104'729 % 50);
        const bool in = i % 3 != 0;
        SubmitOptions submit;
        submit.durability = i % 64 == 0 ? Durability::synced : Durability::journaled;
        const auto tell = [this, i](const Reply& reply) {
            ASSERT_FALSE(reply.unknown());
            ASSERT_FALSE(reply.refused()) << to_string(reply.refusal());
            told[i].push_back(
                {reply.number().value, reply.shard(), reply.sequence().value, reply.accepted()});
            order.push_back(i);
        };
        const Offer offer = in ? client.submit(id, Account::Deposit{cents}, submit, tell)
                               : client.submit(id, Account::Withdraw{cents}, submit, tell);
        ASSERT_EQ(offer, Offer::accepted);
        expected.push_back(in ? naive.deposit(id, cents) : naive.withdraw(id, cents));
    }
    void judge() {
        std::vector<std::uint64_t> last_in_shard(options.shards, 0);
        for (const std::uint64_t i : order) {
            const Told& one = told[i].front();
            EXPECT_GT(one.number, last_in_shard[one.shard]) << "told out of order";
            last_in_shard[one.shard] = one.number;
        }
        for (std::size_t i = 0; i < told.size(); ++i) {
            ASSERT_EQ(told[i].size(), 1U) << i;
            EXPECT_EQ(told[i].front().accepted, expected[i]) << i;
        }
        expect_equal(*bank, naive);
    }

    TempDirectory directory;
    EngineOptions options = listening(small(directory.path(), 2));
    std::optional<Bank> bank;
    NaiveBank naive;
    std::vector<std::vector<Told>> told;
    std::vector<std::uint64_t> order;
    std::vector<bool> expected;
};

TEST_F(Restarts, in_the_middle_of_ten_thousand_commands_cost_and_double_nothing) {
    bank.emplace(open(options));
    BankClient client = connect(client_of(*bank, "desk-1"));
    constexpr std::uint64_t count = 10'000;
    told.resize(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        ASSERT_NO_FATAL_FAILURE(command(client, i));
        if (i % 16 == 0) client.poll_replies(32);
        if (i % 1'700 == 1'699) go_and_come_back();
    }
    finish(client);
    judge();
}

// The reply is lost with the connection, the outcome is not.
TEST_F(Restarts, leave_what_was_decided_to_be_heard_later) {
    bank.emplace(open(options));
    BankClient client = connect(client_of(*bank, "desk-1"));
    told.resize(40);
    for (std::uint64_t i = 0; i < 20; ++i) command(client, i);
    until([&] { return bank->state_hash() != 0 && balance(*bank, 19 * 7919 % 23) > 0; });
    go_and_come_back();
    for (std::uint64_t i = 20; i < 40; ++i) command(client, i);
    finish(client);
    judge();
}

TEST_F(Restarts, that_take_long_are_unknown_first_and_answered_later) {
    bank.emplace(open(options));
    ClientOptions hasty = client_of(*bank, "desk-1");
    hasty.give_up_after = std::chrono::milliseconds(30);
    BankClient client = connect(hasty);
    // A busy machine may take longer than its client waits.
    ASSERT_EQ(client.submit(1, Account::Deposit{100}), Offer::accepted);
    until([&] {
        client.poll_replies(8);
        return client.waiting() == 0 && balance(*bank, 1) == 100;
    });
    const std::string address = bank->listen_address();
    bank.reset();
    std::vector<Reply> heard;
    ASSERT_EQ(client.submit(1, Account::Withdraw{30},
                            [&](const Reply& reply) { heard.push_back(reply); }),
              Offer::accepted);
    Future<Reply> future = client.submit(1, Account::Withdraw{20}, use_future);
    EXPECT_TRUE(future.get().unknown());
    until([&] { return client.poll_replies(8) != 0; });
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_TRUE(heard[0].unknown());
    EXPECT_FALSE(heard[0].accepted() || heard[0].rejected());
    EXPECT_EQ(heard[0].refusal(), Refusal::outcome_unknown);
    EXPECT_EQ(client.waiting(), 2U);
    EXPECT_TRUE(client.server().empty());
    EXPECT_FALSE(client.why().empty());

    options.listen = address;
    bank.emplace(open(options));
    finish(client);
    ASSERT_EQ(heard.size(), 2U);
    EXPECT_TRUE(heard[1].accepted());
    EXPECT_EQ(heard[1].number(), heard[0].number());
    const CommandStatus status = client.status(future.get().number()).get();
    EXPECT_EQ(status.known, CommandStatus::Known::answered);
    EXPECT_EQ(balance(*bank, 1), 50);
}

// What a stopping engine says of a command that it has not decided is no answer.
TEST_F(Restarts, do_not_make_an_answer_of_a_closing_engine) {
    options.close_deadline = std::chrono::milliseconds(0);
    bank.emplace(open(options));
    BankClient client = connect(client_of(*bank, "desk-1"));
    told.resize(3'000);
    for (std::uint64_t i = 0; i < 3'000; ++i) {
        ASSERT_NO_FATAL_FAILURE(command(client, i));
        if (i % 500 == 499) go_and_come_back();
    }
    finish(client);
    judge();
}

}  // namespace
}  // namespace pawl::testing
