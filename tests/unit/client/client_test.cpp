// Commands over loopback: what a client submits and what it hears.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "client_kit.hpp"
#include "pawl/counters.hpp"

namespace pawl::testing {
namespace {

class Clients : public ::testing::Test {
protected:
    TempDirectory directory;
    EngineOptions options = listening(small(directory.path(), 2));

    std::uint64_t counted(const std::string& name) {
        const auto counters = read_counters(directory.path());
        for (const NamedCounter& one : counters.value())
            if (one.name == name) return one.value;
        ADD_FAILURE() << "nobody counts " << name;
        return 0;
    }
    static void greet_in_another_language(const std::string& address) {
        const std::string port = address.substr(address.rfind(':') + 1);
        sockaddr_in there{};
        there.sin_family = AF_INET;
        there.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
        there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&there), sizeof there), 0);
        const std::string words(100, 'x');
        EXPECT_EQ(::send(socket, words.data(), words.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(words.size()));
        char answer = 0;
        EXPECT_LE(::recv(socket, &answer, 1, 0), 0) << "strangers are told nothing";
        ::close(socket);
    }
};

TEST_F(Clients, hear_what_became_of_their_commands) {
    Bank bank = open(options);
    BankClient client = connect(client_of(bank, "desk-1"));
    EXPECT_EQ(client.server(), bank.listen_address());
    const Reply done = client.submit(1, Account::Deposit{500}, use_future).get();
    EXPECT_TRUE(done.accepted());
    EXPECT_EQ(done.version(), Version{1});
    EXPECT_EQ(done.event_count(), 1U);
    EXPECT_EQ(done.shard(), bank.shard_of<Account>(1));
    EXPECT_FALSE(done.repeat());
    const Reply rejected = client.submit(1, Account::Withdraw{501}, use_future).get();
    EXPECT_TRUE(rejected.rejected());
    EXPECT_EQ(rejected.reason<Account::Reason>(), Account::Reason::not_enough);
    const Reply threw = client.submit(1, Account::Poison{2}, use_future).get();
    EXPECT_EQ(threw.refusal(), Refusal::decision_threw);
    SubmitOptions expecting;
    expecting.expected_version = Version{7};
    const Reply conflict = client.submit(1, Account::Deposit{1}, expecting, use_future).get();
    EXPECT_EQ(conflict.refusal(), Refusal::version_conflict);
    EXPECT_EQ(conflict.version(), Version{1});
    EXPECT_EQ(client.submit(7, Book::Open{3}, use_future).get().version(), Version{1});
    EXPECT_EQ(balance(bank, 1), 500);
    EXPECT_EQ(client.waiting(), 0U);
}

TEST_F(Clients, get_their_replies_the_way_they_asked_for_and_in_order) {
    Bank bank = open(options);
    BankClient client = connect(client_of(bank, "desk-1"));
    std::vector<std::uint64_t> called;
    std::vector<std::uint64_t> handled;
    for (std::int64_t i = 1; i <= 300; ++i) {
        if (i % 3 == 0)
            EXPECT_EQ(
                client.submit(5, Account::Deposit{i},
                              [&](const Reply& reply) { called.push_back(reply.version().value); }),
                Offer::accepted);
        else if (i % 3 == 1)
            EXPECT_EQ(client.submit(5, Account::Deposit{i}, {}, want_reply), Offer::accepted);
        else
            EXPECT_EQ(client.submit(5, Account::Deposit{i}), Offer::accepted);
    }
    until([&] {
        client.poll_replies(7,
                            [&](const Reply& reply) { handled.push_back(reply.version().value); });
        return client.waiting() == 0;
    });
    ASSERT_EQ(called.size(), 100U);
    ASSERT_EQ(handled.size(), 100U);
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(called[i], 3 * i + 3);
        EXPECT_EQ(handled[i], 3 * i + 1);
    }
    EXPECT_EQ(balance(bank, 5), 300 * 301 / 2);
}

TEST_F(Clients, of_three_desks_each_have_their_own_answers) {
    Bank bank = open(options);
    std::vector<std::thread> desks;
    std::array<std::int64_t, 3> accepted{};
    for (std::size_t desk = 0; desk < 3; ++desk)
        desks.emplace_back([&, desk] {
            BankClient client = connect(client_of(bank, "desk-" + std::to_string(desk)));
            for (std::int64_t i = 0; i < 600; ++i) {
                const Id id = static_cast<Id>(i % 9);
                client.submit(id, Account::Deposit{static_cast<std::int64_t>(desk) + 1},
                              [&, desk](const Reply& reply) {
                                  if (reply.accepted()) ++accepted[desk];
                              });
                client.poll_replies(16);
            }
            finish(client);
        });
    for (std::thread& desk : desks) desk.join();
    std::int64_t sum = 0;
    for (Id id = 0; id < 9; ++id) sum += balance(bank, id);
    for (const std::int64_t one : accepted) EXPECT_EQ(one, 600);
    EXPECT_EQ(sum, 600 * (1 + 2 + 3));
}

TEST_F(Clients, send_a_number_again_and_get_its_first_outcome) {
    Bank bank = open(options);
    SubmitOptions seventh;
    seventh.number = CommandNumber{7};
    {
        BankClient client = connect(client_of(bank, "desk-1"));
        const Reply first = client.submit(1, Account::Deposit{5}, seventh, use_future).get();
        EXPECT_FALSE(first.repeat());
        EXPECT_EQ(client.next_number(), CommandNumber{8});
        EXPECT_EQ(client.try_submit(1, Account::Deposit{5}, seventh), Offer::malformed);
    }
    BankClient again = connect(client_of(bank, "desk-1"));
    const Reply second = again.submit(1, Account::Deposit{5}, seventh, use_future).get();
    EXPECT_TRUE(second.repeat());
    EXPECT_EQ(second.number(), CommandNumber{7});
    EXPECT_EQ(balance(bank, 1), 5);
}

// Where the last life ended, and so far behind that nothing it may still send can be mistaken.
TEST_F(Clients, of_a_later_life_go_on_behind_the_numbers_of_the_earlier) {
    options.session_window = 50;
    Bank bank = open(options);
    CommandNumber last;
    {
        BankClient client = connect(client_of(bank, "desk-1"));
        EXPECT_EQ(client.next_number(), CommandNumber{51});
        last = client.submit(1, Account::Deposit{5}, use_future).get().number();
    }
    BankClient later = connect(client_of(bank, "desk-1"));
    EXPECT_EQ(later.next_number().value, last.value + 51);
    const CommandStatus status = later.status(last).get();
    EXPECT_EQ(status.known, CommandStatus::Known::answered);
    EXPECT_TRUE(status.reply.accepted());
    EXPECT_EQ(later.status(CommandNumber{1}).get().known, CommandStatus::Known::forgotten);
    EXPECT_EQ(later.status(later.next_number()).get().known, CommandStatus::Known::unknown);
}

TEST_F(Clients, without_the_secret_are_not_let_in) {
    options.secret = "a secret of some length";
    Bank bank = open(options);
    for (const char* const secret : {"", "another one of some length"}) {
        ClientOptions wrong = client_of(bank, "desk-1");
        wrong.secret = secret;
        const auto refused = BankClient::open(wrong);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::mismatch);
        EXPECT_NE(refused.error().sentence.find("secret"), std::string::npos);
    }
    ClientOptions right = client_of(bank, "desk-1");
    right.secret = options.secret;
    EXPECT_TRUE(connect(right).submit(1, Account::Deposit{5}, use_future).get().accepted());
}

TEST_F(Clients, are_counted_and_strangers_too) {
    options.secret = "a secret of some length";
    Bank bank = open(options);
    ClientOptions right = client_of(bank, "desk-1");
    ClientOptions wrong = right;
    wrong.secret = "another one of some length";
    EXPECT_FALSE(BankClient::open(wrong).ok());
    greet_in_another_language(bank.listen_address());
    right.secret = options.secret;
    BankClient client = connect(right);
    EXPECT_TRUE(client.submit(1, Account::Deposit{5}, use_future).get().accepted());
    until([&] { return counted("clients.turned_away") == 2; });
    EXPECT_EQ(counted("clients.accepted"), 3U);
    EXPECT_EQ(counted("clients.welcomed"), 1U);
    EXPECT_EQ(counted("clients.commands"), 1U);
    EXPECT_EQ(counted("clients.replies"), 1U);
    EXPECT_EQ(counted("clients.faulty"), 0U);
    EXPECT_EQ(counted("clients.ended_foreign"), 1U);
    EXPECT_EQ(counted("clients.ended_damaged"), 0U);
}

TEST_F(Clients, of_other_types_are_not_let_in) {
    Bank bank = open(options);
    const auto refused = Client<Book, Account>::open(client_of(bank, "desk-1"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::mismatch);
    EXPECT_NE(refused.error().sentence.find("same aggregates"), std::string::npos)
        << refused.error().sentence;
}

TEST_F(Clients, need_a_session_a_server_and_somebody_there) {
    Bank bank = open(options);
    const auto sentence = [](const ClientOptions& wrong) {
        const auto opened = BankClient::open(wrong);
        return opened ? std::string("opened") : opened.error().sentence;
    };
    EXPECT_NE(sentence(client_of(bank, "")).find("act twice"), std::string::npos);
    ClientOptions wrong = client_of(bank, "desk-1");
    wrong.servers = {"bank example:70"};
    EXPECT_NE(sentence(wrong).find("nor a name"), std::string::npos);
    wrong.servers.clear();
    EXPECT_NE(sentence(wrong).find("no server"), std::string::npos);
    wrong = client_of(bank, "desk-1");
    ASSERT_TRUE(bank.close());
    wrong.open_within = std::chrono::milliseconds(50);
    EXPECT_NE(sentence(wrong).find("no server has welcomed"), std::string::npos);
}

TEST_F(Clients, with_one_name_take_the_session_from_each_other_once) {
    Bank bank = open(options);
    BankClient older = connect(client_of(bank, "desk-1"));
    EXPECT_TRUE(older.submit(1, Account::Deposit{5}, use_future).get().accepted());
    BankClient newer = connect(client_of(bank, "desk-1"));
    until([&] {
        older.wait(std::chrono::milliseconds(1));
        return older.over();
    });
    EXPECT_EQ(older.try_submit(1, Account::Deposit{5}), Offer::closed);
    EXPECT_NE(older.why().find("another client"), std::string::npos) << older.why();
    EXPECT_TRUE(newer.submit(1, Account::Deposit{5}, use_future).get().accepted());
    EXPECT_FALSE(newer.over());
    EXPECT_EQ(balance(bank, 1), 10);
}

TEST_F(Clients, are_served_by_an_engine_that_its_host_polls) {
    options.threading = Threading::none;
    Bank bank = open(options);
    std::atomic<bool> done{false};
    std::thread desk([&] {
        BankClient client = connect(client_of(bank, "desk-1"));
        for (std::int64_t i = 1; i <= 100; ++i) client.submit(1, Account::Deposit{i});
        finish(client);
        done = true;
    });
    until([&] {
        bank.poll();
        return done.load();
    });
    desk.join();
    EXPECT_EQ(balance(bank, 1), 5050);
    EXPECT_EQ(bank.poll_timeout_ms(), 1);
}

TEST_F(Clients, are_told_when_the_address_is_taken) {
    Bank bank = open(options);
    TempDirectory other;
    const auto second = Bank::open(listening(small(other.path()), bank.listen_address()));
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().sentence.find(bank.listen_address()), std::string::npos);
    options.secret = "short";
    options.directory = other.path();
    EXPECT_FALSE(Bank::open(options));
}

}  // namespace
}  // namespace pawl::testing
