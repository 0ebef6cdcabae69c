// Kills a child that runs an engine, again and again over one directory: every acknowledged command
// is there afterwards, retries act once, a subscriber that keeps its cursor sees every event once.
// Knows the façade.
//
// PAWL_KILLS=n in the environment: how often (default 20).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <random>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

constexpr Id accounts = 8;

// Shared with the child: what it was told.
struct Board {
    std::atomic<std::uint64_t>
        acknowledged[accounts];  // highest number whose reply arrived, per session
};

int kills() {
    const char* wish = std::getenv("PAWL_KILLS");
    return wish != nullptr ? std::atoi(wish) : 20;
}

// One session per account; command n deposits n. Each life sends the last hundred again.
[[noreturn]] void run(const EngineOptions& options, Board& board, Durability durability) {
    Bank bank = open(options);
    auto desk = bank.producer();
    std::uint64_t next[accounts];
    for (Id id = 0; id < accounts; ++id) {
        const std::uint64_t heard = board.acknowledged[id];
        next[id] = heard > 100 ? heard - 100 : 1;
    }
    for (;;)
        for (Id id = 0; id < accounts; ++id) {
            const std::uint64_t number = next[id]++;
            SubmitOptions submit = as("desk" + std::to_string(id), number);
            submit.durability = durability;
            const auto heard = [&board, id, number](const Reply& reply) {
                if (!reply.accepted()) _exit(3);
                if (board.acknowledged[id] < number) board.acknowledged[id] = number;
            };
            if (desk.submit(id, Account::Deposit{static_cast<std::int64_t>(number)}, submit,
                            heard) != Offer::accepted)
                _exit(4);
            // Fewer in flight than the window remembers: a retry is always recognised.
            do desk.poll_replies(64);
            while (desk.waiting() > 500);
        }
}

void kill_again_and_again(Durability durability) {
    TempDirectory directory;
    EngineOptions options = small(directory.path(), 2);
    options.segment_bytes = 1U << 20;
    options.head_bytes = 1U << 20;
    void* memory =
        mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto* board = new (memory) Board{};
    std::mt19937_64 chance(static_cast<std::uint64_t>(durability) + 1);
    Cursor cursor;
    std::vector<std::uint64_t> seen(accounts, 0);
    for (int round = 0; round < kills(); ++round) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) run(options, *board, durability);
        // A random moment of its life: counted in acknowledgements where it gets so far, else in
        // time.
        const std::uint64_t goal = board->acknowledged[0] + chance() % 3000;
        const auto latest =
            std::chrono::steady_clock::now() + std::chrono::milliseconds(chance() % 300);
        while (board->acknowledged[0] < goal && std::chrono::steady_clock::now() < latest)
            std::this_thread::yield();
        kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status))
            << "the child ended by itself with " << WEXITSTATUS(status);

        if (round % 3 == 2) continue;  // sometimes the next life comes without anybody looking
        Bank bank = open(options);
        for (Id id = 0; id < accounts; ++id) {
            const std::vector<std::uint64_t> highest =
                bank.highest_numbers(session_id("desk" + std::to_string(id)));
            const std::uint64_t decided = *std::max_element(highest.begin(), highest.end());
            ASSERT_GE(decided, board->acknowledged[id])
                << "round " << round << ": an acknowledged command is gone";
            // Every number up to the highest acted exactly once.
            ASSERT_EQ(balance(bank, id), static_cast<std::int64_t>(decided * (decided + 1) / 2))
                << "round " << round;
        }
        auto events = bank.subscribe({.from = cursor});
        for (;;) {
            const auto polled = events.poll(
                [&](const auto& event) {
                    EXPECT_EQ(event.number().value, seen[event.id()] + 1) << "a gap or a repeat";
                    seen[event.id()] = event.number().value;
                },
                1 + chance() % 50);
            ASSERT_TRUE(polled.ok()) << polled.error().sentence;
            if (*const_cast<Result<std::size_t>&>(polled) == 0) break;
        }
        cursor = events.cursor();
        if (chance() % 2 == 0) {
            ASSERT_TRUE(bank.close().ok());
        }
    }
    EXPECT_GT(board->acknowledged[0], 0U);
    munmap(memory, sizeof(Board));
}

TEST(EngineKill, every_acknowledged_command_is_there_and_acted_once) {
    kill_again_and_again(Durability::journaled);
}
TEST(EngineKill, so_it_is_for_commands_that_wait_for_the_disk) {
    kill_again_and_again(Durability::synced);
}

}  // namespace
}  // namespace pawl::testing
