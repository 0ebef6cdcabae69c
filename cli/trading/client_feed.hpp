// Sends an input's commands to an engine over the network, and keeps a list of what was
// acknowledged. Knows numbers; not flags, no journal.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/input/instruction.hpp"
#include "cli/input/open_input.hpp"
#include "cli/trading/translate.hpp"
#include "pawl/client.hpp"
#include "pawl/matching/book.hpp"

namespace pawl::cli {

using TradingClient = Client<matching::Book>;

struct ClientFeedOptions {
    Format format = Format::csv;
    std::uint32_t in_flight_max = 256;
    std::uint64_t commands_per_second = 0;  // 0: as fast as they are answered
    // One line for each answer: number, outcome, shard, sequence of the first event, events. What
    // stands there already is not sent again. Empty: no list.
    std::string acknowledged_path;
};

struct ClientFeedFigures {
    std::uint64_t commands = 0;  // of the input
    std::uint64_t earlier = 0;   // of them acknowledged in an earlier run
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    std::uint64_t refused = 0;
    std::uint64_t repeats = 0;    // of the answers: the first outcome of an earlier sending
    std::uint64_t forgotten = 0;  // decided so long ago that their answer is gone
    double seconds = 0;
    double gap_seconds = 0;  // longest between two answers: nobody served meanwhile, or was asked
};

// What an earlier run has acknowledged, and what this one adds. A last line that was cut by a kill
// is taken off.
class Acknowledged {
public:
    // An error of the file. An empty path: nothing is kept.
    Status open(const std::string& path);
    ~Acknowledged();
    Acknowledged() = default;
    Acknowledged(const Acknowledged&) = delete;
    Acknowledged& operator=(const Acknowledged&) = delete;

    struct Answer {
        std::uint16_t events = 0;
        bool journaled = false;  // it left a record that says so
    };

    // Events of the answer to this number; -1: there was none.
    std::int64_t events(std::uint64_t number) const;
    // Everything that was added, in this run and, with a file, earlier ones.
    const std::unordered_map<std::uint64_t, Answer>& answers() const noexcept { return answers_; }
    void add(const Reply& reply);
    // What was added can be read by others, and survives this process.
    Status flush();

private:
    std::string path_;
    std::FILE* file_ = nullptr;
    std::unordered_map<std::uint64_t, Answer> answers_;
};

// Commands are numbered 1, 2, 3, …; an auction, which may take more than one, has commands_per_step
// of them whether it needs them or not. So a second run with the same input gives each command its
// old number.
class ClientFeed {
public:
    ClientFeed(TradingClient& client, ClientFeedOptions options);
    // Until the input ends and everything is answered, however long servers are away.
    Status run(InstructionSource& source);
    const ClientFeedFigures& figures() const noexcept { return figures_; }
    const Acknowledged& acknowledged() const noexcept { return acknowledged_; }
    std::uint32_t instruments() const noexcept { return static_cast<std::uint32_t>(known_.size()); }

private:
    template <class Command>
    Status send(std::uint32_t instrument, const Command& command, std::uint64_t number,
                std::uint64_t correlation);
    Status add_instrument(std::uint32_t instrument);
    Status uncross(const Instruction& instruction);
    Status drain(std::size_t in_flight);
    void hear(const Reply& reply);
    void wait_for_turn();

    TradingClient& client_;
    const ClientFeedOptions options_;
    Acknowledged acknowledged_;
    ClientFeedFigures figures_;
    std::vector<bool> known_;  // instruments added
    std::uint64_t number_ = 0;
    std::uint64_t sent_ = 0;
    std::int64_t started_ns_ = 0;
    std::int64_t heard_ns_ = 0;
    std::uint16_t last_events_ = 0;  // of the last answer
};

}  // namespace pawl::cli
