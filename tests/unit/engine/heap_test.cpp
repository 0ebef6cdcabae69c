// Counts what the shard's thread asks of the heap while it decides: nothing in steady state. Stands
// in front of malloc for its program and of the shard heap's own allocator.
#include <gtest/gtest.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/order_book_stream.hpp"
#include "pawl/matching/book.hpp"
#include "perf/bank.hpp"
#include "perf/market_steps.hpp"
#include "tests/unit/engine/kit.hpp"

namespace {
// Of this thread, taken and given back.
thread_local std::uint64_t heap_calls = 0;
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* block);

void* malloc(std::size_t bytes) noexcept {
    ++heap_calls;
    return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
    ++heap_calls;
    return __libc_calloc(count, bytes);
}
void* realloc(void* block, std::size_t bytes) noexcept {
    ++heap_calls;
    return __libc_realloc(block, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    ++heap_calls;
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) noexcept {
    ++heap_calls;
    *block = __libc_memalign(alignment, bytes);
    return *block != nullptr ? 0 : ENOMEM;
}
void free(void* block) noexcept {
    if (block != nullptr) ++heap_calls;
    __libc_free(block);
}

#if defined(PAWL_WRAPS_SHARD_HEAP)
void* __real_mi_heap_malloc_aligned(void* heap, std::size_t bytes, std::size_t alignment);
void __real_mi_free(void* block);
void* __wrap_mi_heap_malloc_aligned(void* heap, std::size_t bytes, std::size_t alignment);
void __wrap_mi_free(void* block);
void* __wrap_mi_heap_malloc_aligned(void* heap, std::size_t bytes, std::size_t alignment) {
    ++heap_calls;
    return __real_mi_heap_malloc_aligned(heap, bytes, alignment);
}
void* __real_mi_heap_malloc(void* heap, std::size_t bytes);
void* __wrap_mi_heap_malloc(void* heap, std::size_t bytes);
void* __wrap_mi_heap_malloc(void* heap, std::size_t bytes) {
    ++heap_calls;
    return __real_mi_heap_malloc(heap, bytes);
}
void __wrap_mi_free(void* block) {
    ++heap_calls;
    __real_mi_free(block);
}
// Its large blocks.
void* __real_mmap(void* at, std::size_t bytes, int access, int flags, int file, off_t offset);
int __real_munmap(void* at, std::size_t bytes);
void* __wrap_mmap(void* at, std::size_t bytes, int access, int flags, int file, off_t offset) {
    ++heap_calls;
    return __real_mmap(at, bytes, access, flags, file, offset);
}
int __wrap_munmap(void* at, std::size_t bytes) {
    ++heap_calls;
    return __real_munmap(at, bytes);
}
#endif
}

namespace pawl::testing {
namespace {

// Notes how often its shard's thread has called the heap so far; wastes some calls when asked to.
struct Gauge {
    struct Look {};
    struct Waste {
        std::uint64_t times;
    };
    struct Looked {
        std::uint64_t calls;
    };
    using Commands = pawl::Commands<Look, Waste>;
    using Events = pawl::Events<Looked>;

    std::uint64_t calls = 0;

    Verdict decide(const Look&, Context<Gauge>& ctx) const {
        ctx.emit(Looked{heap_calls});
        return accept;
    }
    Verdict decide(const Waste& ask, Context<Gauge>& ctx) const {
        for (std::uint64_t i = 0; i < ask.times; ++i) {
            void* volatile block = std::malloc(8);  // volatile: it must happen
            std::free(block);
        }
        ctx.emit(Looked{heap_calls});
        return accept;
    }
    void apply(const Looked& event) noexcept { calls = event.calls; }
};

constexpr Id before = 1;
constexpr Id after = 2;

template <class Domain>
class Desk {
public:
    explicit Desk(const std::string& directory)
        : engine_(Engine<Domain, Gauge>::open(options_of(directory)).value()),
          producer_(engine_.producer({.session = "desk"})) {
        look(before);  // the gauges are there
        look(after);
    }

    template <class Command>
    void send(Id id, const Command& command) {
        until([&] {
            if (sent_ - answered_ == on_their_way_max) hear();
            return sent_ - answered_ < on_their_way_max &&
                   producer_.try_submit(id, command, SubmitOptions{}, want_reply) ==
                       Offer::accepted;
        });
        ++sent_;
    }
    void hear_all() {
        until([&] {
            hear();
            return answered_ == sent_;
        });
    }
    void look(Id gauge) {
        hear_all();
        send(gauge, Gauge::Look{});
        hear_all();
    }
    // Calls of the shard's thread between the two last looks.
    std::uint64_t calls() { return count(after) - count(before); }

private:
    static constexpr std::uint64_t on_their_way_max = 512;

    // Small enough that the head wraps; segments are other threads' work.
    static EngineOptions options_of(const std::string& directory) {
        EngineOptions options;
        options.directory = directory;
        options.head_bytes = 1U << 20;
        options.segment_bytes = 4U << 20;
        return options;
    }
    void hear() {
        answered_ += producer_.poll_replies(64, [](const Reply&) {});
    }
    std::uint64_t count(Id id) {
        return engine_.query(id, [](const Gauge& gauge) { return gauge.calls; }, use_future).get();
    }

    Engine<Domain, Gauge> engine_;
    Producer<Domain, Gauge> producer_;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
};

TEST(Heap, is_not_called_by_a_shard_that_has_seen_its_accounts) {
    TempDirectory directory;
    Desk<perf::Account> desk(directory.path());
    constexpr Id accounts = 1'000;
    const auto play = [&desk](int commands) {
        for (int i = 0; i < commands; ++i) {
            const Id id = static_cast<Id>(i) % accounts;
            if (i % 3 == 2)
                desk.send(id, perf::Account::Withdraw{i % 2 == 0 ? 1 : 1'000'000});  // or refused
            else
                desk.send(id, perf::Account::Deposit{1});
        }
    };
    play(5'000);
    desk.look(before);
    play(30'000);
    desk.look(after);
    EXPECT_EQ(desk.calls(), 0U);
}

TEST(Heap, is_not_called_by_a_shard_whose_books_are_filled) {
    TempDirectory directory;
    Desk<matching::Book> desk(directory.path());
    constexpr std::uint32_t books = 4;
    std::size_t ids = 0;
    const auto orders = bench::make_stream(books, 60'000, 200, ids);
    const perf::Market market = perf::mixed_market(orders, books);
    for (Id book = 0; book < books; ++book) desk.send(book, perf::terms_of(market));
    const auto play = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i)
            perf::with_command(market.steps[i],
                               [&desk](Id book, const auto& command) { desk.send(book, command); });
    };
    play(0, 30'000);
    desk.look(before);
    play(30'000, market.steps.size());
    desk.look(after);
    EXPECT_EQ(desk.calls(), 0U);
}

TEST(Heap, is_seen_when_a_decision_calls_it_and_when_a_table_grows) {
    TempDirectory directory;
    Desk<perf::Account> desk(directory.path());
    for (int i = 0; i < 2'000; ++i) desk.send(1, perf::Account::Deposit{1});
    desk.look(before);
    desk.send(after, Gauge::Waste{7});
    desk.hear_all();
    EXPECT_EQ(desk.calls(), 14U);
#if defined(PAWL_WRAPS_SHARD_HEAP)
    desk.look(before);
    for (Id id = 0; id < 10'000; ++id) desk.send(id, perf::Account::Deposit{1});
    desk.look(after);
    EXPECT_GT(desk.calls(), 10U);
#endif
}

}  // namespace
}  // namespace pawl::testing
