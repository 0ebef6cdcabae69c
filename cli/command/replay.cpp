// pawl replay: the state of a trading journal at a cut, built again from the journal alone.
#include "pawl/replay.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "cli/command/commands.hpp"
#include "cli/command/record_flags.hpp"
#include "cli/report/json.hpp"
#include "cli/report/moment.hpp"
#include "cli/report/table.hpp"
#include "cli/trading/day_summary.hpp"
#include "pawl/journal.hpp"
#include "pawl/matching/book.hpp"

namespace pawl::cli {

namespace {

using TradingReplay = Replay<matching::Book>;

constexpr std::size_t levels_shown = 5;

struct ReplayFlags {
    std::string directory;
    std::string until = "end";
    std::optional<Id> shown;
    std::optional<Id> history;
    bool no_snapshots = false;
    bool json = false;
};

// As Until::parse, and points in time as people write them.
Result<Until> cut_from(const std::string& text) {
    if (text.rfind("time:", 0) != 0) return Until::parse(text);
    const Result<Time> time = time_from(std::string_view(text).substr(5));
    if (!time) return time.error();
    return Until::time(*time);
}

JsonArray levels_json(const matching::Book& book, matching::Side side) {
    JsonArray levels;
    for (const matching::PriceLevel& level : book.depth(side, levels_shown))
        levels.add(JsonObject().add("price", level.price).add("quantity", level.quantity));
    return levels;
}

JsonObject book_json(Id id, const matching::Book& book, Version version) {
    return JsonObject()
        .add("aggregate", id)
        .add("version", version.value)
        .add("phase", matching::to_string(book.phase()))
        .add("open_orders", book.open_orders())
        .add("bids", levels_json(book, matching::Side::buy))
        .add("asks", levels_json(book, matching::Side::sell));
}

std::string book_text(Id id, const matching::Book& book, Version version) {
    std::string text = "\nbook " + std::to_string(id) + ": version " + count_text(version.value) +
                       ", " + matching::to_string(book.phase()) + ", " +
                       count_text(book.open_orders()) + " open orders\n";
    const auto bids = book.depth(matching::Side::buy, levels_shown);
    const auto asks = book.depth(matching::Side::sell, levels_shown);
    Table table({"bid size", "bid", "ask", "ask size"});
    for (std::size_t i = 0; i < std::max(bids.size(), asks.size()); ++i)
        table.add_row(
            {i < bids.size() ? count_text(static_cast<std::uint64_t>(bids[i].quantity)) : "",
             i < bids.size() ? price_text(bids[i].price) : "",
             i < asks.size() ? price_text(asks[i].price) : "",
             i < asks.size() ? count_text(static_cast<std::uint64_t>(asks[i].quantity)) : ""});
    return text + table.text();
}

// The records that say what happened to it, up to the cut.
Status print_history(const std::string& directory, const TradingReplay& replay, Id id) {
    const std::vector<Position> cut = replay.positions();
    for (std::uint32_t shard = 0; shard < cut.size(); ++shard) {
        DumpOptions options;
        options.shard = shard;
        options.aggregate = id;
        options.position_end = cut[shard];
        const Result<std::uint64_t> printed = journal_dump(directory, options, print_line);
        if (!printed) return printed.error();
    }
    return Done{};
}

void print_json(const ReplayFlags& flags, const Until& until, const TradingReplay& replay) {
    JsonArray positions;
    for (const Position position : replay.positions()) positions.add(position.value);
    JsonArray sentences;
    for (const std::string& sentence : replay.sentences()) sentences.add(sentence);
    JsonObject object;
    object.add("until", until.to_string())
        .add("records_replayed", replay.records())
        .add("time_ns", replay.time().ns)
        .add("positions", positions)
        .add("aggregates", replay.aggregate_count())
        .add("state_hash", hash_text(replay.state_hash()))
        .add("sentences", sentences);
    if (flags.shown)
        object.add("show", book_json(*flags.shown, *replay.state<matching::Book>(*flags.shown),
                                     replay.version<matching::Book>(*flags.shown)));
    std::printf("%s\n", object.text().c_str());
}

void print_text(const ReplayFlags& flags, const Until& until, const TradingReplay& replay) {
    Table table({"", ""});
    table.add_row({"until", until.to_string()});
    table.add_row({"records replayed", count_text(replay.records())});
    table.add_row({"journal time", replay.time().ns == 0 ? "-" : time_text(replay.time())});
    table.add_row({"books", count_text(replay.aggregate_count())});
    table.add_row({"state hash", hash_text(replay.state_hash())});
    std::fputs(table.text().c_str(), stdout);
    for (const std::string& sentence : replay.sentences()) std::printf("%s\n", sentence.c_str());
    if (flags.shown)
        std::fputs(book_text(*flags.shown, *replay.state<matching::Book>(*flags.shown),
                             replay.version<matching::Book>(*flags.shown))
                       .c_str(),
                   stdout);
}

int run_replay(const ReplayFlags& flags) {
    const Result<Until> until = cut_from(flags.until);
    if (!until) return report_error(until.error());
    const Result<TradingReplay> replay = TradingReplay::open(
        {.directory = flags.directory, .until = *until, .snapshots = !flags.no_snapshots});
    if (!replay) return report_error(replay.error());
    for (const std::optional<Id>& id : {flags.shown, flags.history})
        if (id && replay->state<matching::Book>(*id) == nullptr)
            return report_error({ErrorCode::usage, "journal " + flags.directory +
                                                       ": nothing has happened to book " +
                                                       std::to_string(*id) +
                                                       " until there: see "
                                                       "'pawl journal dump' for those that are"});
    if (flags.history) {
        const Status printed = print_history(flags.directory, *replay, *flags.history);
        return printed ? exit_ok : report_error(printed.error());
    }
    if (flags.json)
        print_json(flags, *until, *replay);
    else
        print_text(flags, *until, *replay);
    return exit_ok;
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand(
        "replay", "build the state of a trading journal at any cut; writes nothing");
    auto flags = std::make_shared<ReplayFlags>();
    command->add_option("directory", flags->directory, "a journal of 'pawl match' or 'pawl day'")
        ->required()
        ->type_name("DIR");
    command
        ->add_option("--until", flags->until,
                     "end, beginning, sequence:N, sequence:N@SHARD, time:2026-03-02T09:30:00Z, "
                     "time:NANOSECONDS or mark:NAME")
        ->type_name("CUT")
        ->capture_default_str();
    command->add_option("--show", flags->shown, "show the book with this id, from 1")
        ->check(whole_number())
        ->type_name("ID");
    command
        ->add_option("--history", flags->history,
                     "print only the records of the book with this id, as lines of JSON")
        ->check(whole_number())
        ->type_name("ID");
    command->add_flag("--no-snapshots", flags->no_snapshots, "begin at the first record");
    command->add_flag("--json", flags->json, "print one JSON object");
    command->footer(
        "The state hash is that of 'pawl match --json' at the same place.\n"
        "Exit codes: 0 done; 2 usage; 4 cannot be read; 7 of another program; 8 damaged.");
    command->callback([flags, &exit_code] { exit_code = run_replay(*flags); });
}

}  // namespace pawl::cli
