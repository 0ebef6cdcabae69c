// pawl feed: order flow from files to an engine over the network.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command/commands.hpp"
#include "cli/command/secret_file.hpp"
#include "cli/input/open_input.hpp"
#include "cli/trading/client_feed.hpp"

namespace pawl::cli {

namespace {

struct FeedFlags {
    std::vector<std::string> to;
    std::string session;
    std::string secret_file;
    std::vector<std::string> inputs;
    std::string format;
    std::string seed;
    std::uint32_t open_within = 10;
    ClientFeedOptions feed;
};

void print(const ClientFeedFigures& figures) {
    std::printf(
        "{\"commands\": %llu, \"earlier\": %llu, \"accepted\": %llu, \"rejected\": %llu, "
        "\"refused\": %llu, \"repeats\": %llu, \"forgotten\": %llu, \"seconds\": %.6f}\n",
        static_cast<unsigned long long>(figures.commands),
        static_cast<unsigned long long>(figures.earlier),
        static_cast<unsigned long long>(figures.accepted),
        static_cast<unsigned long long>(figures.rejected),
        static_cast<unsigned long long>(figures.refused),
        static_cast<unsigned long long>(figures.repeats),
        static_cast<unsigned long long>(figures.forgotten), figures.seconds);
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
    const Status fed = feed.run(**source);
    print(feed.figures());
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
