// Tables for people, one object for programs.
#include "cli/trading/day_summary.hpp"

#include <fmt/format.h>

#include "cli/report/json.hpp"
#include "cli/report/table.hpp"

namespace pawl::cli {

namespace {

double per_second(const FeederResult& fed) {
    return fed.seconds > 0 ? static_cast<double>(fed.sent) / fed.seconds : 0;
}

std::string price_or_dash(std::int64_t price) {
    return price != 0 ? price_text(price) : "-";
}

}  // namespace

std::string hash_text(std::uint64_t hash) {
    return fmt::format("{:016x}", hash);
}

std::string summary_text(const DayFigures& figures, const SummaryContext& context) {
    const Look look = context.terminal ? Look::terminal : Look::plain;
    const FeederResult& fed = figures.fed;
    Table day({"", ""});
    day.add_row({"commands", count_text(figures.counts.accepted + figures.counts.rejected)});
    if (!figures.created) day.add_row({"  sent by this run", count_text(fed.sent)});
    day.add_row({"  rejected", count_text(figures.counts.rejected)});
    day.add_row({"trades", count_text(figures.counts.trades)});
    day.add_row({"events", count_text(figures.counts.events)});
    day.add_row({"time", duration_text(static_cast<std::int64_t>(fed.seconds * 1e9))});
    day.add_row({"commands per second", rate_text(per_second(fed))});
    day.add_row({"durability", to_string(context.durability)});
    day.add_row({"journal", context.directory});
    day.add_row({"state hash", hash_text(figures.state_hash)});
    std::string text = day.text(look);

    if (fed.latency.count() != 0) {
        Table latency({"latency", "p50", "p99", "p99.9", "p99.99", "max"});
        latency.add_row(
            {"submit to reply", duration_text(fed.latency.percentile(50)),
             duration_text(fed.latency.percentile(99)), duration_text(fed.latency.percentile(99.9)),
             duration_text(fed.latency.percentile(99.99)), duration_text(fed.latency.max())});
        text += "\n" + latency.text(look);
        text += context.commands_per_second != 0
                    ? fmt::format("(from the intended send time, at {} commands/s)\n",
                                  context.commands_per_second)
                    : fmt::format(
                          "(as fast as possible, with up to {} commands in flight: mostly time in "
                          "the queue)\n",
                          context.in_flight_max);
    }

    Table books({"instrument", "best bid", "best ask", "open orders"});
    for (const InstrumentEnd& end : figures.instruments)
        books.add_row({end.name, price_or_dash(end.best_bid), price_or_dash(end.best_ask),
                       count_text(end.open_orders)});
    return text + "\n" + books.text(look);
}

std::string summary_json(const DayFigures& figures, const SummaryContext& context) {
    const FeederResult& fed = figures.fed;
    JsonArray instruments;
    std::uint64_t open_orders = 0;
    for (const InstrumentEnd& end : figures.instruments) {
        instruments.add(JsonObject()
                            .add("instrument", end.name)
                            .add("open_orders", end.open_orders)
                            .add("best_bid", end.best_bid)
                            .add("best_ask", end.best_ask));
        open_orders += end.open_orders;
    }
    const JsonObject latency = JsonObject()
                                   .add("p50", fed.latency.percentile(50))
                                   .add("p99", fed.latency.percentile(99))
                                   .add("p99_9", fed.latency.percentile(99.9))
                                   .add("p99_99", fed.latency.percentile(99.99))
                                   .add("max", fed.latency.max());
    return JsonObject()
        .add("commands", figures.counts.accepted + figures.counts.rejected)
        .add("accepted", figures.counts.accepted)
        .add("rejected", figures.counts.rejected)
        .add("trades", figures.counts.trades)
        .add("events", figures.counts.events)
        .add("sent", fed.sent)
        .add("open_orders", open_orders)
        .add("instruments", instruments)
        .add("state_hash", hash_text(figures.state_hash))
        .add("seconds", fed.seconds)
        .add("commands_per_second", per_second(fed))
        .add("latency_ns", latency)
        .add("durability", to_string(context.durability))
        .add("shards", context.shards)
        .add("directory", context.directory)
        .text();
}

}  // namespace pawl::cli
