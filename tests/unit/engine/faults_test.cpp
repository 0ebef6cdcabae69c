// What the engine does when the disk fails or fills up: it says so, answers everybody, and
// recovers. Knows the storage that fails on request.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/engine/kit.hpp"
#include "tests/unit/engine/shared_storage.hpp"

namespace pawl::testing {
namespace {

class Faults : public ::testing::TestWithParam<Threading> {
protected:
    EngineOptions options(std::uint32_t shards = 1) {
        EngineOptions options = small("/journal", shards);
        options.threading = GetParam();
        options.heads = "/heads";
        options.on_notice = [this](const Notice& notice) {
            const std::lock_guard lock(mutex_);
            notices_.push_back(notice);
        };
        return options;
    }
    Bank open(const EngineOptions& options) { return open_in(options, storage_, clock_).value(); }
    bool told(Notice::Kind kind) {
        const std::lock_guard lock(mutex_);
        return std::any_of(notices_.begin(), notices_.end(),
                           [&](const Notice& notice) { return notice.kind == kind; });
    }
    // Time goes on, and so does an engine without threads of its own.
    void step(Bank& bank) {
        if (GetParam() == Threading::none) bank.poll();
    }
    static SubmitOptions synced() {
        SubmitOptions options;
        options.durability = Durability::synced;
        return options;
    }

    SharedStorage storage_;
    detail::SystemClock clock_;
    std::mutex mutex_;
    std::vector<Notice> notices_;
};

TEST_P(Faults, no_command_waits_for_a_snapshot) {
    if (GetParam() != Threading::own) GTEST_SKIP() << "one thread does one thing at a time";
    Bank bank = open(options(2));
    ask(bank, 1, Account::Deposit{1});
    storage_.hold_writes_to("snapshot.new");
    Status made{Done{}};
    std::thread asker([&] { made = bank.snapshot(); });
    until([&] { return storage_.somebody_is_held(); });
    for (int i = 0; i < 300; ++i)
        EXPECT_TRUE(ask(bank, static_cast<Id>(i % 9), Account::Deposit{1}).accepted());
    for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(ask(bank, static_cast<Id>(i), Account::Deposit{1}, synced()).accepted());
    EXPECT_TRUE(storage_.somebody_is_held()) << "the snapshot was not under way any more";
    storage_.let_go();
    asker.join();
    EXPECT_TRUE(made.ok()) << made.error().sentence;
}

TEST_P(Faults, a_snapshot_without_room_is_given_up_and_made_when_there_is_some) {
    constexpr std::uint64_t plenty = std::uint64_t{1} << 40;
    std::uint64_t hash = 0;
    {
        Bank bank = open(options(2));
        for (int i = 1; i <= 50; ++i) ask(bank, static_cast<Id>(i), Account::Deposit{i});
        ASSERT_TRUE(bank.sync().ok());  // each shard has its first segment
        std::uint64_t free = 0;
        storage_.set_quota_bytes(plenty);
        ASSERT_TRUE(storage_.free_bytes("/journal", free).ok());
        // Room for the journal's own next segment, and not for a snapshot beside it.
        storage_.set_quota_bytes(plenty - free + 300'000);
        const Status refused = bank.snapshot();
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, ErrorCode::disk_full) << refused.error().sentence;
        EXPECT_TRUE(told(Notice::Kind::snapshot_failed));
        EXPECT_FALSE(bank.failed());
        EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}, synced()).accepted());
        storage_.set_quota_bytes(plenty);
        const Status made = bank.snapshot();
        EXPECT_TRUE(made.ok()) << made.error().sentence;
        hash = bank.state_hash();
    }
    Bank bank = open(options(2));
    EXPECT_EQ(bank.state_hash(), hash);
    EXPECT_EQ(bank.replayed_records(), 0U);
}

TEST_P(Faults, a_failed_sync_answers_everybody_and_acknowledges_nothing_more) {
    std::int64_t acknowledged = 0;
    std::int64_t sent = 0;
    {
        Bank bank = open(options(2));
        for (int i = 0; i < 10; ++i)
            acknowledged += ask(bank, 1, Account::Deposit{1}, synced()).accepted() ? 1 : 0;
        sent = acknowledged;
        EXPECT_EQ(acknowledged, 10);
        storage_.fail_segment_write(1);
        std::vector<Future<Reply>> replies;
        for (int i = 0; i < 1000; ++i)
            replies.push_back(bank.submit(1, Account::Deposit{1}, synced(), use_future));
        sent += 1000;
        int failed = 0;
        for (auto& reply : replies) {
            const Reply answer = reply.get();
            if (answer.accepted()) {
                EXPECT_EQ(failed, 0) << "acknowledged behind one that was not";
                ++acknowledged;
            } else {
                ASSERT_TRUE(answer.refused());
                if (answer.refusal() == Refusal::closed) --sent;  // never decided
                ++failed;
            }
        }
        EXPECT_GT(failed, 0);
        until([&] {
            step(bank);
            return bank.failed();
        });
        EXPECT_EQ(bank.try_submit(1, Account::Deposit{1}), Offer::closed);
        EXPECT_TRUE(told(Notice::Kind::stopped));
        const Status synced_all = bank.sync();
        EXPECT_FALSE(synced_all.ok());
        EXPECT_EQ(bank.close().error().code, ErrorCode::stopped);
        EXPECT_TRUE(bank.failed());
    }
    storage_.repair();
    Bank bank = open(options(2));
    const std::int64_t kept = balance(bank, 1);
    EXPECT_GE(kept, acknowledged);
    EXPECT_LE(kept, sent);
}

TEST_P(Faults, a_stopped_engine_still_answers_questions) {
    Bank bank = open(options());
    ask(bank, 1, Account::Deposit{5}, as("desk", 1));
    ASSERT_TRUE(bank.sync().ok());  // else that may be what fails, before the next is decided
    storage_.fail_segment_write(1);
    EXPECT_TRUE(bank.submit(1, Account::Deposit{1}, synced(), use_future).get().refused());
    until([&] {
        step(bank);
        return bank.failed();
    });
    EXPECT_EQ(balance(bank, 1), 6);
    EXPECT_NE(bank.state_hash(), 0U);
    EXPECT_EQ(bank.status(session_id("desk"), CommandNumber{1}).get().known,
              CommandStatus::Known::answered);
    auto desk = bank.producer({.session = "desk"});
    EXPECT_EQ(desk.next_number().value, 2U);
    EXPECT_EQ(desk.try_submit(1, Account::Deposit{1}), Offer::closed);
    auto events = bank.subscribe();
    EXPECT_TRUE(events.poll([](const auto&) {}, 10).ok());
}

TEST_P(Faults, a_producer_hears_of_every_command_of_a_stopped_engine) {
    Bank bank = open(options());
    auto desk = bank.producer({.session = "desk"});
    storage_.fail_segment_write(2);
    int heard = 0;
    int sent = 0;
    for (int i = 0; i < 3000; ++i) {
        const Offer offer =
            desk.submit(1, Account::Deposit{1}, synced(), [&](const Reply&) { ++heard; });
        if (offer == Offer::accepted)
            ++sent;
        else
            ASSERT_EQ(offer, Offer::closed);
    }
    until([&] {
        step(bank);
        desk.poll_replies(64);
        return heard == sent;
    });
    EXPECT_EQ(desk.waiting(), 0U);
}

TEST_P(Faults, a_failure_at_any_call_loses_nothing_that_was_acknowledged) {
    for (std::uint64_t n = 1; n < 40; ++n) {
        SharedStorage storage;
        std::int64_t acknowledged = 0;
        std::int64_t decided = 0;
        {
            EngineOptions small_one = options();
            small_one.segment_bytes = 64U << 10;
            auto opened = open_in(small_one, storage, clock_);
            Bank bank = std::move(opened).value();
            storage.fail_segment_write(n);
            for (int i = 0; i < 30; ++i) {
                const Reply reply = bank.submit(1, Account::Flood{4}, synced(), use_future).get();
                if (reply.accepted()) ++acknowledged;
                if (reply.accepted() || reply.refusal() == Refusal::engine_failed) ++decided;
            }
        }
        storage.repair();
        auto again = open_in(options(), storage, clock_);
        ASSERT_TRUE(again.ok()) << n << ": " << again.error().sentence;
        EXPECT_GE(again->recovered_events(), static_cast<std::uint64_t>(acknowledged * 4)) << n;
        EXPECT_LE(again->recovered_events(), static_cast<std::uint64_t>(decided * 4)) << n;
    }
}

TEST_P(Faults, a_full_disk_refuses_early_serves_reads_and_goes_on_when_there_is_room) {
    EngineOptions small_one = options();
    small_one.segment_bytes = 64U << 10;
    Bank bank = open(small_one);
    storage_.set_quota_bytes(1U << 20);
    SubmitOptions now;
    now.patience = std::chrono::nanoseconds(0);
    std::uint64_t offered = 0;
    std::atomic<std::uint64_t> heard{0};
    std::atomic<std::uint64_t> accepted{0};
    Offer offer = Offer::accepted;
    until([&] {
        step(bank);
        offer = bank.try_submit(1, Account::Flood{2}, now, [&](const Reply& reply) {
            if (reply.accepted())
                ++accepted;
            else
                EXPECT_EQ(reply.refusal(), Refusal::disk_full);
            ++heard;
        });
        if (offer == Offer::accepted) ++offered;
        return offer == Offer::disk_full;
    });
    // What was offered is answered, also what is more than memory holds; reads go on.
    until([&] {
        step(bank);
        return heard == offered;
    });
    until([&] {
        step(bank);
        return told(Notice::Kind::disk_full);
    });
    EXPECT_FALSE(bank.failed());
    EXPECT_EQ(bank.query(1, [](const Account& a) { return a.last_random; }, use_future).get(), 1U);
    EXPECT_EQ(ask(bank, 1, Account::Deposit{1}).refusal(), Refusal::disk_full);
    EXPECT_TRUE(bank.would_accept(1, Account::Deposit{1}).get().accepted());
    if (GetParam() == Threading::none) {
        EXPECT_GE(bank.poll_timeout_ms(), 0) << "the host would sleep for ever";
    }

    storage_.set_quota_bytes(~std::uint64_t{0});
    until([&] {
        step(bank);
        offer = bank.try_submit(1, Account::Deposit{1});
        return offer == Offer::accepted;
    });
    until([&] {
        step(bank);
        return told(Notice::Kind::disk_available);
    });
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}, synced()).accepted());
    EXPECT_TRUE(bank.close().ok());
    Bank again = open(small_one);
    EXPECT_EQ(again.recovered_events(), accepted * 2 + 2);
}

INSTANTIATE_TEST_SUITE_P(Threads, Faults,
                         ::testing::Values(Threading::own, Threading::shared, Threading::none),
                         [](const auto& made) {
                             return made.param == Threading::own      ? "own"
                                    : made.param == Threading::shared ? "shared"
                                                                      : "none";
                         });

}  // namespace
}  // namespace pawl::testing
