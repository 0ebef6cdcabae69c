// pawl feed: order flow from files to an engine over the network.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command/commands.hpp"
#include "cli/command/secret_file.hpp"
#include "cli/input/open_input.hpp"
#include "cli/report/json.hpp"
#include "cli/trading/client_feed.hpp"
#include "cli/trading/remote_trades.hpp"
#include "cli/trading/text_file.hpp"

namespace pawl::cli {

namespace {

constexpr std::chrono::seconds read_patience{60};

struct FeedFlags {
    std::vector<std::string> to;
    std::string session;
    std::string secret_file;
    std::vector<std::string> inputs;
    std::string format;
    std::string seed;
    std::uint32_t open_within = 10;
    std::string trades;
    ClientFeedOptions feed;
};

JsonObject json_of(const ClientFeedFigures& figures) {
    return JsonObject()
        .add("commands", figures.commands)
        .add("earlier", figures.earlier)
        .add("accepted", figures.accepted)
        .add("rejected", figures.rejected)
        .add("refused", figures.refused)
        .add("repeats", figures.repeats)
        .add("forgotten", figures.forgotten)
        .add("seconds", figures.seconds)
        .add("longest_gap_seconds", figures.gap_seconds);
}

// As 'pawl match' names them.
std::vector<std::string> names_of(const std::vector<std::string>& inputs,
                                  std::uint32_t instruments) {
    std::vector<std::string> names;
    if (instruments <= inputs.size())
        for (const std::string& input : inputs) names.push_back(file_stem(input));
    else
        for (std::uint32_t i = 0; i < instruments; ++i) names.push_back(std::to_string(i));
    return names;
}

// Reads back what happened, writes the trades.
Status write_trades_of(const FeedFlags& flags, const std::string& secret, const ClientFeed& feed,
                       JsonObject& said) {
    const Result<RemoteDay> day =
        read_remote_day(flags.to, secret, flags.session, feed.acknowledged(), read_patience);
    if (!day) return day.error();
    said.add("trades", day->trades.size()).add("lost", day->lost).add("doubled", day->doubled);
    return write_trades(flags.trades, day->trades, names_of(flags.inputs, feed.instruments()));
}

int run_feed(const FeedFlags& flags) {
    const Result<Format> format = format_from(flags.format);
    if (!format) return report_error(format.error());
    InputOptions input;
    input.files = flags.inputs;
    input.format = *format;
    input.seed = flags.seed;
    Result<std::unique_ptr<InstructionSource>> source = open_input(input);
    if (!source) return report_error(source.error());
    Result<std::string> secret = read_secret(flags.secret_file);
    if (!secret) return report_error(secret.error());
    if (!flags.trades.empty())
        if (Status possible = TextFile::try_place(flags.trades); !possible)
            return report_error(possible.error());

    ClientOptions options;
    options.servers = flags.to;
    options.session = flags.session;
    options.secret = *secret;
    options.open_within = std::chrono::seconds(flags.open_within);
    options.give_up_after = std::chrono::nanoseconds::max();
    Result<TradingClient> client = TradingClient::open(options);
    if (!client) return report_error(client.error());
    ClientFeedOptions how = flags.feed;
    how.format = *format;
    ClientFeed feed(*client, how);
    Status fed = feed.run(**source);
    JsonObject said = json_of(feed.figures());
    if (fed && !flags.trades.empty()) fed = write_trades_of(flags, *secret, feed, said);
    std::printf("%s\n", said.text().c_str());
    if (!fed) return report_error(fed.error());
    return feed.figures().rejected == 0 ? exit_ok : exit_some_rejected;
}

}  // namespace

void add_feed(CLI::App& app, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("feed", "send order flow from files to an engine that listens");
    auto flags = std::make_shared<FeedFlags>();
    command->add_option("--to", flags->to, "the engine's nodes: the primary is found among them")
        ->required()
        ->delimiter(',')
        ->type_name("HOST:PORT[,HOST:PORT...]");
    command->add_option("--session", flags->session, "whose commands these are")
        ->required()
        ->type_name("NAME");
    command->add_option("--secret-file", flags->secret_file, "what the engine's clients must know")
        ->type_name("FILE");
    command
        ->add_option("--input", flags->inputs,
                     "files, plain, .gz or .zst, '-' for standard input; several files are several "
                     "instruments, interleaved by time")
        ->required()
        ->delimiter(',')
        ->type_name("FILE[,FILE...]");
    command->add_option("--format", flags->format, "sse, lobster, itch or csv")->required();
    command->add_option("--seed", flags->seed, "lobster: the book after the first row")
        ->type_name("FILE");
    command
        ->add_option("--acknowledged", flags->feed.acknowledged_path,
                     "a line for each answer: number, outcome, shard, sequence, events; a second "
                     "run sends only what is not in it")
        ->type_name("FILE");
    command
        ->add_option("--trades", flags->trades,
                     "when everything is answered, read back what happened and write the trades "
                     "here, as 'pawl match' does")
        ->type_name("OUT.csv");
    command
        ->add_option("--rate", flags->feed.commands_per_second,
                     "commands per second; 0: as fast as they are answered")
        ->check(whole_number())
        ->capture_default_str();
    command
        ->add_option("--in-flight", flags->feed.in_flight_max, "commands sent and not yet answered")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command
        ->add_option("--open-within", flags->open_within,
                     "seconds until the first server must be found; later ones are waited for")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    command->footer(
        "Run again with the same session and input it goes on: what was decided acts once.\n"
        "Exit codes: as 'pawl match'.");
    command->callback([flags, &exit_code] { exit_code = run_feed(*flags); });
}

}  // namespace pawl::cli
