// A loop, and nothing in it that could be left out.
#include "perf/bare_loop.hpp"

#include <array>
#include <cstring>
#include <vector>

#include "journal/crc32c.hpp"
#include "perf/bank.hpp"
#include "perf/cpu_time.hpp"

namespace pawl::perf {
namespace {

constexpr std::size_t header_bytes = 64;
constexpr std::size_t checksum_offset = 4;
constexpr std::size_t batch = 64;

struct State {
    std::int64_t balance = opening_cents;
    std::uint64_t version = 0;
};

}  // namespace

double bare_loop_ns(const BareLoop& loop, double seconds) {
    const std::size_t record_bytes = header_bytes + loop.payload_bytes;
    std::vector<State> states(loop.accounts);
    std::vector<std::byte> ring(loop.ring_bytes + record_bytes, std::byte{1});
    Asks asks(1, loop.accounts);
    std::array<Ask, batch> asked{};
    std::size_t position = 0;
    std::uint32_t checksum = 0;
    std::uint64_t done = 0;
    const double begin = thread_cpu_ns();
    double took = 0;
    do {
        for (int i = 0; i < 64; ++i) {
            for (Ask& ask : asked) {
                ask = asks.next();
                __builtin_prefetch(&states[ask.account], 1);
            }
            for (const Ask& ask : asked) {
                State& state = states[ask.account];
                state.balance += ask.cents;
                ++state.version;
                std::byte* const at = ring.data() + position;
                const std::uint64_t words[] = {record_bytes, ask.account, state.version,
                                               static_cast<std::uint64_t>(ask.cents)};
                std::memset(at, 0, record_bytes);
                std::memcpy(at, words, sizeof words);
                checksum = journal::crc32c_record(checksum, at, record_bytes);
                std::memcpy(at + checksum_offset, &checksum, sizeof checksum);
                position += record_bytes;
                if (position >= loop.ring_bytes) position = 0;
            }
            done += batch;
        }
        took = thread_cpu_ns() - begin;
    } while (took < seconds * 1e9);
    asm volatile("" : : "r"(ring.data()), "r"(checksum) : "memory");  // the records must be written
    return took / static_cast<double>(done);
}

}  // namespace pawl::perf
