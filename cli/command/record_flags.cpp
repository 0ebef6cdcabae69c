// From flags to the journal's own conditions.
#include "cli/command/record_flags.hpp"

#include <cstdio>

#include "cli/command/commands.hpp"
#include "cli/report/moment.hpp"

namespace pawl::cli {

void RecordFlags::add_to(CLI::App& command) {
    DumpOptions& options = options_;
    command.add_option("directory", directory, "the journal")->required()->type_name("DIR");
    command.add_option("--shard", options.shard, "only this shard")->check(whole_number());
    command.add_option("--session", options.session, "only commands of this session");
    command
        .add_option("--number", options.number, "only commands with this number in their session")
        ->check(whole_number());
    command.add_option("--type", options.aggregate_type, "only aggregates of this type");
    command.add_option("--aggregate", options.aggregate, "only the aggregate with this id")
        ->check(whole_number());
    command.add_option("--command", options.commands, "only these types of command")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("NAME[,NAME...]");
    command.add_option("--event", options.events, "only records with one of these types of event")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("NAME[,NAME...]");
    command
        .add_option("--kind", options.kinds,
                    "only accepted, rejected, refused, fact, schema, session, epoch or mark")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("KIND[,KIND...]");
    command
        .add_option("--since", since_,
                    "only what was decided then or later: 2026-03-02T09:30:00Z, or nanoseconds")
        ->type_name("TIME");
    command.add_option("--until", until_, "only what was decided then or earlier")
        ->type_name("TIME");
    command.add_option("--from", options.sequence_min, "only events from this sequence on")
        ->check(whole_number());
    command.add_option("--to", options.sequence_max, "only events up to this sequence")
        ->check(whole_number());
}

Result<DumpOptions> RecordFlags::options() const {
    DumpOptions options = options_;
    const auto read = [](const std::string& text, std::optional<Time>& time) -> Status {
        if (text.empty()) return Done{};
        const Result<Time> found = time_from(text);
        if (!found) return found.error();
        time = *found;
        return Done{};
    };
    if (Status since = read(since_, options.time_min); !since) return since.error();
    if (Status until = read(until_, options.time_max); !until) return until.error();
    options.on_sentence = [](const std::string& sentence) {
        std::fprintf(stderr, "pawl: %s\n", sentence.c_str());
    };
    return options;
}

void print_line(std::string_view line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
}

}  // namespace pawl::cli
