// One run of a trading day: open, feed, read the journal, close. Knows the order of these steps;
// not flags, not printing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/trading/feeder.hpp"
#include "cli/trading/journal_report.hpp"

namespace pawl::cli {

struct DayJob {
    EngineOptions engine;
    Format format = Format::csv;
    std::string session;
    std::vector<std::string> input_names;       // for sentences; empty: the input has no files
    std::vector<std::string> instrument_names;  // one per file, or of all
    std::string trades_path;                    // empty: not written
    std::string best_prices_path;               // empty: not written
    std::uint64_t commands_per_second = 0;
    std::uint32_t in_flight_max = 256;
    std::function<void(const Progress&)> on_progress;
    std::function<void(const std::string& sentence)>
        on_sentence;  // what a person should know meanwhile
    std::uint64_t rejections_told_max = 10;
};

struct InstrumentEnd {
    std::string name;
    std::uint64_t open_orders = 0;
    std::int64_t best_bid = 0;  // 0: nobody
    std::int64_t best_ask = 0;
};

struct DayFigures {
    DayCounts counts;
    FeederResult fed;
    std::vector<InstrumentEnd> instruments;
    std::uint64_t state_hash = 0;
    std::uint64_t resumed_records = 0;  // replayed when the directory was opened
    bool created = true;
};

// How it ended. `figures` hold what was done up to there whenever the engine could be opened.
struct DayEnd {
    Status status{Done{}};
    bool opened = false;
    DayFigures figures;
};

// On an error in the input everything before it has been decided, journaled and reported.
DayEnd run_day(const DayJob& job, InstructionSource& source);

// Opens the directory again, replays it and returns the state hash and how long it took.
struct ReplayFigures {
    std::uint64_t state_hash = 0;
    std::uint64_t events = 0;
    double seconds = 0;
};
Result<ReplayFigures> replay_day(const EngineOptions& options);

}  // namespace pawl::cli
