// pawl match: order flow from files through the matching core.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command/commands.hpp"
#include "cli/command/engine_flags.hpp"
#include "cli/command/match_listen.hpp"
#include "cli/command/node_flags.hpp"
#include "cli/command/run_node.hpp"
#include "cli/command/secret_file.hpp"
#include "cli/input/byte_source.hpp"
#include "cli/input/open_input.hpp"
#include "cli/report/progress.hpp"
#include "cli/report/table.hpp"
#include "cli/trading/day_run.hpp"
#include "cli/trading/day_summary.hpp"

namespace pawl::cli {

namespace {

struct MatchFlags {
    EngineFlags engine;
    std::vector<std::string> inputs;
    std::string format;
    std::string seed;
    std::string trades;
    std::string book;
    std::uint64_t rate = 0;
    std::uint32_t in_flight = 256;
    bool json = false;
    std::string listen;
    std::string secret_file;
    NodeFlags node;
};

// Names the input, so that the same files recognise their own commands in the journal.
std::string session_of(const MatchFlags& flags) {
    std::string session = "match";
    for (const std::string& input : flags.inputs) session += ":" + file_stem(input);
    if (session.size() > 200) session = "match:" + hash_text(session_id(session).value);
    return session;
}

// Or whatever the arbiter says that it is.
int run_primary(const MatchFlags& flags) {
    Result<std::string> secret = read_secret(flags.secret_file);
    if (!secret) return report_error(secret.error());
    const Result<EngineOptions> options =
        flags.node.options(flags.engine, flags.listen, *secret, true);
    return options ? run_node(*options, flags.node.accept_loss) : report_error(options.error());
}

int run_match(const MatchFlags& flags) {
    if (flags.node.is_node()) return run_primary(flags);
    if (flags.engine.durability.starts_with("replicated"))
        return report_error(
            Error{ErrorCode::usage, "--durability " + flags.engine.durability +
                                        ": there is no other node: choose decided, journaled or "
                                        "synced, or name this node with --node"});
    if (!flags.listen.empty())
        return run_listen(flags.engine.options(), flags.listen, flags.secret_file);
    if (flags.inputs.empty() || flags.format.empty())
        return report_error(
            Error{ErrorCode::usage,
                  flags.inputs.empty()
                      ? "match: no commands to take: name files with --input and their --format, "
                        "or an address for clients with --listen"
                      : "match: --input " + flags.inputs.front() +
                            ": name its --format: sse, lobster, itch or csv"});
    const Result<Format> format = format_from(flags.format);
    if (!format) return report_error(format.error());
    InputOptions input;
    input.files = flags.inputs;
    input.format = *format;
    input.seed = flags.seed;
    Result<std::unique_ptr<InstructionSource>> source = open_input(input);
    if (!source) return report_error(source.error());

    ProgressLine progress(ProgressLine::on_standard_error("match", (*source)->progress().total,
                                                          ProgressLine::Unit::bytes));
    DayJob job;
    job.engine = flags.engine.options();
    job.format = input.format;
    job.session = session_of(flags);
    for (const std::string& file : flags.inputs) {
        job.input_names.push_back(spoken_name(file));
        job.instrument_names.push_back(file_stem(file));
    }
    job.trades_path = flags.trades;
    job.best_prices_path = flags.book;
    job.commands_per_second = flags.rate;
    job.in_flight_max = flags.in_flight;
    job.on_progress = [&](const Progress& now) { progress.update(now.done); };
    job.on_sentence = [&](const std::string& sentence) {
        progress.finish();
        std::fprintf(stderr, "pawl: %s\n", sentence.c_str());
    };
    const DayEnd end = run_day(job, **source);
    progress.finish();

    // Nothing of this input is in a directory that belongs to another one.
    if (end.opened && (end.status.ok() || end.status.error().code != ErrorCode::mismatch)) {
        const SummaryContext context{flags.engine.directory,
                                     job.engine.durability,
                                     flags.engine.shards,
                                     flags.in_flight,
                                     flags.rate,
                                     look_of(STDOUT_FILENO) == Look::terminal};
        if (flags.json)
            std::printf("%s\n", summary_json(end.figures, context).c_str());
        else
            std::fputs(summary_text(end.figures, context).c_str(), stdout);
    }
    if (!end.status.ok()) return report_error(end.status.error());
    // Also those of earlier runs: what a run says does not depend on how often it was interrupted.
    const std::uint64_t rejected = std::max(end.figures.counts.rejected, end.figures.fed.rejected);
    if (rejected == 0) return exit_ok;
    std::fprintf(stderr, "pawl: %s %s rejected: see each reason with 'pawl journal dump %s'\n",
                 count_text(rejected).c_str(), rejected == 1 ? "command was" : "commands were",
                 flags.engine.directory.c_str());
    return exit_some_rejected;
}

}  // namespace

void add_match(CLI::App& app, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("match",
                           "send order flow from files or clients through the matching core, as a "
                           "node of several if it has a --node");
    auto flags = std::make_shared<MatchFlags>();
    CLI::Option* const input =
        command
            ->add_option(
                "--input", flags->inputs,
                "files, plain, .gz or .zst, '-' for standard input; several files are several "
                "instruments, "
                "interleaved by time")
            ->delimiter(',')
            ->type_name("FILE[,FILE...]");
    command->add_option("--format", flags->format, "of the input: sse, lobster, itch or csv")
        ->needs(input);
    CLI::Option* const listen =
        command
            ->add_option("--listen", flags->listen,
                         "instead of an input: take the commands of clients ('pawl feed') until "
                         "interrupted; ':port' is this machine only, port 0 any")
            ->type_name("HOST:PORT")
            ->excludes(input);
    command
        ->add_option("--secret-file", flags->secret_file,
                     "clients must know what is in it: 16 random bytes or more")
        ->type_name("FILE")
        ->needs(listen);
    flags->node.add_to(*command, "--peer");
    command
        ->add_flag("--begin", flags->node.begin,
                   "of a directory that is there already: where the arbiter knows of nobody, all "
                   "nodes begin with its journal")
        ->needs("--node");
    command->add_option("--seed", flags->seed, "lobster: the book after the first row")
        ->type_name("FILE");
    flags->engine.add_to(*command, true);
    command
        ->add_option("--trades", flags->trades,
                     "write the trades here, complete whatever happened before")
        ->type_name("OUT.csv");
    command
        ->add_option("--book", flags->book,
                     "lobster: write best prices and sizes after each row here")
        ->type_name("OUT.csv");
    command
        ->add_option("--rate", flags->rate, "commands per second; 0: as fast as they are answered")
        ->check(whole_number())
        ->capture_default_str();
    command->add_option("--in-flight", flags->in_flight, "commands sent and not yet answered")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    command->add_flag("--json", flags->json, "print one JSON object instead of tables");
    command->footer(
        "Run again on the same directory it goes on: what is in the journal acts once, and the "
        "trades file is complete.\n"
        "Exit codes: 0 done; 2 usage; 3 bad input; 4 file or system; 5 disk full; 6 directory in "
        "use; 7 directory of\n"
        "another kind; 8 damaged journal; 10 stopped after a failed write; 11 nobody answered in "
        "time; 12 done, some\n"
        "commands were rejected.");
    command->callback([flags, &exit_code] { exit_code = run_match(*flags); });
}

}  // namespace pawl::cli
