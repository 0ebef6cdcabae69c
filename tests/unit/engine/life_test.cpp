// Opening, running and closing an engine: what is checked, what is left, who runs it, what others
// can see. Knows the façade.
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <thread>
#include <vector>

#include "pawl/counters.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

TEST(Life, another_shard_count_is_refused_with_both_values) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path(), 3));
    }
    const auto wrong = Bank::open(small(directory.path(), 4));
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().code, ErrorCode::mismatch);
    EXPECT_NE(wrong.error().sentence.find('3'), std::string::npos) << wrong.error().sentence;
    EXPECT_NE(wrong.error().sentence.find('4'), std::string::npos) << wrong.error().sentence;
}

TEST(Life, a_second_opening_is_refused_and_told_who_holds_it) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    const auto second = Bank::open(small(directory.path()));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::locked);
    EXPECT_NE(second.error().sentence.find(std::to_string(getpid())), std::string::npos)
        << second.error().sentence;
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}).accepted());
}

TEST(Life, impossible_options_are_sentences) {
    TempDirectory directory;
    const auto refused = [&](auto change) {
        EngineOptions options = small(directory.path());
        change(options);
        const auto opened = Bank::open(options);
        return !opened.ok() && !opened.error().sentence.empty();
    };
    EXPECT_TRUE(refused([](EngineOptions& o) { o.directory.clear(); }));
    EXPECT_TRUE(refused([](EngineOptions& o) { o.shards = 0; }));
    EXPECT_TRUE(refused([](EngineOptions& o) { o.head_bytes = 100'000; }));
    EXPECT_TRUE(refused([](EngineOptions& o) { o.segment_bytes = 1; }));
    EXPECT_TRUE(refused([](EngineOptions& o) { o.segment_bytes = std::uint64_t{2} << 40; }));
    EXPECT_TRUE(refused([](EngineOptions& o) { o.session_window = 0; }));
    EXPECT_TRUE(refused([](EngineOptions& o) { o.heads = "/nowhere/at/all"; }));
    EXPECT_TRUE(refused([](EngineOptions& o) { o.directory = "/proc/nowhere"; }));
}

TEST(Life, the_state_hash_is_the_same_after_replay_and_for_every_shard_count) {
    std::map<std::uint32_t, std::uint64_t> hashes;
    for (const std::uint32_t shards : {1U, 2U, 5U}) {
        TempDirectory directory;
        std::uint64_t hash = 0;
        {
            Bank bank = open(small(directory.path(), shards));
            for (Id id = 0; id < 300; ++id)
                bank.submit(id % 90, Account::Deposit{static_cast<std::int64_t>(id + 1)});
            for (Id id = 0; id < 90; ++id)
                bank.submit(id, Account::Withdraw{static_cast<std::int64_t>(id)});
            ask(bank, 1, Book::Open{7});
            hash = bank.state_hash();
        }
        Bank bank = open(small(directory.path(), shards));
        EXPECT_EQ(bank.state_hash(), hash);
        hashes[shards] = hash;
    }
    EXPECT_EQ(hashes[1], hashes[2]);
    EXPECT_EQ(hashes[1], hashes[5]);
}

TEST(Life, an_aggregate_is_only_ever_decided_on_one_shard) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 4));
    std::map<Id, std::uint32_t> home;
    for (int i = 0; i < 400; ++i) {
        const Id id = static_cast<Id>(i % 40);
        const Reply reply = ask(bank, id, Account::Deposit{1});
        EXPECT_EQ(home.emplace(id, reply.shard()).first->second, reply.shard());
        EXPECT_EQ(reply.shard(), bank.shard_of<Account>(id));
    }
}

TEST(Life, a_transient_engine_leaves_nothing_behind) {
    TempDirectory heads;
    {
        EngineOptions options;
        options.transient = true;
        options.heads = heads.path();
        options.head_bytes = 256U << 10;
        Bank bank = open(options);
        for (int i = 0; i < 5'000; ++i) bank.submit(1, Account::Deposit{1});
        EXPECT_EQ(balance(bank, 1), 5'000);
        SubmitOptions synced;
        synced.durability = Durability::synced;
        EXPECT_EQ(ask(bank, 1, Account::Deposit{1}, synced).refusal(), Refusal::unavailable);
        auto events = bank.subscribe({.from_end = true});
        ask(bank, 1, Account::Deposit{1});
        EXPECT_EQ(events.poll([](const auto&) {}, 10).value(), 1U);
    }
    EXPECT_TRUE(std::filesystem::is_empty(heads.path()));
}

TEST(Life, a_closed_engine_leaves_no_memory_behind) {
    TempDirectory directory;
    TempDirectory heads;
    EngineOptions options = small(directory.path(), 2);
    options.heads = heads.path();
    {
        Bank bank = open(options);
        ask(bank, 1, Account::Deposit{1});
    }
    EXPECT_TRUE(std::filesystem::is_empty(heads.path()));
}

TEST(Life, durabilities_that_are_not_there_are_refused_never_weakened) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    for (const Durability level :
         {Durability::decided, Durability::journaled, Durability::synced}) {
        SubmitOptions options;
        options.durability = level;
        EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}, options).accepted());
    }
    for (const Durability level : {Durability::replicated, Durability::replicated_synced}) {
        SubmitOptions options;
        options.durability = level;
        EXPECT_EQ(bank.try_submit(1, Account::Deposit{1}, options), Offer::unavailable);
        EXPECT_EQ(ask(bank, 1, Account::Deposit{1}, options).refusal(), Refusal::unavailable);
    }
    EXPECT_EQ(balance(bank, 1), 3);
}

TEST(Life, a_synced_reply_means_that_the_bytes_are_on_disk) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.flush_interval = std::chrono::hours(1);
    Bank bank = open(options);
    auto safe = bank.subscribe({.durability = Durability::synced});
    SubmitOptions synced;
    synced.durability = Durability::synced;
    for (int i = 0; i < 20; ++i) {
        ask(bank, 1, Account::Deposit{1}, synced);
        std::size_t seen = 0;
        while (const std::size_t count = safe.poll([](const auto&) {}, 10).value()) seen += count;
        EXPECT_EQ(seen, 1U);
    }
}

TEST(Life, a_hosts_own_loop_runs_the_engine_without_a_thread_of_ours) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.threading = Threading::none;
    const auto threads = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                             std::filesystem::directory_iterator());
    };
    const auto before = threads();
    Bank bank = open(options);
    EXPECT_LE(threads(), before);  // ended ones of earlier tests may still be leaving

    std::atomic<int> heard{0};
    std::thread other([&] {
        for (int i = 0; i < 200; ++i) {
            const int expected = i + 1;
            bank.submit(1, Account::Deposit{1}, [&](const Reply&) { ++heard; });
            until([&] { return heard == expected; });  // the loop sleeps in between
        }
    });
    const int loop = epoll_create1(0);
    epoll_event event{};
    event.events = EPOLLIN;
    ASSERT_EQ(epoll_ctl(loop, EPOLL_CTL_ADD, bank.wake_fd(), &event), 0);
    while (heard < 200) {
        if (bank.poll() != 0) continue;
        epoll_wait(loop, &event, 1, bank.poll_timeout_ms());
    }
    other.join();
    ::close(loop);
    EXPECT_TRUE(bank.sync().ok());
    EXPECT_EQ(bank.poll_timeout_ms(), -1) << "everything is on disk: sleep until woken";
    EXPECT_EQ(balance(bank, 1), 200);
}

TEST(Life, more_threads_than_cores_still_move_whatever_their_idle_strategy) {
    for (const Idle idle : {Idle::park, Idle::yield, Idle::spin}) {
        for (const Threading threading : {Threading::own, Threading::shared}) {
            TempDirectory directory;
            EngineOptions options = small(directory.path(), 4);
            options.idle = idle;
            options.threading = threading;
            options.cores = {0, 0, 0, 0};
            Bank bank = open(options);
            std::int64_t sum = 0;
            for (int i = 0; i < 40; ++i) ask(bank, static_cast<Id>(i % 8), Account::Deposit{1});
            for (Id id = 0; id < 8; ++id) sum += balance(bank, id);
            EXPECT_EQ(sum, 40);
        }
    }
}

TEST(Life, counters_are_read_by_another_process) {
    TempDirectory directory;
    EXPECT_FALSE(read_counters(directory.path()).ok());
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        Bank bank = open(small(directory.path()));
        for (int i = 0; i < 10; ++i) ask(bank, 1, Account::Deposit{1});
        ask(bank, 1, Account::Withdraw{100});
        ask(bank, 1, Account::Poison{0});
        [[maybe_unused]] const ssize_t told = write(pipe_ends[1], "x", 1);
        for (;;) pause();
    }
    char byte = 0;
    ASSERT_EQ(read(pipe_ends[0], &byte, 1), 1);
    const auto counters = read_counters(directory.path());
    ASSERT_TRUE(counters.ok()) << counters.error().sentence;
    std::map<std::string, std::uint64_t> by_name;
    for (const NamedCounter& counter : counters.value()) by_name[counter.name] = counter.value;
    EXPECT_EQ(by_name["shard0.commands"], 12U);
    EXPECT_EQ(by_name["shard0.accepted"], 10U);
    EXPECT_EQ(by_name["shard0.rejected"], 1U);
    EXPECT_EQ(by_name["shard0.refused"], 1U);
    EXPECT_EQ(by_name["shard0.threw"], 1U);
    EXPECT_EQ(by_name["shard0.events"], 10U);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_FALSE(read_counters(directory.path()).ok())
        << "the numbers of a dead engine are not an engine's";
    Bank again = open(small(directory.path()));
    EXPECT_TRUE(read_counters(directory.path()).ok());
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
}

// A number that whoever was answered can look up: it has been counted before it is answered.
TEST(Life, what_was_answered_has_been_counted) {
    TempDirectory directory;
    TempDirectory heads;
    EngineOptions options = small(directory.path());
    options.heads = heads.path();
    options.idle = Idle::yield;
    Bank bank = open(options);
    std::string page;
    for (const auto& file : std::filesystem::directory_iterator(heads.path()))
        if (file.path().string().ends_with("-counters")) page = file.path();
    journal::PosixStorage storage;
    std::unique_ptr<journal::SharedRing> memory;
    ASSERT_TRUE(storage.map_ring(page, 0, journal::RingMode::look, memory).ok()) << page;
    auto* cell =
        reinterpret_cast<detail::CounterCell*>(memory->ring() + sizeof(detail::CounterHeader));
    while (std::string_view(cell->name) != "shard0.commands") ++cell;
    const std::atomic_ref<std::uint64_t> commands(cell->value);

    auto desk = bank.producer({.session = "desk"});
    std::uint64_t answered = 0;
    std::uint64_t told_too_early = 0;
    for (std::uint64_t i = 1; i <= 100'000; ++i) {
        desk.submit(1, Account::Deposit{1}, [&](const Reply&) { ++answered; });
        while (answered != i) desk.poll_replies(1);
        if (commands.load(std::memory_order_relaxed) < i) ++told_too_early;
    }
    EXPECT_EQ(told_too_early, 0U);
}

TEST(Life, stopping_under_load_neither_hangs_nor_loses) {
    TempDirectory directory;
    std::int64_t expected = 0;
    for (int round = 0; round < 50; ++round) {
        EngineOptions options = small(directory.path(), 2);
        options.segment_bytes = 16U << 20;
        options.head_bytes = 4U << 20;
        options.shared_queue_messages = 256;
        options.close_deadline = std::chrono::minutes(2);  // the disk's worst day is no hang
        options.threading = round % 3 == 0 ? Threading::shared : Threading::own;
        Bank bank = open(options);
        std::int64_t before = 0;
        for (Id id = 0; id < 4; ++id) before += balance(bank, id);
        ASSERT_EQ(before, expected) << round;
        std::atomic<std::int64_t> offered{0};
        std::atomic<std::int64_t> heard{0};
        std::atomic<std::int64_t> acted{0};
        std::atomic<bool> going{false};
        std::vector<std::thread> senders;
        for (Id id = 0; id < 3; ++id)
            senders.emplace_back([&, id] {
                const auto count = [&](const Reply& reply) {
                    ++heard;
                    if (reply.accepted()) ++acted;
                };
                if (id == 0) {
                    auto desk = bank.producer({.session = "desk"});
                    while (desk.submit(id, Account::Deposit{1}, count) == Offer::accepted) {
                        ++offered;
                        going = true;
                        desk.poll_replies(8);
                    }
                    until([&] {
                        desk.poll_replies(64);
                        return desk.waiting() == 0;
                    });
                } else {
                    while (bank.submit(id, Account::Deposit{1}, count) == Offer::accepted)
                        ++offered;
                }
            });
        until([&] { return going && offered > 50 * (round % 5); });
        ASSERT_TRUE(bank.close().ok());
        for (std::thread& sender : senders) sender.join();
        EXPECT_EQ(heard, offered);
        EXPECT_EQ(acted, offered) << "what was in the ring is decided before the end";
        expected += acted;
    }
}

TEST(Life, a_deadline_that_passes_is_told_and_everybody_is_answered) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.shared_queue_messages = 4096;
    Bank bank = open(options);
    std::atomic<int> heard{0};
    int sent = 0;
    for (int i = 0; i < 3000; ++i)
        if (bank.submit(1, Account::Flood{20}, [&](const Reply&) { ++heard; }) == Offer::accepted)
            ++sent;
    const Status closed = bank.close(std::chrono::nanoseconds(0));
    EXPECT_EQ(heard, sent);
    if (!closed.ok()) {
        EXPECT_EQ(closed.error().code, ErrorCode::timeout);
    }
}

}  // namespace
}  // namespace pawl::testing
