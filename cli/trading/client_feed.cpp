// The loop that a day goes through when the engine is somewhere else.
#include "cli/trading/client_feed.hpp"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/trading/feeder.hpp"
#include "cli/trading/numbering.hpp"

namespace pawl::cli {

namespace {

Error file_error(const std::string& path, const char* doing) {
    return Error{ErrorCode::io, path + ": cannot " + doing + ": " + std::strerror(errno) +
                                    ": choose another file"};
}

const char* word_of(const Reply& reply) {
    if (reply.accepted()) return "accepted";
    return reply.rejected() ? "rejected" : to_string(reply.refusal());
}

}  // namespace

// ---- the list

Acknowledged::~Acknowledged() {
    if (file_ != nullptr) std::fclose(file_);
}

Status Acknowledged::open(const std::string& path) {
    path_ = path;
    if (path.empty()) return Done{};
    file_ = std::fopen(path.c_str(), "a+");
    if (file_ == nullptr) return file_error(path, "open");
    std::rewind(file_);
    char line[256];
    std::uintmax_t whole = 0;
    while (std::fgets(line, sizeof line, file_) != nullptr) {
        const std::size_t length = std::strlen(line);
        std::uint64_t number = 0;
        char outcome[32];
        unsigned events = 0;
        if (line[length - 1] != '\n') break;
        if (std::sscanf(line, "%" SCNu64 " %31s %*u %*u %u", &number, outcome, &events) != 3)
            return Error{ErrorCode::bad_input,
                         path + ": is no list of acknowledged commands: choose another file"};
        whole += length;
        answers_[number] = {static_cast<std::uint16_t>(events),
                            events != 0 || std::strcmp(outcome, "rejected") == 0};
    }
    std::error_code problem;
    std::filesystem::resize_file(path, whole, problem);
    if (problem) return file_error(path, "cut a last line that is not whole");
    std::clearerr(file_);
    return Done{};
}

std::int64_t Acknowledged::events(std::uint64_t number) const {
    const auto found = answers_.find(number);
    return found == answers_.end() ? -1 : found->second.events;
}

void Acknowledged::add(const Reply& reply) {
    answers_[reply.number().value] = {reply.event_count(),
                                      reply.event_count() != 0 || reply.rejected()};
    if (file_ == nullptr) return;
    std::fprintf(file_, "%" PRIu64 " %s %u %" PRIu64 " %u\n", reply.number().value, word_of(reply),
                 reply.shard(), reply.sequence().value, unsigned{reply.event_count()});
}

Status Acknowledged::flush() {
    if (file_ == nullptr || (std::fflush(file_) == 0 && std::ferror(file_) == 0)) return Done{};
    return file_error(path_, "write");
}

// ---- the feed

ClientFeed::ClientFeed(TradingClient& client, ClientFeedOptions options)
    : client_(client), options_(std::move(options)) {}

Status ClientFeed::run(InstructionSource& source) {
    if (Status opened = acknowledged_.open(options_.acknowledged_path); !opened) return opened;
    started_ns_ = steady_ns();
    Instruction instruction;
    for (;;) {
        const Result<bool> read = source.next(instruction);
        if (!read) return read.error();
        if (!*read) break;
        const std::optional<OrderCommand> command = translate(instruction);
        if (!command) continue;
        if (instruction.instrument >= known_.size() || !known_[instruction.instrument])
            if (Status added = add_instrument(instruction.instrument); !added) return added;
        Status sent{Done{}};
        if (instruction.kind == Instruction::Kind::uncross)
            sent = uncross(instruction);
        else
            sent = std::visit(
                [&](const auto& ask) {
                    return send(instruction.instrument, ask, ++number_, instruction.number);
                },
                *command);
        if (!sent) return sent;
    }
    const Status drained = drain(0);
    figures_.seconds = static_cast<double>(steady_ns() - started_ns_) / 1e9;
    return drained;
}

Status ClientFeed::add_instrument(std::uint32_t instrument) {
    if (known_.size() <= instrument) known_.resize(instrument + std::size_t{1});
    known_[instrument] = true;
    return send(instrument, terms_for(options_.format), ++number_, 0);
}

// One command makes a bounded number of trades; the one that only says that nothing crosses is the
// last. Alone in flight.
Status ClientFeed::uncross(const Instruction& instruction) {
    const std::uint64_t first = number_ + 1;
    number_ += commands_per_step;
    for (std::uint64_t number = first; number <= number_; ++number) {
        std::int64_t events = acknowledged_.events(number);
        if (Status drained = drain(0); !drained) return drained;
        if (Status sent =
                send(instruction.instrument, matching::Uncross{}, number, instruction.number);
            !sent)
            return sent;
        if (events < 0) {
            if (Status drained = drain(0); !drained) return drained;
            events = last_events_;
        }
        if (events <= 1) return Done{};
    }
    return Error{ErrorCode::bad_input, "line " + std::to_string(instruction.line) +
                                           ": the auction needs more trades than " +
                                           std::to_string(commands_per_step) +
                                           " commands can make: split the input"};
}

template <class Command>
Status ClientFeed::send(std::uint32_t instrument, const Command& command, std::uint64_t number,
                        std::uint64_t correlation) {
    ++figures_.commands;
    if (acknowledged_.events(number) >= 0) {
        ++figures_.earlier;
        return Done{};
    }
    wait_for_turn();
    if (Status room = drain(options_.in_flight_max - 1); !room) return room;
    SubmitOptions submit;
    submit.number = CommandNumber{number};
    submit.correlation = correlation;
    submit.patience = std::chrono::milliseconds(100);
    ++sent_;
    for (;;) {
        const Offer offer = client_.submit(book_id(instrument), command, submit, want_reply);
        if (offer == Offer::accepted) return Done{};
        if (offer == Offer::malformed) {
            ++figures_.rejected;
            return Done{};
        }
        if (offer == Offer::closed) return Error{ErrorCode::stopped, client_.why()};
        if (Status heard = drain(client_.waiting()); !heard) return heard;
    }
}

void ClientFeed::wait_for_turn() {
    if (options_.commands_per_second == 0) return;
    const std::int64_t due =
        started_ns_ + static_cast<std::int64_t>(static_cast<double>(sent_) * 1e9 /
                                                static_cast<double>(options_.commands_per_second));
    while (steady_ns() < due)
        if (client_.poll_replies(256, [this](const Reply& reply) { hear(reply); }) == 0)
            client_.wait(std::chrono::nanoseconds(due - steady_ns()));
}

void ClientFeed::hear(const Reply& reply) {
    if (reply.unknown()) return;  // the answer is still to come
    const std::int64_t now_ns = steady_ns();
    if (heard_ns_ != 0)
        figures_.gap_seconds =
            std::max(figures_.gap_seconds, static_cast<double>(now_ns - heard_ns_) / 1e9);
    heard_ns_ = now_ns;
    acknowledged_.add(reply);
    last_events_ = reply.event_count();
    if (reply.repeat()) ++figures_.repeats;
    if (reply.accepted())
        ++figures_.accepted;
    else if (reply.rejected())
        ++figures_.rejected;
    else if (reply.refusal() == Refusal::number_forgotten)
        ++figures_.forgotten;
    else
        ++figures_.refused;
}

Status ClientFeed::drain(std::size_t in_flight) {
    for (;;) {
        const std::size_t heard =
            client_.poll_replies(256, [this](const Reply& reply) { hear(reply); });
        if (heard != 0)
            if (Status kept = acknowledged_.flush(); !kept) return kept;
        if (client_.over()) return Error{ErrorCode::stopped, client_.why()};
        if (client_.waiting() <= in_flight) return Done{};
        if (heard == 0) client_.wait(std::chrono::milliseconds(10));
    }
}

}  // namespace pawl::cli
