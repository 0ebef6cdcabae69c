// More than somebody takes: a client that does not read, an engine that is slow. Nothing is lost
// and nothing grows without end.
#include <gtest/gtest.h>

#include "client_kit.hpp"
#include "journal/posix_storage.hpp"

namespace pawl::testing {
namespace {

TEST(ClientOverload,
     a_client_that_does_not_read_its_replies_gets_no_more_room_and_all_of_them_later) {
    TempDirectory directory;
    EngineOptions options = listening(small(directory.path()));
    options.lane_replies = 16;
    options.session_window = 2'000;
    Bank bank = open(options);
    BankClient lazy = connect(client_of(bank, "lazy"));
    std::uint64_t accepted = 0;
    std::uint64_t told = 0;
    while (lazy.try_submit(1, Account::Deposit{1}, {}, [&](const Reply&) { ++told; }) ==
           Offer::accepted)
        ++accepted;
    EXPECT_GE(accepted, 2'000U);
    EXPECT_EQ(told, 0U);
    BankClient busy = connect(client_of(bank, "busy"));
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(busy.submit(2, Account::Deposit{1}, use_future).get().accepted());
    finish(lazy);
    EXPECT_EQ(told, accepted);
    EXPECT_EQ(balance(bank, 1), static_cast<std::int64_t>(accepted));
}

TEST(ClientOverload, a_lane_that_is_full_holds_the_client_back) {
    TempDirectory directory;
    EngineOptions options = listening(small(directory.path()));
    options.lane_lines = 32;
    options.lane_replies = 4;
    options.threading = Threading::none;
    Bank bank = open(options);
    std::atomic<bool> done{false};
    std::thread desk([&] {
        ClientOptions client = client_of(bank, "desk-1");
        BankClient eager = connect(client);
        for (std::int64_t i = 1; i <= 2'000; ++i) eager.submit(1, Account::Deposit{i});
        finish(eager);
        done = true;
    });
    until([&] {
        bank.poll();
        return done.load();
    });
    desk.join();
    EXPECT_EQ(balance(bank, 1), 2'000 * 2'001 / 2);
}

// Without patience nothing waits, whatever the server does.
TEST(ClientOverload, a_window_without_a_server_says_so_at_once) {
    TempDirectory directory;
    EngineOptions options = listening(small(directory.path()));
    options.session_window = 8;
    Bank bank = open(options);
    BankClient client = connect(client_of(bank, "desk-1"));
    EXPECT_TRUE(client.submit(1, Account::Deposit{1}, use_future).get().accepted());
    ASSERT_TRUE(bank.close());
    SubmitOptions impatient;
    impatient.patience = std::chrono::milliseconds(5);
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(client.submit(1, Account::Deposit{1}, impatient), Offer::accepted);
    EXPECT_EQ(client.submit(1, Account::Deposit{1}, impatient), Offer::back_pressured);
    EXPECT_EQ(client.waiting(), 8U);
}

}  // namespace
}  // namespace pawl::testing
