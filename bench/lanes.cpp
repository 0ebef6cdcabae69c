// What one message costs in a lane and in the shared queue, written and read by one thread. Not
// included: the way between two cores, which perf/ measures.
#include <benchmark/benchmark.h>

#include <array>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>

#include "engine/ring/lane.hpp"
#include "engine/ring/shared_queue.hpp"
#include "pawl/detail/message.hpp"

namespace {

using pawl::detail::Line;
using pawl::detail::MessageBuffer;
using pawl::detail::MessageParts;
using pawl::detail::SharedQueue;
using pawl::detail::SingleRing;

MessageBuffer small_message() {
    static const std::array<std::byte, 16> payload{};
    MessageParts parts;
    parts.header.payload_bytes = payload.size();
    parts.payload = payload.data();
    return MessageBuffer(parts);
}

// `range(0)` messages are written, then read where they stand: a batch as the shard takes it.
void lane(benchmark::State& state) {
    const auto batch = static_cast<std::size_t>(state.range(0));
    SingleRing<Line> ring(1024);
    const MessageBuffer message = small_message();
    for (auto _ : state) {
        for (std::size_t i = 0; i < batch; ++i) ring.try_push(message.lines(), 1);
        for (std::size_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(ring.peek(i));
        ring.consume(batch);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(lane)->Arg(1)->Arg(8)->Arg(64);

// The same with Boost's ring, which hands out copies.
void boost_lane(benchmark::State& state) {
    const auto batch = static_cast<std::size_t>(state.range(0));
    boost::lockfree::spsc_queue<Line> ring(1024);
    const MessageBuffer message = small_message();
    std::array<Line, 64> out;
    for (auto _ : state) {
        for (std::size_t i = 0; i < batch; ++i) ring.push(message.lines(), 1);
        benchmark::DoNotOptimize(ring.pop(out.data(), batch));
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(boost_lane)->Arg(1)->Arg(8)->Arg(64);

void shared_queue(benchmark::State& state) {
    const auto batch = static_cast<std::size_t>(state.range(0));
    SharedQueue queue(1024);
    const MessageBuffer message = small_message();
    std::array<Line, pawl::detail::message_lines_max> out;
    for (auto _ : state) {
        for (std::size_t i = 0; i < batch; ++i) queue.try_push(message.lines(), 1);
        for (std::size_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(queue.pop(out.data()));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(shared_queue)->Arg(1)->Arg(64);

// Putting the command's bytes behind a header, on the sender's stack.
void build_message(benchmark::State& state) {
    for (auto _ : state) {
        const MessageBuffer message = small_message();
        benchmark::DoNotOptimize(message.lines());
    }
}
BENCHMARK(build_message);

}  // namespace
