// Kills a process that runs an engine, again and again over one directory: what was acknowledged is
// there afterwards, retries act once, a subscriber that keeps its cursor sees every event once.
// Knows the façade.
//
// --kills=N: how often in all (default 100); --seed=S repeats the moments as well as time allows.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string_view>
#include <thread>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

std::uint64_t kills_in_all = 100;
std::uint64_t seed = 1;

constexpr Id accounts = 8;
constexpr Id accounts_per_producer = 4;
using Numbers = std::array<std::uint64_t, accounts>;

struct Setting {
    const char* name;
    Durability durability;
    Threading threading;
    std::uint64_t snapshot_every_bytes;
    Retention retention;
    std::uint64_t share;  // percent of all kills
};
constexpr Setting settings[] = {
    {"decided", Durability::decided, Threading::own, 0, Retention::keep, 10},
    {"journaled", Durability::journaled, Threading::own, 0, Retention::keep, 20},
    {"journaled_with_snapshots_and_removal", Durability::journaled, Threading::own, 96U << 10,
     Retention::remove, 30},
    {"synced", Durability::synced, Threading::own, 0, Retention::keep, 10},
    {"synced_with_snapshots_and_archive", Durability::synced, Threading::shared, 96U << 10,
     Retention::archive, 30},
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) {
    return out << setting.name;
}

EngineOptions options_of(const Setting& setting, const std::string& directory) {
    EngineOptions options = small(directory, 2);
    options.segment_bytes = 128U << 10;
    options.durability = setting.durability;
    options.threading = setting.threading;
    options.snapshot_every_bytes = setting.snapshot_every_bytes;
    options.retention = setting.retention;
    return options;
}

// What a child tells through the pipe: nothing of it is lost when the child dies.
struct Heard {
    std::uint64_t account = 0;
    std::uint64_t number = 0;  // acknowledged, and so is every smaller one
};

[[noreturn]] void die(const char* what, std::uint64_t account, std::uint64_t a, std::uint64_t b) {
    std::fprintf(stderr, "the child: %s: account %llu: %llu, %llu\n", what,
                 static_cast<unsigned long long>(account), static_cast<unsigned long long>(a),
                 static_cast<unsigned long long>(b));
    _exit(3);
}

// The highest number that was decided; every number up to it must have acted exactly once.
std::uint64_t decided(Bank& bank, Id id) {
    const auto highest = bank.highest_numbers(session_id("desk" + std::to_string(id)));
    return *std::max_element(highest.begin(), highest.end());
}
std::int64_t sum_up_to(std::uint64_t number) {
    return static_cast<std::int64_t>(number * (number + 1) / 2);
}

// One client: command n of an account's session deposits n. The last hundred are sent again.
void serve(Bank& bank, Id first, Numbers next, std::uint64_t commands, int out) {
    auto desk = bank.producer();
    Numbers heard{};
    Numbers told{};
    for (std::uint64_t sent = 0; sent < commands; ++sent) {
        const Id id = first + sent % accounts_per_producer;
        const std::uint64_t number = next[id]++;
        const auto answer = [&heard, id, number](const Reply& reply) {
            if (!reply.accepted()) die("refused", id, number, reply.reason_number());
            heard[id] = std::max(heard[id], number);
        };
        const auto amount = static_cast<std::int64_t>(number);
        if (desk.submit(id, Account::Deposit{amount}, as("desk" + std::to_string(id), number),
                        answer) != Offer::accepted)
            die("not accepted", id, number, 0);
        // Fewer in flight than the window remembers: a retry is always recognised.
        do desk.poll_replies(64);
        while (desk.waiting() > 500);
        if (sent % 16 != 0) continue;
        for (Id each = first; each < first + accounts_per_producer; ++each) {
            if (heard[each] == told[each]) continue;
            const Heard line{each, told[each] = heard[each]};
            if (::write(out, &line, sizeof line) != sizeof line) _exit(4);
        }
    }
}

// Checks what it finds against what was acknowledged, then works until it is killed, or ends in
// order after `commands`.
[[noreturn]] void live(const EngineOptions& options, const Numbers& acknowledged,
                       std::uint64_t commands, int out) {
    auto opened = Bank::open(options);
    if (!opened.ok()) {
        std::fprintf(stderr, "the child cannot open: %s\n", opened.error().sentence.c_str());
        _exit(5);
    }
    Bank bank = std::move(opened).value();
    Numbers next{};
    for (Id id = 0; id < accounts; ++id) {
        const std::uint64_t there = decided(bank, id);
        if (there < acknowledged[id] && options.durability != Durability::decided)
            die("acknowledged, but gone", id, acknowledged[id], there);
        if (balance(bank, id) != sum_up_to(there))
            die("acted twice or not at all", id, there,
                static_cast<std::uint64_t>(balance(bank, id)));
        next[id] = there > 100 ? there - 100 : 1;
    }
    {
        std::thread other([&] { serve(bank, accounts_per_producer, next, commands, out); });
        serve(bank, 0, next, commands, out);
        other.join();
    }
    _exit(bank.close().ok() ? 0 : 6);
}

class Killer {
public:
    explicit Killer(const Setting& setting)
        : setting_(setting),
          options_(options_of(setting, directory_.path())),
          chance_(seed * 1000 + setting.share + static_cast<std::uint64_t>(setting.durability)) {}

    void run(std::uint64_t kills) {
        while (killed_ < kills) {
            one_life();
            if (::testing::Test::HasFatalFailure()) return;
            if (lives_ % 20 == 0) look_inside();
            if (::testing::Test::HasFailure()) return;
        }
        look_inside();
        if (setting_.snapshot_every_bytes != 0) work_until_the_first_segment_is_gone();
        std::printf(
            "%s: %llu kills, %llu orderly ends, %llu acknowledged commands, %llu events "
            "seen, %llu snapshots kept\n",
            setting_.name, static_cast<unsigned long long>(killed_),
            static_cast<unsigned long long>(lives_ - killed_),
            static_cast<unsigned long long>(total(acknowledged_)),
            static_cast<unsigned long long>(total(seen_)),
            static_cast<unsigned long long>(snapshots()));
        EXPECT_GT(total(acknowledged_), 0U);
        if (setting_.snapshot_every_bytes != 0) {
            EXPECT_GT(snapshots(), 0U);
            EXPECT_FALSE(first_is_there()) << "retention did nothing";
        }
    }

private:
    static std::uint64_t total(const Numbers& numbers) {
        std::uint64_t sum = 0;
        for (const auto number : numbers) sum += number;
        return sum;
    }

    std::uint64_t snapshots() const {
        std::uint64_t count = 0;
        for (const char* shard : {"s0", "s1"})
            for (const auto& entry : std::filesystem::directory_iterator(directory_.file(shard)))
                count += entry.path().extension() == ".snap" ? 1U : 0U;
        return count;
    }

    void one_life() {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        // Most lives are killed at work, after some acknowledgements; some while they open, and
        // some while they close.
        const std::uint64_t commands = chance_() % 6 == 0 ? chance_() % 2000 : 1U << 30;
        const bool at_work = chance_() % 4 != 0;
        const std::uint64_t goal = at_work ? 1 + chance_() % 4000 : ~std::uint64_t{0};
        const auto patience = std::chrono::microseconds(at_work ? 5'000'000 : chance_() % 40'000);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) live(options_, acknowledged_, commands, ends[1]);
        ::close(ends[1]);
        const std::uint64_t before = total(acknowledged_);
        const auto latest = std::chrono::steady_clock::now() + patience;
        while (total(acknowledged_) - before < goal && std::chrono::steady_clock::now() < latest) {
            pollfd one{ends[0], POLLIN, 0};
            if (::poll(&one, 1, 1) > 0 && !listen(ends[0])) break;
        }
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        while (listen(ends[0])) continue;  // what it said before it died
        ::close(ends[0]);
        ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0)
            << "life " << lives_ << ": the child ended by itself with " << WEXITSTATUS(status);
        ++lives_;
        if (WIFSIGNALED(status)) ++killed_;
    }

    bool first_is_there() const {
        return std::filesystem::exists(directory_.file("s0/00000001.seg"));
    }

    // Lives can be too short for the snapshots that let a segment go; one that is left alone is
    // not, after so many kills as well as before. Changes balances: the last that is done.
    void work_until_the_first_segment_is_gone() {
        auto opened = Bank::open(options_);
        ASSERT_TRUE(opened.ok()) << opened.error().sentence;
        Bank bank = std::move(opened).value();
        auto desk = bank.producer();
        for (int round = 0; round < 10 && first_is_there(); ++round) {
            for (std::uint64_t i = 0; i < 4000; ++i)
                ASSERT_EQ(desk.submit(i % accounts, Account::Deposit{1}), Offer::accepted);
            ASSERT_TRUE(bank.snapshot().ok());
            const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(1);
            while (first_is_there() && std::chrono::steady_clock::now() < latest)
                std::this_thread::yield();
        }
        ASSERT_TRUE(bank.close().ok());
    }

    // False: the child is gone and has said everything.
    bool listen(int from) {
        Heard lines[64];
        const auto got = ::read(from, lines, sizeof lines);
        if (got <= 0) return false;
        for (std::size_t i = 0; i < static_cast<std::size_t>(got) / sizeof(Heard); ++i)
            acknowledged_[lines[i].account] =
                std::max(acknowledged_[lines[i].account], lines[i].number);
        return true;
    }

    void look_inside() {
        auto opened = Bank::open(options_);
        ASSERT_TRUE(opened.ok()) << opened.error().sentence;
        Bank bank = std::move(opened).value();
        for (Id id = 0; id < accounts; ++id) {
            const std::uint64_t there = decided(bank, id);
            if (setting_.durability == Durability::decided)
                acknowledged_[id] = std::min(acknowledged_[id], there);
            ASSERT_GE(there, acknowledged_[id]) << "life " << lives_ << ", account " << id;
            ASSERT_EQ(balance(bank, id), sum_up_to(there)) << "life " << lives_;
        }
        if (setting_.retention != Retention::remove) follow(bank);
        if (chance_() % 2 == 0) {
            ASSERT_TRUE(bank.close().ok());
        }
    }

    // A subscriber that was away meanwhile: every event once.
    void follow(Bank& bank) {
        auto events = bank.subscribe({.from = cursor_});
        for (;;) {
            auto polled = events.poll(
                [&](const auto& event) {
                    EXPECT_EQ(event.number().value, seen_[event.id()] + 1) << "a gap or a repeat";
                    seen_[event.id()] = event.number().value;
                },
                1000);
            ASSERT_TRUE(polled.ok()) << polled.error().sentence;
            if (polled.value() == 0) break;
        }
        cursor_ = events.cursor();
        for (Id id = 0; id < accounts; ++id) EXPECT_EQ(seen_[id], decided(bank, id));
    }

    const Setting& setting_;
    TempDirectory directory_;
    EngineOptions options_;
    std::mt19937_64 chance_;
    Numbers acknowledged_{};
    Numbers seen_{};
    Cursor cursor_;
    std::uint64_t lives_ = 0;
    std::uint64_t killed_ = 0;
};

class EngineKill : public ::testing::TestWithParam<Setting> {};

TEST_P(EngineKill, what_was_acknowledged_is_there_and_acted_once) {
    Killer(GetParam()).run(std::max<std::uint64_t>(1, kills_in_all * GetParam().share / 100));
}

INSTANTIATE_TEST_SUITE_P(With, EngineKill, ::testing::ValuesIn(settings),
                         [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace pawl::testing

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with("--kills="))
            pawl::testing::kills_in_all = std::strtoull(argv[i] + 8, nullptr, 10);
        if (word.starts_with("--seed="))
            pawl::testing::seed = std::strtoull(argv[i] + 7, nullptr, 10);
    }
    const auto begin = std::chrono::steady_clock::now();
    const int result = RUN_ALL_TESTS();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("seed %llu: %llu kills in %.1f s\n",
                static_cast<unsigned long long>(pawl::testing::seed),
                static_cast<unsigned long long>(pawl::testing::kills_in_all), seconds.count());
    return result;
}
