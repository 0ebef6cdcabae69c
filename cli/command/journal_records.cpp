// pawl journal dump, grep and tail: records as lines of JSON.
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command/journal_commands.hpp"
#include "cli/command/patience.hpp"
#include "cli/command/record_flags.hpp"
#include "cli/report/pattern.hpp"
#include "pawl/journal.hpp"

namespace pawl::cli {

namespace {

constexpr int exit_nothing_found = 1;

int run_dump(const RecordFlags& flags, std::uint64_t count) {
    Result<DumpOptions> options = flags.options();
    if (!options) return report_error(options.error());
    options->records_max = count;
    const Result<std::uint64_t> dumped = journal_dump(flags.directory, *options, print_line);
    return dumped ? exit_ok : report_error(dumped.error());
}

struct GrepFlags {
    RecordFlags records;
    std::string pattern;
    PatternOptions how;
    bool inverted = false;
    std::uint64_t count = ~std::uint64_t{0};
};

int run_grep(const GrepFlags& flags) {
    Result<DumpOptions> options = flags.records.options();
    if (!options) return report_error(options.error());
    const Result<Pattern> pattern = Pattern::make(flags.pattern, flags.how);
    if (!pattern) return report_error(pattern.error());
    options->records_max = flags.count;
    options->matches = [&](std::string_view line) {
        return pattern->found_in(line) != flags.inverted;
    };
    const Result<std::uint64_t> found = journal_dump(flags.records.directory, *options, print_line);
    if (!found) return report_error(found.error());
    return *found != 0 ? exit_ok : exit_nothing_found;
}

struct TailFlags {
    RecordFlags records;
    std::uint64_t last = 10;
    bool follow = false;
};

int run_tail(const TailFlags& flags) {
    Result<DumpOptions> filter = flags.records.options();
    if (!filter) return report_error(filter.error());
    Result<JournalTail> tail =
        JournalTail::open(flags.records.directory, {.filter = *filter, .last = flags.last});
    if (!tail) return report_error(tail.error());
    Result<std::uint64_t> printed = tail->poll(print_line);
    if (!flags.follow) return printed ? exit_ok : report_error(printed.error());
    // From here on an interrupt ends it between two lines.
    const Patience patience;
    while (printed) {
        // The reader's end: said by main when it was a fault.
        if (std::fflush(stdout) != 0) return exit_ok;
        if (*printed == 0 && !patience.wait()) return exit_ok;
        printed = tail->poll(print_line);
    }
    return report_error(printed.error());
}

}  // namespace

void add_journal_dump(CLI::App& journal, int& exit_code) {
    CLI::App* command =
        journal.add_subcommand("dump", "print every record as one JSON object on a line");
    auto flags = std::make_shared<RecordFlags>();
    auto count = std::make_shared<std::uint64_t>(~std::uint64_t{0});
    flags->add_to(*command);
    command->add_option("--count", *count, "at most so many records")->check(whole_number());
    command->callback([=, &exit_code] { exit_code = run_dump(*flags, *count); });
}

void add_journal_grep(CLI::App& journal, int& exit_code) {
    CLI::App* command = journal.add_subcommand(
        "grep", "print the records whose line of JSON has the pattern in it");
    auto flags = std::make_shared<GrepFlags>();
    command->add_option("pattern", flags->pattern, "an extended regular expression")
        ->required()
        ->type_name("PATTERN");
    flags->records.add_to(*command);
    command->add_flag("-F,--fixed", flags->how.fixed, "the pattern is the text itself");
    command->add_flag("-i,--ignore-case", flags->how.ignore_case, "'a' is 'A'");
    command->add_flag("-v,--invert", flags->inverted, "records without it");
    command->add_option("--count", flags->count, "at most so many records")->check(whole_number());
    command->footer("Exit codes: 0 found; 1 not found; 2 usage; 4 cannot be read; 8 damaged.");
    command->callback([flags, &exit_code] { exit_code = run_grep(*flags); });
}

void add_journal_tail(CLI::App& journal, int& exit_code) {
    CLI::App* command = journal.add_subcommand("tail", "print the last records, and then new ones");
    auto flags = std::make_shared<TailFlags>();
    flags->records.add_to(*command);
    command->add_option("-n,--last", flags->last, "so many of the records that are there")
        ->check(whole_number())
        ->capture_default_str();
    command->add_flag("-f,--follow", flags->follow,
                      "go on with what is written, until interrupted or nobody reads any more");
    command->callback([flags, &exit_code] { exit_code = run_tail(*flags); });
}

}  // namespace pawl::cli
