// What a journal says about a trading day: counts, trades, best prices after each line. Knows
// events; not the input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/trading/feeder.hpp"

namespace pawl::cli {

struct TradeRow {
    std::uint64_t number;   // of the order command it came from, or that stood before its step
    std::uint64_t step;     // 0, or the number of the step: together the order of the input
    std::uint64_t place;    // as the journal was read: the order of one command's trades
    std::uint64_t command;  // cmd_no of its line
    std::uint64_t buy;
    std::uint64_t sell;
    std::int64_t price;
    std::int64_t quantity;
    std::uint32_t instrument;
    char aggressor;  // 'B', 'S', or '0' in an auction
};

struct DayCounts {
    std::uint64_t accepted = 0;  // the input's commands, whichever run sent them
    std::uint64_t rejected = 0;
    std::uint64_t trades = 0;
    std::uint64_t events = 0;
};

struct DayReport {
    DayCounts counts;
    std::vector<TradeRow> trades;  // in the order of the input
};

// The trade that an event is, all but its place; nothing when it is none. `steps`: whose commands
// are steps of an input (numbering.hpp); 0: nobody's.
std::optional<TradeRow> trade_of(const JournaledEvent<matching::Book>& event, SessionId steps);
// In the order of the input.
void sort_trades(std::vector<TradeRow>& trades);

// Reads the journal of an open engine from `begin` on; `session` is the input's. `keep_trades`:
// false counts them only.
Result<DayReport> read_day(TradingEngine& engine, const Cursor& begin, const std::string& session,
                           bool keep_trades);

// cmd_no,buy_id,sell_id,price,qty,aggressor with a header line; with more than one name,
// `instrument` stands in front. Written beside `path` and renamed: it is whole or it is not there.
Status write_trades(const std::string& path, const std::vector<TradeRow>& trades,
                    const std::vector<std::string>& instrument_names);

// Best ask, its size, best bid, its size after each of the lines 1 … `last_line` of a followed
// feed, as the journal's events make them. An empty side is 9999999999,0 or -9999999999,0. The
// first instrument only.
Status write_best_prices(const std::string& path, TradingEngine& engine, std::uint64_t last_line);

}  // namespace pawl::cli
