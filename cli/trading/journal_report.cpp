// From the journal's events to a day's figures.
#include "cli/trading/journal_report.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <tuple>

#include "cli/trading/numbering.hpp"
#include "cli/trading/text_file.hpp"

namespace pawl::cli {

namespace {

using Event = JournaledEvent<matching::Book>;

TradeRow row_of(const Event& event, SessionId steps) {
    TradeRow row{};
    const bool is_step = event.session() == steps;
    row.number = is_step ? event.cause() : event.number().value;
    row.step = is_step ? event.number().value : 0;
    row.command = event.correlation();
    row.instrument = static_cast<std::uint32_t>(event.id() - 1);
    return row;
}

void count(const Event& event, SessionId steps, DayCounts& counts) {
    if (event.correlation() == 0)
        return;  // the instrument itself and a feed's seed are nobody's line
    if (event.session() == steps && event.number().value % commands_per_step != 0)
        return;  // an auction goes on: it is still one line
    if (event.is_rejection())
        ++counts.rejected;
    else if (event.first_of_command())
        ++counts.accepted;
}

}  // namespace

std::optional<TradeRow> trade_of(const Event& event, SessionId steps) {
    TradeRow row{};
    if (const auto* trade = event.as<matching::Traded>()) {
        row = row_of(event, steps);
        const bool buyer = trade->aggressor == matching::Side::buy;
        row.buy = buyer ? trade->taker : trade->maker;
        row.sell = buyer ? trade->maker : trade->taker;
        row.price = trade->price;
        row.quantity = trade->quantity;
        row.aggressor = buyer ? 'B' : 'S';
    } else if (const auto* cross = event.as<matching::AuctionTraded>()) {
        row = row_of(event, steps);
        row.buy = cross->buy;
        row.sell = cross->sell;
        row.price = cross->price;
        row.quantity = cross->quantity;
        row.aggressor = '0';
    } else if (const auto* execution = event.as<matching::OrderExecuted>()) {
        row = row_of(event, steps);
        const bool resting_buy = execution->side == matching::Side::buy;
        (resting_buy ? row.buy : row.sell) = execution->order;
        row.price = execution->price;
        row.quantity = execution->quantity;
        row.aggressor = resting_buy ? 'S' : 'B';
    } else {
        return std::nullopt;
    }
    return row;
}

// Each shard's trades are in order; the input's order is that of the numbers.
void sort_trades(std::vector<TradeRow>& trades) {
    std::sort(trades.begin(), trades.end(), [](const TradeRow& a, const TradeRow& b) {
        return std::tie(a.number, a.step, a.place) < std::tie(b.number, b.step, b.place);
    });
}

Result<DayReport> read_day(TradingEngine& engine, const Cursor& begin, const std::string& session,
                           bool keep_trades) {
    const SessionId steps = session_id(step_session(session));
    DayReport report;
    auto journal = engine.subscribe({.from = begin, .rejections = true});
    const auto take = [&](const Event& event) {
        count(event, steps, report.counts);
        if (!event.is_rejection()) ++report.counts.events;
        std::optional<TradeRow> row = trade_of(event, steps);
        if (!row) return;
        ++report.counts.trades;
        row->place = report.trades.size();
        if (keep_trades) report.trades.push_back(*row);
    };
    for (;;) {
        Result<std::size_t> handled = journal.poll(take, 4096);
        if (!handled) return handled.error();
        if (*handled == 0 && journal.lag_bytes() == 0) break;
    }
    sort_trades(report.trades);
    return report;
}

Status write_trades(const std::string& path, const std::vector<TradeRow>& trades,
                    const std::vector<std::string>& instrument_names) {
    TextFile file(path);
    const bool several = instrument_names.size() > 1;
    file.write(several ? "instrument,cmd_no,buy_id,sell_id,price,qty,aggressor\n"
                       : "cmd_no,buy_id,sell_id,price,qty,aggressor\n");
    for (const TradeRow& row : trades) {
        if (several) {
            file.write(row.instrument < instrument_names.size() ? instrument_names[row.instrument]
                                                                : std::to_string(row.instrument));
            file.write(",");
        }
        char line[160];
        const int length = std::snprintf(
            line, sizeof line, "%llu,%llu,%llu,%lld,%lld,%c\n",
            static_cast<unsigned long long>(row.command), static_cast<unsigned long long>(row.buy),
            static_cast<unsigned long long>(row.sell), static_cast<long long>(row.price),
            static_cast<long long>(row.quantity), row.aggressor);
        file.write({line, static_cast<std::size_t>(length)});
    }
    return file.finish();
}

Status write_best_prices(const std::string& path, TradingEngine& engine, std::uint64_t last_line) {
    TextFile file(path);
    matching::Book book;
    std::uint64_t written = 0;
    const auto write_up_to = [&](std::uint64_t line) {
        const auto ask = book.best_ask();
        const auto bid = book.best_bid();
        char text[128];
        const int length = std::snprintf(text, sizeof text, "%lld,%lld,%lld,%lld\n",
                                         static_cast<long long>(ask ? ask->price : 9'999'999'999),
                                         static_cast<long long>(ask ? ask->quantity : 0),
                                         static_cast<long long>(bid ? bid->price : -9'999'999'999),
                                         static_cast<long long>(bid ? bid->quantity : 0));
        for (; written < line; ++written) file.write({text, static_cast<std::size_t>(length)});
    };
    auto journal = engine.subscribe();
    for (;;) {
        const auto take = [&](const Event& event) {
            if (event.id() != book_id(0)) return;
            // Before a line's first event the book is as the lines before it left it.
            if (event.correlation() > written + 1) write_up_to(event.correlation() - 1);
            event.visit([&](const auto& happened) { book.apply(happened); });
        };
        Result<std::size_t> handled = journal.poll(take, 4096);
        if (!handled) return handled.error();
        if (*handled == 0 && journal.lag_bytes() == 0) break;
    }
    write_up_to(last_line);
    return file.finish();
}

}  // namespace pawl::cli
