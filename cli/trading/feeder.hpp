// Sends an input's commands to an engine and listens to what becomes of them. Knows numbers, pace
// and latency; not what a trade is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/input/instruction.hpp"
#include "cli/report/histogram.hpp"
#include "cli/trading/earlier_orders.hpp"
#include "cli/trading/translate.hpp"
#include "pawl/engine.hpp"
#include "pawl/matching/book.hpp"

namespace pawl::cli {

using TradingEngine = Engine<matching::Book>;

// Aggregates are numbered from 1.
constexpr Id book_id(std::uint32_t instrument) noexcept {
    return instrument + Id{1};
}

struct FeederOptions {
    std::string session;    // names the input: a second run goes on where the first ended
    std::string directory;  // of the journal, for sentences
    std::vector<std::string> input_names;  // of the files, for sentences
    Format format = Format::csv;
    std::uint64_t commands_per_second = 0;  // 0: as fast as they are answered
    std::uint32_t in_flight_max = 256;
    Durability durability = Durability::journaled;
    std::function<void(const Progress&)> on_progress;  // often; empty: nobody
    std::function<void(std::uint64_t line, std::uint32_t instrument, const Reply&)> on_rejected;
};

struct FeederResult {
    std::uint64_t instructions = 0;  // of the input, this run's and earlier runs'
    std::uint64_t sent = 0;          // by this run
    std::uint64_t rejected = 0;      // of them
    std::uint64_t last_number =
        0;  // the highest number of a line that the input has: see Instruction::number
    std::vector<std::uint32_t> instruments;  // in the order of their first command
    double seconds = 0;
    Histogram latency;  // from the moment a command was (to be) sent to its reply
};

class Feeder {
public:
    Feeder(TradingEngine& engine, FeederOptions options);

    // Reads the source to its end. An error of the source or the engine ends it; everything sent
    // before has been answered then, and result() holds up to there.
    Status run(InstructionSource& source);
    const FeederResult& result() const noexcept { return result_; }

private:
    struct Sent {
        std::int64_t due_ns = 0;
        std::uint64_t line = 0;
        std::uint32_t instrument = 0;
        bool pending = false;
    };

    Status begin_with_room();
    Status feed(InstructionSource& source);
    Status feed_one(const Instruction& instruction);
    Status add_instrument(std::uint32_t instrument);
    Status uncross(const Instruction& instruction);
    bool crossed(std::uint32_t instrument);
    template <class Command>
    Status send(const Instruction& instruction, const Command& command, SubmitOptions submit);
    template <class Command>
    Status send_step(const Instruction& instruction, const Command& command, std::uint64_t k);
    std::int64_t wait_for_turn();
    void take_replies();
    std::string stopped_at(const Instruction& instruction) const;
    // Waits until no more than so many are in flight; `next`: what is to be sent then.
    Status drain(std::uint32_t in_flight, const Instruction* next = nullptr);
    Error no_room(const Instruction* next) const;
    Status check_earlier(const Instruction& instruction) const;
    std::uint32_t shard_of(std::uint32_t instrument) const;

    TradingEngine& engine_;
    const FeederOptions options_;
    Producer<matching::Book> producer_;
    const SessionId step_session_;
    std::vector<std::uint64_t> highest_;       // per shard, of earlier runs
    std::vector<std::uint64_t> highest_step_;  // the same for the session of the steps
    std::uint64_t number_ = 0;                 // of the last order command
    std::uint64_t step_ = 0;                   // the last step
    EarlierOrders earlier_;
    std::vector<bool> known_;  // instruments added
    std::vector<Sent> sent_;   // by number, a ring
    Sent sent_step_;
    bool in_step_ = false;  // the only command in flight is a step's
    std::uint64_t in_flight_ = 0;
    std::int64_t started_ns_ = 0;
    FeederResult result_;
};

std::int64_t steady_ns() noexcept;

// "day.csv:17", "message 17" of an itch file too; "line 17" when the input has no files.
std::string place_of(const std::vector<std::string>& input_names, std::uint32_t instrument,
                     std::uint64_t line);

}  // namespace pawl::cli
