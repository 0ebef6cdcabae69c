// The loop that a trading day goes through.
#include "cli/trading/feeder.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "cli/trading/numbering.hpp"

namespace pawl::cli {

std::int64_t steady_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

Feeder::Feeder(TradingEngine& engine, FeederOptions options)
    : engine_(engine),
      options_(std::move(options)),
      producer_(engine.producer({.session = options_.session})),
      highest_(engine.highest_numbers(session_id(options_.session))),
      sent_(std::size_t{4} * options_.in_flight_max) {}

std::string place_of(const std::vector<std::string>& input_names, std::uint32_t instrument,
                     std::uint64_t line) {
    if (input_names.empty()) return "line " + std::to_string(line);
    const std::size_t file = input_names.size() == 1 ? 0 : instrument;
    PAWL_ASSERT(file < input_names.size());
    return input_names[file] + ":" + std::to_string(line);
}

std::string Feeder::stopped_at(const Instruction& instruction) const {
    if (instruction.line == 0) return "";
    return ", before " + place_of(options_.input_names, instruction.instrument, instruction.line);
}

Status Feeder::run(InstructionSource& source) {
    started_ns_ = steady_ns();
    Status fed = feed(source);
    const Status drained = drain(0);
    result_.seconds = static_cast<double>(steady_ns() - started_ns_) / 1e9;
    return fed ? drained : fed;
}

Status Feeder::feed(InstructionSource& source) {
    Instruction instruction;
    for (std::uint64_t index = 1;; ++index) {
        Result<bool> read = source.next(instruction);
        if (!read) return read.error();
        if (!*read) return Done{};
        ++result_.instructions;
        result_.last_number = std::max(result_.last_number, instruction.number);
        if (index % 1024 == 0 && options_.on_progress) options_.on_progress(source.progress());
        if (Status fed = feed_one(instruction, index); !fed) return fed;
    }
}

Status Feeder::feed_one(const Instruction& instruction, std::uint64_t index) {
    const std::optional<OrderCommand> command = translate(instruction);
    if (!command) return Done{};
    if (instruction.instrument >= known_.size() || !known_[instruction.instrument])
        if (Status added = add_instrument(instruction.instrument, index); !added) return added;
    if (instruction.kind == Instruction::Kind::uncross) return uncross(instruction, index);
    const std::uint64_t number = number_of(index, 0);
    if (done_before(instruction.instrument, number)) return Done{};
    return std::visit([&](const auto& ask) { return send(instruction, ask, number); }, *command);
}

bool Feeder::done_before(std::uint32_t instrument, std::uint64_t number) const {
    return number <= highest_[engine_.shard_of<matching::Book>(book_id(instrument))];
}

Status Feeder::add_instrument(std::uint32_t instrument, std::uint64_t index) {
    if (known_.size() <= instrument) known_.resize(instrument + std::size_t{1});
    known_[instrument] = true;
    result_.instruments.push_back(instrument);
    const std::uint64_t number = number_of(index - 1, k_add_instrument);
    if (done_before(instrument, number)) return Done{};
    Instruction nobody_asked;
    nobody_asked.instrument = instrument;
    // Its number shares a slot with the instruction before, which must have been answered.
    if (Status drained = drain(0); !drained) return drained;
    const std::uint64_t rejected = result_.rejected;
    if (Status sent = send(nobody_asked, terms_for(options_.format), number); !sent) return sent;
    if (Status drained = drain(0); !drained) return drained;
    if (result_.rejected != rejected)
        return Error{ErrorCode::mismatch,
                     "the directory already has an instrument " + std::to_string(instrument + 1) +
                         " that came from another input: choose an empty directory, or name the "
                         "same input files as before"};
    return Done{};
}

// One command makes a bounded number of trades; a larger auction goes on until nothing crosses.
Status Feeder::uncross(const Instruction& instruction, std::uint64_t index) {
    const std::uint64_t highest =
        highest_[engine_.shard_of<matching::Book>(book_id(instruction.instrument))];
    if (instruction_of(highest) > index) return Done{};
    std::uint64_t k = 0;
    if (instruction_of(highest) == index)
        k = highest % numbers_per_instruction + 1;  // an earlier run ended inside
    for (;; ++k) {
        if (Status drained = drain(0); !drained) return drained;
        if (k != 0) {
            const bool crossed =
                engine_
                    .query(
                        book_id(instruction.instrument),
                        [](const matching::Book& book) { return book.crossed(); }, use_future)
                    .get();
            if (!crossed) return Done{};
        }
        if (k == k_add_instrument)
            return Error{ErrorCode::bad_input,
                         place_of(options_.input_names, instruction.instrument, instruction.line) +
                             ": the auction needs more trades than " + std::to_string(k) +
                             " commands can make: split the input"};
        if (Status sent = send(instruction, matching::Uncross{}, number_of(index, k)); !sent)
            return sent;
    }
}

std::int64_t Feeder::wait_for_turn() {
    if (options_.commands_per_second == 0) return steady_ns();
    const std::int64_t due =
        started_ns_ + static_cast<std::int64_t>(static_cast<double>(result_.sent) * 1e9 /
                                                static_cast<double>(options_.commands_per_second));
    for (;;) {
        const std::int64_t now = steady_ns();
        if (now >= due) return due;
        take_replies();
        if (due - now > 200'000) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
}

template <class Command>
Status Feeder::send(const Instruction& instruction, const Command& command, std::uint64_t number) {
    const std::int64_t due = wait_for_turn();
    if (Status room = drain(options_.in_flight_max - 1); !room) return room;
    sent_[number / numbers_per_instruction % sent_.size()] = {due, instruction.line,
                                                              instruction.instrument};
    SubmitOptions submit;
    submit.number = CommandNumber{number};
    submit.correlation = instruction.number;
    submit.durability = options_.durability;
    for (;;) {
        submit.patience = std::chrono::milliseconds(1);
        const Offer offer =
            producer_.submit(book_id(instruction.instrument), command, submit, want_reply);
        if (offer == Offer::accepted) break;
        if (offer == Offer::malformed) {
            ++result_.sent;
            ++result_.rejected;
            if (options_.on_rejected)
                options_.on_rejected(instruction.line, instruction.instrument, Reply{});
            return Done{};
        }
        if (offer == Offer::disk_full)
            return Error{ErrorCode::disk_full,
                         options_.directory + ": the disk is full" + stopped_at(instruction) +
                             ": make room and run the same command again; nothing accepted so far "
                             "is lost"};
        if (offer == Offer::unavailable)
            return Error{ErrorCode::usage,
                         "durability " + std::string(to_string(options_.durability)) +
                             " needs a standby: choose decided, journaled or synced"};
        if (offer != Offer::back_pressured)
            return Error{ErrorCode::stopped, options_.directory + ": the engine stopped" +
                                                 stopped_at(instruction) +
                                                 ": run the same command again to recover"};
        take_replies();
    }
    ++result_.sent;
    ++in_flight_;
    take_replies();
    return Done{};
}

void Feeder::take_replies() {
    const std::size_t taken = producer_.poll_replies(256, [this](const Reply& reply) {
        const Sent& sent = sent_[reply.number().value / numbers_per_instruction % sent_.size()];
        result_.latency.record(steady_ns() - sent.due_ns);
        if (!reply.accepted()) {
            ++result_.rejected;
            if (options_.on_rejected && sent.line != 0)
                options_.on_rejected(sent.line, sent.instrument, reply);
        }
    });
    in_flight_ -= taken;
}

Status Feeder::drain(std::uint32_t in_flight) {
    while (in_flight_ > in_flight) {
        take_replies();
        if (in_flight_ <= in_flight) break;
        if (engine_.failed())
            return Error{ErrorCode::stopped, options_.directory +
                                                 ": the engine stopped after a failed write: run "
                                                 "the same command again to recover"};
        std::this_thread::yield();
    }
    return Done{};
}

}  // namespace pawl::cli
