// The loop that a trading day goes through.
#include "cli/trading/feeder.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "cli/trading/journal_begin.hpp"
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
      step_session_(session_id(step_session(options_.session))),
      highest_(engine.highest_numbers(session_id(options_.session))),
      highest_step_(engine.highest_numbers(step_session_)),
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
    if (*std::max_element(highest_.begin(), highest_.end()) != 0) {
        const Result<JournalBegin> begin = begin_of_journal(options_.directory);
        if (!begin) return begin.error();
        Status read = earlier_.read(engine_, begin->cursor, session_id(options_.session));
        if (!read) return read;
    } else if (const Status room = begin_with_room(); !room) {
        return room;
    }
    started_ns_ = steady_ns();
    Status fed = feed(source);
    const Status drained = drain(0);
    result_.seconds = static_cast<double>(steady_ns() - started_ns_) / 1e9;
    return fed ? drained : fed;
}

// A disk that is full from the beginning is told of before anything was taken into memory.
Status Feeder::begin_with_room() {
    const std::int64_t began_ns = steady_ns();
    constexpr std::int64_t patience_ns = 1'000'000'000;  // a segment that is slow is no full disk
    while (steady_ns() - began_ns < patience_ns) {
        if (engine_.disk_full()) return no_room(nullptr);
        const Status synced = engine_.sync(std::chrono::milliseconds(1));
        if (synced || synced.error().code != ErrorCode::timeout) break;
    }
    return Done{};  // whatever else is wrong is told by the first command
}

Status Feeder::feed(InstructionSource& source) {
    Instruction instruction;
    for (;;) {
        Result<bool> read = source.next(instruction);
        if (!read) return read.error();
        if (!*read) return Done{};
        ++result_.instructions;
        result_.last_number = std::max(result_.last_number, instruction.number);
        if (result_.instructions % 1024 == 0 && options_.on_progress)
            options_.on_progress(source.progress());
        if (Status fed = feed_one(instruction); !fed) return fed;
    }
}

Status Feeder::feed_one(const Instruction& instruction) {
    const std::optional<OrderCommand> command = translate(instruction);
    if (!command) return Done{};
    if (instruction.instrument >= known_.size() || !known_[instruction.instrument])
        if (Status added = add_instrument(instruction.instrument); !added) return added;
    if (instruction.kind == Instruction::Kind::uncross) return uncross(instruction);
    ++number_;
    if (number_ <= highest_[shard_of(instruction.instrument)]) return check_earlier(instruction);
    SubmitOptions submit;
    submit.number = CommandNumber{number_};
    // Shards answer at their own pace: the place may still belong to an older command.
    Sent& place = sent_[number_ % sent_.size()];
    while (place.pending)
        if (Status waited = drain(static_cast<std::uint32_t>(in_flight_ - 1), &instruction);
            !waited)
            return waited;
    place = {0, instruction.line, instruction.instrument};
    return std::visit([&](const auto& ask) { return send(instruction, ask, submit); }, *command);
}

// Acted in an earlier run, if this is the same input.
Status Feeder::check_earlier(const Instruction& instruction) const {
    if (earlier_.may_be(number_, instruction)) return Done{};
    return Error{ErrorCode::mismatch,
                 place_of(options_.input_names, instruction.instrument, instruction.line) + ": " +
                     options_.directory +
                     " has another order here, so it is of another input: choose an empty "
                     "directory, or name the same input files as before"};
}

std::uint32_t Feeder::shard_of(std::uint32_t instrument) const {
    return engine_.shard_of<matching::Book>(book_id(instrument));
}

Status Feeder::add_instrument(std::uint32_t instrument) {
    if (known_.size() <= instrument) known_.resize(instrument + std::size_t{1});
    known_[instrument] = true;
    result_.instruments.push_back(instrument);
    ++step_;
    if (step_of(highest_step_[shard_of(instrument)]) >= step_) return Done{};
    Instruction nobody_asked;
    nobody_asked.instrument = instrument;
    const std::uint64_t rejected = result_.rejected;
    if (Status sent = send_step(nobody_asked, terms_for(options_.format), 0); !sent) return sent;
    if (result_.rejected != rejected)
        return Error{ErrorCode::mismatch,
                     options_.directory + ": has an instrument " + std::to_string(instrument + 1) +
                         " that came from another input: choose an empty directory, or name the "
                         "same input files as before"};
    return Done{};
}

// One command makes a bounded number of trades; a larger auction goes on until nothing crosses.
Status Feeder::uncross(const Instruction& instruction) {
    ++step_;
    const std::uint64_t highest = highest_step_[shard_of(instruction.instrument)];
    if (step_of(highest) > step_) return Done{};
    // With orders after it, it is over: what crosses now belongs to a later auction.
    if (step_of(highest) == step_ && highest_[shard_of(instruction.instrument)] > number_)
        return Done{};
    std::uint64_t k = 0;
    if (step_of(highest) == step_) k = highest % commands_per_step + 1;  // a run ended inside
    for (;; ++k) {
        if (k != 0 && !crossed(instruction.instrument)) return Done{};
        if (k == commands_per_step)
            return Error{ErrorCode::bad_input,
                         place_of(options_.input_names, instruction.instrument, instruction.line) +
                             ": the auction needs more trades than " + std::to_string(k) +
                             " commands can make: split the input"};
        if (Status sent = send_step(instruction, matching::Uncross{}, k); !sent) return sent;
    }
}

bool Feeder::crossed(std::uint32_t instrument) {
    return engine_
        .query(
            book_id(instrument), [](const matching::Book& book) { return book.crossed(); },
            use_future)
        .get();
}

// Alone in flight, and answered when it returns.
template <class Command>
Status Feeder::send_step(const Instruction& instruction, const Command& command, std::uint64_t k) {
    if (Status drained = drain(0); !drained) return drained;
    SubmitOptions submit;
    submit.session = step_session_;
    submit.number = CommandNumber{step_number(step_, k)};
    submit.cause = number_;
    sent_step_ = {0, instruction.line, instruction.instrument};
    in_step_ = true;
    const Status sent = send(instruction, command, submit);
    const Status answered = drain(0);
    in_step_ = false;
    return sent.ok() ? answered : sent;
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
Status Feeder::send(const Instruction& instruction, const Command& command, SubmitOptions submit) {
    const std::int64_t due = wait_for_turn();
    if (Status room = drain(options_.in_flight_max - 1, &instruction); !room) return room;
    Sent& sent = in_step_ ? sent_step_ : sent_[number_ % sent_.size()];
    sent.due_ns = due;
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
        if (offer == Offer::disk_full) return no_room(&instruction);
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
    sent.pending = true;
    ++result_.sent;
    ++in_flight_;
    take_replies();
    return Done{};
}

void Feeder::take_replies() {
    const std::size_t taken = producer_.poll_replies(256, [this](const Reply& reply) {
        Sent& sent = in_step_ ? sent_step_ : sent_[reply.number().value % sent_.size()];
        sent.pending = false;
        result_.latency.record(steady_ns() - sent.due_ns);
        if (!reply.accepted()) {
            ++result_.rejected;
            if (options_.on_rejected && sent.line != 0)
                options_.on_rejected(sent.line, sent.instrument, reply);
        }
    });
    in_flight_ -= taken;
}

Error Feeder::no_room(const Instruction* next) const {
    return Error{ErrorCode::disk_full,
                 options_.directory + ": the disk is full" +
                     (next != nullptr ? stopped_at(*next) : std::string()) +
                     ": make room and run the same command again; nothing accepted so far is lost"};
}

Status Feeder::drain(std::uint32_t in_flight, const Instruction* next) {
    // On a full disk what was accepted is still decided as long as memory can hold it.
    constexpr std::int64_t patience_ns = 100'000'000;
    std::int64_t answered_ns = steady_ns();
    while (in_flight_ > in_flight) {
        const auto before = in_flight_;
        take_replies();
        if (in_flight_ <= in_flight) break;
        if (in_flight_ != before) answered_ns = steady_ns();
        if (engine_.disk_full() && steady_ns() - answered_ns > patience_ns) return no_room(next);
        if (engine_.failed())
            return Error{ErrorCode::stopped, options_.directory +
                                                 ": the engine stopped after a failed write: run "
                                                 "the same command again to recover"};
        std::this_thread::yield();
    }
    return Done{};
}

}  // namespace pawl::cli
