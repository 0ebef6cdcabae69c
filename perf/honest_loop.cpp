// The deciding side of the smallest honest loop.
#include "perf/honest_loop.hpp"

#include <sys/mman.h>
#include <time.h>

#include <cstring>

#include "engine/platform/thread.hpp"
#include "engine/ring/idle.hpp"
#include "journal/crc32c.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::perf {
namespace {

constexpr std::size_t head_bytes = std::size_t{64} << 20;

struct Record {
    std::uint32_t length;
    std::uint32_t checksum;
    std::uint64_t sequence;
    std::uint64_t account;
    std::uint64_t version;
    std::uint64_t number;
    std::int64_t decided_ns;
    std::int64_t cents;
    std::uint64_t spare;
};
static_assert(sizeof(Record) == 64);

std::int64_t wall_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

HonestLoop::HonestLoop(int core) {
    void* memory = ::mmap(nullptr, head_bytes, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    PAWL_ASSERT(memory != MAP_FAILED && "64 MiB of memory are needed: free some");
    head_ = static_cast<std::byte*>(memory);
    thread_ = std::thread([this, core] {
        if (core >= 0) detail::pin_to_core(core);
        run();
    });
}

void HonestLoop::stop() {
    stopping_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
}

HonestLoop::~HonestLoop() {
    stop();
    ::munmap(head_, head_bytes);
}

void HonestLoop::run() {
    constexpr std::size_t batch_max = 64;
    std::uint64_t position = 0;
    std::uint64_t sequence = 0;
    std::uint32_t checksum = 0;
    std::atomic<std::uint64_t> committed{0};
    detail::IdleStrategy idle(Idle::yield);
    while (!stopping_.load(std::memory_order_relaxed)) {
        const std::size_t count = rings_->commands.available(batch_max);
        idle.idle(count);
        if (count == 0) continue;
        for (std::size_t i = 0; i < count; ++i)
            __builtin_prefetch(&accounts_[rings_->commands.slot(i).account]);
        const std::int64_t now = wall_ns();
        for (std::size_t i = 0; i < count; ++i) {
            const Command& command = rings_->commands.slot(i);
            State& state = accounts_[command.account];
            Answer* answer = rings_->answers.claim();
            PAWL_ASSERT(answer != nullptr && "what is on its way fits the ring");
            const bool accepted = state.balance + command.cents >= 0;
            *answer = {command.number, state.version + 1, position, accepted ? 1U : 0U};
            if (!accepted) continue;
            state.balance += command.cents;
            ++state.version;
            auto& record = *reinterpret_cast<Record*>(head_ + position % head_bytes);
            record = {
                sizeof(Record), 0, ++sequence, command.account, state.version, command.number, now,
                command.cents,  0};
            checksum = journal::crc32c_record(checksum, &record, sizeof record);
            record.checksum = checksum;
            position += sizeof(Record);
        }
        committed.store(position, std::memory_order_release);  // as a head would say it
        rings_->commands.done(count);
        rings_->answers.publish();
    }
}

}  // namespace pawl::perf
