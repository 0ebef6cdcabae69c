// pawl day: a generated trading day through the engine, and the proof that it can be replayed.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "cli/command/commands.hpp"
#include "cli/command/engine_flags.hpp"
#include "cli/input/generated_day.hpp"
#include "cli/report/progress.hpp"
#include "cli/report/table.hpp"
#include "cli/trading/day_run.hpp"
#include "cli/trading/day_summary.hpp"

namespace pawl::cli {

namespace {

struct DayFlags {
    EngineFlags engine;
    GeneratedDayOptions day;
    std::string trades;
    std::string write;
    std::uint64_t rate = 0;
    std::uint32_t in_flight = 256;
    bool json = false;
};

int write_day(InstructionSource& source, const std::string& path) {
    std::ofstream file(path, std::ios::binary);
    Result<std::uint64_t> written = write_csv(source, file);
    if (written && !file.flush()) written = Error{ErrorCode::io, "cannot write"};
    if (!written)
        return report_error(
            Error{ErrorCode::io, path + ": " + written.error().sentence + ": choose another file"});
    return exit_ok;
}

int run_generated_day(const DayFlags& flags) {
    Result<std::unique_ptr<InstructionSource>> source = generate_day(flags.day);
    if (!source) return report_error(source.error());
    if (!flags.write.empty()) return write_day(**source, flags.write);

    ProgressLine progress(ProgressLine::on_standard_error("trading", flags.day.commands));
    DayJob job;
    job.engine = flags.engine.options();
    job.format = Format::csv;
    job.session = "day:" + std::to_string(flags.day.seed) + ":" +
                  std::to_string(flags.day.instruments) + ":" + std::to_string(flags.day.commands);
    for (std::uint32_t i = 1; i <= flags.day.instruments; ++i)
        job.instrument_names.push_back("PAWL" + std::to_string(i));
    job.trades_path = flags.trades;
    job.commands_per_second = flags.rate;
    job.in_flight_max = flags.in_flight;
    job.rejections_told_max = 0;  // a day has some: they are in the mix
    job.on_progress = [&](const Progress& now) { progress.update(now.done); };
    job.on_sentence = [&](const std::string& sentence) {
        progress.finish();
        std::fprintf(stderr, "pawl: %s\n", sentence.c_str());
    };
    const DayEnd end = run_day(job, **source);
    progress.finish();
    if (!end.status.ok()) return report_error(end.status.error());

    const bool terminal = look_of(STDOUT_FILENO) == Look::terminal;
    const SummaryContext context{flags.engine.directory,
                                 job.engine.durability,
                                 flags.engine.shards,
                                 flags.in_flight,
                                 flags.rate,
                                 terminal};
    if (!flags.json) std::fputs(summary_text(end.figures, context).c_str(), stdout);

    const Result<ReplayFigures> replayed = replay_day(job.engine);
    if (!replayed) return report_error(replayed.error());
    const ReplayFigures& replay = *replayed;
    const bool same = replay.state_hash == end.figures.state_hash;
    if (flags.json) {
        std::string object = summary_json(end.figures, context);
        object.pop_back();
        std::printf("%s, \"replayed_state_hash\": \"%s\", \"replay_seconds\": %.6f}\n",
                    object.c_str(), hash_text(replay.state_hash).c_str(), replay.seconds);
    } else {
        std::printf("\nopened again: %s events replayed in %s\nstate hash    %s   %s\n",
                    count_text(replay.events).c_str(),
                    duration_text(static_cast<std::int64_t>(replay.seconds * 1e9)).c_str(),
                    hash_text(replay.state_hash).c_str(), same ? "the same" : "DIFFERENT");
    }
    if (!same) {
        std::fprintf(
            stderr,
            "pawl: %s: the replayed state is not the live one: keep the directory and report it\n",
            flags.engine.directory.c_str());
        return exit_difference;
    }
    return exit_ok;
}

}  // namespace

void add_day(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand(
        "day", "run a generated trading day, then open the journal again and compare the state");
    auto flags = std::make_shared<DayFlags>();
    flags->engine.add_to(*command);
    CLI::Option* const directory = command->get_option("--directory");
    command
        ->add_option("--write", flags->write,
                     "run nothing: write the day here, as csv for 'pawl match' and 'pawl feed'")
        ->type_name("OUT.csv")
        ->excludes(directory)
        ->each([directory](const std::string&) { directory->required(false); });
    command->add_option("--commands", flags->day.commands, "length of the day")
        ->check(whole_number())
        ->capture_default_str();
    command->add_option("--instruments", flags->day.instruments, "how many are traded")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    command->add_option("--seed", flags->day.seed, "the same seed is the same day")
        ->check(whole_number())
        ->capture_default_str();
    command->add_option("--trades", flags->trades, "write the trades here")->type_name("OUT.csv");
    command
        ->add_option("--rate", flags->rate, "commands per second; 0: as fast as they are answered")
        ->check(whole_number())
        ->capture_default_str();
    command->add_option("--in-flight", flags->in_flight, "commands sent and not yet answered")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    command->add_flag("--json", flags->json, "print one JSON object instead of tables");
    command->footer("Exit codes: as 'pawl match'; 1 when the replayed state differs.");
    command->callback([flags, &exit_code] { exit_code = run_generated_day(*flags); });
}

}  // namespace pawl::cli
