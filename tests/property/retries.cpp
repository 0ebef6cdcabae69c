// Every command three times, shuffled, over lives that end without a word and over snapshots: each
// acts once, and each reply is the first outcome. Knows the façade.
//
// --commands=N: unique ones (default 20,000); --seed=S.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <tuple>
#include <vector>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

std::uint64_t commands_in_all = 20'000;
std::uint64_t seed = 1;

constexpr std::uint64_t sessions = 8;
constexpr std::uint64_t copies = 3;
constexpr std::uint64_t shuffled_over = 300;  // numbers: well within the window
constexpr std::size_t in_flight_max = 400;

// What was heard first of one command. In memory that outlives the processes.
struct First {
    std::uint64_t sequence = 0;
    std::uint64_t version = 0;
    std::uint16_t reason = 0;
    std::uint8_t outcome = 0;
    bool heard = false;
};

struct Copy {
    std::uint64_t when = 0;
    std::uint64_t session = 0;
    std::uint64_t number = 0;
};

Id account_of(const Copy& copy) {
    return copy.session + sessions * (copy.number % 5);
}

[[noreturn]] void die(const char* what, const Copy& copy, std::uint64_t is, std::uint64_t was) {
    std::fprintf(stderr, "session %llu number %llu: %s: %llu, was %llu\n",
                 static_cast<unsigned long long>(copy.session),
                 static_cast<unsigned long long>(copy.number), what,
                 static_cast<unsigned long long>(is), static_cast<unsigned long long>(was));
    _exit(3);
}

class Story {
public:
    Story() : per_session_(commands_in_all / sessions), chance_(seed) {
        bytes_ = per_session_ * sessions * sizeof(First);
        void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        PAWL_ASSERT(memory != MAP_FAILED);
        first_ = static_cast<First*>(memory);
        for (std::uint64_t session = 0; session < sessions; ++session)
            for (std::uint64_t number = 1; number <= per_session_; ++number)
                for (std::uint64_t copy = 0; copy < copies; ++copy)
                    order_.push_back({number + chance_() % shuffled_over, session, number});
        std::sort(order_.begin(), order_.end(), [](const Copy& a, const Copy& b) {
            return std::tie(a.when, a.number, a.session) < std::tie(b.when, b.number, b.session);
        });
        options_ = small(directory_.path(), 2);
        options_.threading = Threading::none;
        options_.snapshot_every_bytes = 512U << 10;
        options_.retention = Retention::archive;
    }
    ~Story() { munmap(first_, bytes_); }

    void run() {
        const std::uint64_t lives = 12 + commands_in_all / 20'000;
        std::size_t begin = 0;
        for (std::uint64_t life = 0; life < lives; ++life) {
            const std::size_t end =
                life + 1 == lives ? order_.size() : begin + chance_() % (2 * order_.size() / lives);
            const std::size_t until = std::min(end, order_.size());
            const std::uint64_t ending = chance_() % 3;
            const pid_t child = fork();
            ASSERT_GE(child, 0);
            if (child == 0) live(begin, until, ending, life + 1 == lives);
            int status = 0;
            ASSERT_EQ(waitpid(child, &status, 0), child);
            ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "life " << life;
            // What nobody heard of is sent again by the next life, before anything newer.
            std::vector<Copy> unheard;
            for (std::size_t i = begin; i < until; ++i)
                if (!first(order_[i]).heard) unheard.push_back(order_[i]);
            unheard_ = std::move(unheard);
            begin = until;
        }
        judge();
    }

private:
    First& first(const Copy& copy) { return first_[copy.session * per_session_ + copy.number - 1]; }

    void hear(const Copy& copy, const Reply& reply) {
        First& known = first(copy);
        if (!known.heard) {
            known = {reply.sequence().value, reply.version().value, reply.reason_number(),
                     static_cast<std::uint8_t>(reply.outcome()), true};
            return;
        }
        if (!reply.repeat()) die("acted again", copy, reply.sequence().value, known.sequence);
        if (static_cast<std::uint8_t>(reply.outcome()) != known.outcome)
            die("another outcome", copy, static_cast<std::uint8_t>(reply.outcome()), known.outcome);
        if (reply.reason_number() != known.reason)
            die("another reason", copy, reply.reason_number(), known.reason);
        if (reply.version().value != known.version)
            die("another version", copy, reply.version().value, known.version);
        if (reply.sequence().value != known.sequence)
            die("another sequence", copy, reply.sequence().value, known.sequence);
    }

    // Deposits, withdrawals of which many are too large, and some that throw.
    void send(Producer<Account, Book>& desk, const Copy& copy) {
        const auto hearing = [this, copy](const Reply& reply) { hear(copy, reply); };
        const auto as_sent = as("client" + std::to_string(copy.session), copy.number);
        const auto cents = static_cast<std::int64_t>(copy.number % 1000 + 1);
        Offer offer{};
        if (copy.number % 50 == 7)
            offer = desk.submit(account_of(copy), Account::Poison{2}, as_sent, hearing);
        else if (copy.number % 3 == 0)
            offer = desk.submit(account_of(copy), Account::Withdraw{2 * cents}, as_sent, hearing);
        else
            offer = desk.submit(account_of(copy), Account::Deposit{cents}, as_sent, hearing);
        if (offer != Offer::accepted)
            die("not accepted", copy, static_cast<std::uint64_t>(offer), 0);
    }

    // Ends with replies still on their way, unless it ends in order.
    [[noreturn]] void live(std::size_t begin, std::size_t end, std::uint64_t ending, bool last) {
        auto opened = Bank::open(options_);
        if (!opened.ok()) {
            std::fprintf(stderr, "%s\n", opened.error().sentence.c_str());
            _exit(5);
        }
        Bank bank = std::move(opened).value();
        auto desk = bank.producer();
        const auto wait_for = [&](std::size_t left) {
            while (desk.waiting() > left) {
                bank.poll();
                desk.poll_replies(1024);
            }
        };
        for (const Copy& copy : unheard_) {
            send(desk, copy);
            wait_for(in_flight_max);
        }
        wait_for(0);
        for (std::size_t i = begin; i < end; ++i) {
            send(desk, order_[i]);
            if (i % 64 == 0) bank.poll();
            wait_for(in_flight_max);
        }
        if (!last && ending != 0) _exit(0);
        wait_for(0);
        if (ending == 2 && !bank.snapshot().ok()) _exit(6);
        _exit(bank.close().ok() ? 0 : 7);
    }

    void judge() {
        std::vector<std::int64_t> balance_of(sessions * 5, 0);
        std::uint64_t accepted = 0;
        std::uint64_t others = 0;
        for (std::uint64_t session = 0; session < sessions; ++session)
            for (std::uint64_t number = 1; number <= per_session_; ++number) {
                const Copy copy{0, session, number};
                const First& known = first(copy);
                ASSERT_TRUE(known.heard) << session << " " << number;
                if (static_cast<Outcome>(known.outcome) != Outcome::accepted) {
                    ++others;
                    continue;
                }
                ++accepted;
                const auto cents = static_cast<std::int64_t>(number % 1000 + 1);
                balance_of[account_of(copy)] += number % 3 == 0 ? -2 * cents : cents;
            }
        options_.threading = Threading::own;
        Bank bank = open(options_);
        // Each that was accepted is one event, however often it was sent.
        EXPECT_EQ(bank.recovered_events(), accepted);
        for (Id id = 0; id < sessions * 5; ++id) EXPECT_EQ(balance(bank, id), balance_of[id]) << id;
        EXPECT_GT(others, 0U);
        std::printf("%llu accepted and %llu other commands, %zu sent\n",
                    static_cast<unsigned long long>(accepted),
                    static_cast<unsigned long long>(others), order_.size());
    }

    TempDirectory directory_;
    EngineOptions options_;
    const std::uint64_t per_session_;
    std::mt19937_64 chance_;
    std::size_t bytes_ = 0;
    First* first_ = nullptr;
    std::vector<Copy> order_;
    std::vector<Copy> unheard_;
};

TEST(Retries, each_command_sent_three_times_acts_once_and_hears_its_first_outcome) {
    Story().run();
}

}  // namespace
}  // namespace pawl::testing

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with("--commands="))
            pawl::testing::commands_in_all = std::strtoull(argv[i] + 11, nullptr, 10);
        if (word.starts_with("--seed="))
            pawl::testing::seed = std::strtoull(argv[i] + 7, nullptr, 10);
    }
    const auto begin = std::chrono::steady_clock::now();
    const int result = RUN_ALL_TESTS();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("%llu commands three times, seed %llu: %.1f s\n",
                static_cast<unsigned long long>(pawl::testing::commands_in_all),
                static_cast<unsigned long long>(pawl::testing::seed), seconds.count());
    return result;
}
