// Deciding a batch (state found, events staged, applied, record written), and applying the same
// records again as replay does. Not included: rings, sessions, checksums, replies, the disk.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/detail/typed_machine.hpp"
#include "perf/bank.hpp"

namespace {

using namespace pawl::detail;
using pawl::perf::Account;

constexpr std::size_t batch = 64;
constexpr std::uint64_t accounts = 100'000;

class Batch {
public:
    Batch()
        : machine_(0, 1, std::pmr::new_delete_resource()),
          follower_(0, 1, std::pmr::new_delete_resource()),
          bytes_(1U << 20) {
        for (std::uint64_t id = 0; id < accounts; ++id) {
            write(0, id);
            Stage stage = a_stage();
            machine_.decide(work_.data(), 1, stage);
            static_cast<void>(follower_.apply_one(RecordView(work_.front().record)));
        }
    }
    // Another account for each command.
    void next() {
        for (std::size_t i = 0; i < batch; ++i) {
            state_ ^= state_ << 13;
            state_ ^= state_ >> 7;
            state_ ^= state_ << 17;
            write(i, ((state_ >> 32) * accounts) >> 32);
        }
        stage_ = a_stage();
    }
    std::size_t decide() { return machine_.decide(work_.data(), batch, stage_); }
    // What was decided last, by a machine that follows.
    bool apply() {
        const std::byte* const records = work_.front().record;
        const auto bytes = static_cast<std::size_t>(stage_.cursor - records);
        return follower_.apply(records, bytes) == bytes;
    }

private:
    void write(std::size_t place, std::uint64_t id) {
        const Account::Deposit deposit{1};
        MessageParts parts;
        parts.header.aggregate = id;
        parts.header.number = 1;
        parts.header.payload_bytes = sizeof deposit;
        parts.payload = &deposit;
        write_message(lines_[place].bytes, parts);
        work_[place].begin(MessageView(lines_[place].bytes), pawl::Time{});
        work_[place].session_index = 1;
    }
    Stage a_stage() {
        Stage stage;
        stage.cursor = bytes_.data();
        stage.limit = bytes_.data() + bytes_.size();
        stage.record_bytes_max = 4096;
        return stage;
    }

    TypedMachine<Account> machine_;
    TypedMachine<Account> follower_;
    std::vector<std::byte> bytes_;
    std::array<Line, batch> lines_;
    std::array<Work, batch> work_;
    Stage stage_;
    std::uint64_t state_ = 0x9E3779B97F4A7C15U;
};

void decide(benchmark::State& state) {
    Batch commands;
    for (auto _ : state) {
        commands.next();
        if (commands.decide() != batch) state.SkipWithError("there was no room");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(decide);

void apply(benchmark::State& state) {
    Batch commands;
    for (auto _ : state) {
        state.PauseTiming();
        commands.next();
        commands.decide();
        state.ResumeTiming();
        if (!commands.apply()) state.SkipWithError("a record does not follow");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(apply);

}  // namespace
