// Lets every allocation of a whole life fail, one life each: the process may refuse or die, but
// what was acknowledged is there afterwards, once. Replaces malloc's operators for its program and
// wraps the shard heap's own.
//
// --every=N: each N-th allocation only (default 13; 1: all of them); --seed=S: which of them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "tests/unit/engine/kit.hpp"

namespace {
// Single-threaded children only.
std::uint64_t fail_in = 0;  // 0: none; 1: the next one
std::uint64_t counted = 0;

bool fails() noexcept {
    ++counted;
    return fail_in != 0 && --fail_in == 0;
}
void* allocate(std::size_t bytes, std::size_t alignment) {
    void* block = nullptr;
    if (!fails())
        block =
            alignment <= alignof(std::max_align_t)
                ? std::malloc(bytes)
                : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}
// Not inlined: g++ would see malloc's free() meet its own new.
[[gnu::noinline]] void release(void* block) noexcept {
    std::free(block);
}
}  // namespace

void* operator new(std::size_t bytes) {
    return allocate(bytes, 1);
}
void* operator new[](std::size_t bytes) {
    return allocate(bytes, 1);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept {
    release(block);
}
void operator delete[](void* block) noexcept {
    release(block);
}
void operator delete(void* block, std::size_t) noexcept {
    release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    release(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    release(block);
}

#if defined(PAWL_WRAPS_SHARD_HEAP)
extern "C" {
void* __real_mi_heap_malloc_aligned(void* heap, std::size_t bytes, std::size_t alignment);
void* __wrap_mi_heap_malloc_aligned(void* heap, std::size_t bytes, std::size_t alignment);
void* __wrap_mi_heap_malloc_aligned(void* heap, std::size_t bytes, std::size_t alignment) {
    if (fails()) return nullptr;
    return __real_mi_heap_malloc_aligned(heap, bytes, alignment);
}
void* __real_mi_heap_malloc(void* heap, std::size_t bytes);
void* __wrap_mi_heap_malloc(void* heap, std::size_t bytes);
void* __wrap_mi_heap_malloc(void* heap, std::size_t bytes) {
    return fails() ? nullptr : __real_mi_heap_malloc(heap, bytes);
}
}
#endif

namespace pawl::testing {
namespace {

std::uint64_t every = 13;
std::uint64_t seed = 1;

constexpr Id accounts = 40;
constexpr std::uint64_t rounds = 30;
using Numbers = std::array<std::uint64_t, accounts>;

EngineOptions options_of(const std::string& directory) {
    EngineOptions options = small(directory);
    options.segment_bytes = 128U << 10;
    options.threading = Threading::none;
    options.snapshot_every_bytes = 32U << 10;
    options.retention = Retention::remove;
    return options;
}

std::string desk_of(Id id) {
    return "desk" + std::to_string(id);
}

enum Ending : int { whole = 0, refused, thrown, wrong, untouched };

// Number n of an account's session deposits n; what is answered goes into the pipe at once.
int live(const EngineOptions& options, int out) {
    auto opened = Bank::open(options);
    if (!opened.ok()) return refused;
    Bank bank = std::move(opened).value();
    auto desk = bank.producer();
    int ending = whole;
    for (std::uint64_t number = 1; number <= rounds; ++number) {
        for (Id id = 0; id < accounts; ++id) {
            if (desk.try_submit(id, Account::Deposit{static_cast<std::int64_t>(number)},
                                as(desk_of(id), number), want_reply) != Offer::accepted)
                return refused;
            const auto hear = [out, id, number, &ending](const Reply& reply) {
                const std::uint64_t line[2] = {id, number};
                if (reply.refused())
                    ending = refused;
                else if (!reply.accepted() || ::write(out, line, sizeof line) != sizeof line)
                    ending = wrong;
            };
            while (desk.waiting() > 0) {
                bank.poll();
                desk.poll_replies(64, hear);
            }
            if (ending != whole) return ending;
        }
    }
    for (int i = 0; i < 1'000 && bank.poll() != 0;) ++i;
    return bank.close().ok() ? whole : refused;
}

class EveryAllocation : public ::testing::Test {
protected:
    // One life in a process of its own, whose `failing`th allocation fails. False: it had fewer.
    bool one_life(std::uint64_t failing, bool second) {
        TempDirectory directory;
        const EngineOptions options = options_of(directory.path());
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        if (second) {  // a life over what another one left behind
            EXPECT_EQ(live(options, ends[1]), whole);
            drain(ends);
            ::close(ends[1]);
            EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        }
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(30);
            const int null = ::open("/dev/null", O_WRONLY);
            ::dup2(null, STDERR_FILENO);
            fail_in = failing;
            int ending = thrown;
            try {
                ending = live(options, ends[1]);
            } catch (const std::bad_alloc&) {  // the host's own thread may hear it
            }
            ::_exit(fail_in != 0 ? untouched : ending);
        }
        ::close(ends[1]);
        Numbers acknowledged{};
        std::uint64_t line[2];
        while (::read(ends[0], line, sizeof line) == sizeof line)
            acknowledged[line[0]] = std::max(acknowledged[line[0]], line[1]);
        ::close(ends[0]);
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        const bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
        EXPECT_TRUE(aborted || (WIFEXITED(status) && WEXITSTATUS(status) != wrong))
            << "allocation " << failing << ": status " << status;
        look_at(options, acknowledged, failing);
        if (aborted)
            ++died_;
        else if (WEXITSTATUS(status) == untouched)
            return false;
        else
            ++endings_[static_cast<std::size_t>(WEXITSTATUS(status)) % endings_.size()];
        return true;
    }

    static void drain(int (&ends)[2]) {
        std::uint64_t line[2];
        const int flags = ::fcntl(ends[0], F_GETFL);
        ::fcntl(ends[0], F_SETFL, flags | O_NONBLOCK);
        while (::read(ends[0], line, sizeof line) > 0) continue;
        ::close(ends[0]);
    }

    static void look_at(const EngineOptions& options, const Numbers& acknowledged,
                        std::uint64_t failing) {
        EngineOptions mine = options;
        mine.threading = Threading::shared;
        auto opened = Bank::open(mine);
        ASSERT_TRUE(opened.ok()) << "allocation " << failing << ": " << opened.error().sentence;
        Bank bank = std::move(opened).value();
        for (Id id = 0; id < accounts; ++id) {
            const auto numbers = bank.highest_numbers(session_id(desk_of(id)));
            const std::uint64_t there = *std::max_element(numbers.begin(), numbers.end());
            ASSERT_GE(there, acknowledged[id]) << "allocation " << failing << ", account " << id;
            ASSERT_EQ(balance(bank, id), static_cast<std::int64_t>(there * (there + 1) / 2))
                << "allocation " << failing << ", account " << id;
        }
        ASSERT_TRUE(bank.close().ok());
    }

    void run(bool second) {
        std::uint64_t lives = 0;
        std::uint64_t failing = 1 + seed % every;
        for (; one_life(failing, second); failing += every) {
            ++lives;
            if (HasFailure()) return;
        }
        std::printf(
            "%llu lives, each with one of %llu allocations failing: %llu ended whole, %llu "
            "refused, %llu threw, %llu died\n",
            static_cast<unsigned long long>(lives), static_cast<unsigned long long>(failing),
            static_cast<unsigned long long>(endings_[whole]),
            static_cast<unsigned long long>(endings_[refused]),
            static_cast<unsigned long long>(endings_[thrown]),
            static_cast<unsigned long long>(died_));
        EXPECT_GT(lives * every, 100U);
    }

    std::array<std::uint64_t, untouched> endings_{};
    std::uint64_t died_ = 0;
};

TEST_F(EveryAllocation, may_fail_and_nothing_acknowledged_is_lost) {
    run(false);
}
TEST_F(EveryAllocation, of_a_life_over_an_earlier_one_may_fail_too) {
    run(true);
}

}  // namespace
}  // namespace pawl::testing

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with("--every="))
            pawl::testing::every = std::max(1ULL, std::strtoull(argv[i] + 8, nullptr, 10));
        if (word.starts_with("--seed="))
            pawl::testing::seed = std::strtoull(argv[i] + 7, nullptr, 10);
    }
    return RUN_ALL_TESTS();
}
