// Overload: every command is either accepted or refused to its sender, and the numbers agree
// exactly.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

class Overload : public ::testing::Test {
protected:
    Overload() {
        options_.lane_lines = 64;
        options_.shared_queue_messages = 64;
        options_.lane_replies = 64;
    }
    TempDirectory directory_;
    EngineOptions options_ = small(directory_.path(), 2);
};

TEST_F(Overload, submitted_is_accepted_plus_refused_exactly) {
    Bank bank = open(options_);
    constexpr int threads = 4;
    constexpr int tries = 20'000;
    std::atomic<std::int64_t> accepted{0};
    std::atomic<std::int64_t> refused{0};
    std::atomic<std::int64_t> heard{0};
    std::vector<std::thread> senders;
    for (int t = 0; t < threads; ++t)
        senders.emplace_back([&, t] {
            const auto note = [&](Offer offer) {
                if (offer == Offer::accepted)
                    ++accepted;
                else if (offer == Offer::back_pressured)
                    ++refused;
                else
                    ADD_FAILURE() << to_string(offer);
            };
            const auto hear = [&](const Reply& reply) { heard += reply.accepted() ? 1 : 0; };
            const Id id = static_cast<Id>(t);
            if (t % 2 == 0) {
                for (int i = 0; i < tries; ++i)
                    note(bank.try_submit(id, Account::Deposit{1}, {}, hear));
                return;
            }
            auto desk = bank.producer();
            for (int i = 0; i < tries; ++i) {
                note(desk.try_submit(id, Account::Deposit{1}, {}, hear));
                if (i % 100 == 0) desk.poll_replies(64);
            }
            until([&] {
                desk.poll_replies(64);
                return desk.waiting() == 0;
            });
        });
    for (std::thread& sender : senders) sender.join();
    until([&] { return heard == accepted; });
    EXPECT_EQ(accepted + refused, threads * tries);
    std::int64_t sum = 0;
    for (Id id = 0; id < threads; ++id) sum += balance(bank, id);
    EXPECT_EQ(sum, accepted);
}

TEST_F(Overload, a_submit_with_patience_waits_so_long_and_then_says_no) {
    options_.threading = Threading::none;
    journal::PosixStorage storage;
    detail::SystemClock clock;
    Bank bank = open_in(options_, storage, clock).value();
    SubmitOptions none;
    none.patience = std::chrono::nanoseconds(0);
    int accepted = 0;
    while (bank.submit(1, Account::Deposit{1}, none) == Offer::accepted) ++accepted;
    EXPECT_EQ(accepted, 64);
    SubmitOptions some;
    some.patience = std::chrono::seconds(30);
    EXPECT_EQ(bank.submit(1, Account::Deposit{1}, some), Offer::accepted)
        << "waiting runs the engine";
    EXPECT_EQ(balance(bank, 1), 65);
}

TEST_F(Overload, a_producer_that_never_reads_stops_only_itself) {
    Bank bank = open(options_);
    auto deaf = bank.producer();
    SubmitOptions none;
    none.patience = std::chrono::milliseconds(20);
    Offer offer = Offer::accepted;
    until([&] {
        return (offer = deaf.submit(1, Account::Deposit{1}, none, want_reply)) != Offer::accepted;
    });
    EXPECT_EQ(offer, Offer::back_pressured);
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}).accepted());
    // It stops nobody at the end either; what it never read is still there.
    EXPECT_EQ(bank.close(std::chrono::milliseconds(50)).error().code, ErrorCode::timeout);
    std::size_t left = 0;
    while (const std::size_t count = deaf.poll_replies(64)) left += count;
    EXPECT_GT(left, 128U);
}

}  // namespace
}  // namespace pawl::testing
