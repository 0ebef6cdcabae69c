// pawl journal: look into any journal, without the program that wrote it.
#include "cli/command/journal_commands.hpp"

namespace pawl::cli {

void add_journal(CLI::App& app, int& exit_code) {
    CLI::App* journal = app.add_subcommand(
        "journal", "look into a journal, beside a running engine too; only heal changes anything");
    journal->require_subcommand(1);
    add_journal_dump(*journal, exit_code);
    add_journal_grep(*journal, exit_code);
    add_journal_tail(*journal, exit_code);
    add_journal_stat(*journal, exit_code);
    add_journal_verify(*journal, exit_code);
    add_journal_diff(*journal, exit_code);
    add_journal_heal(*journal, exit_code);
    journal->footer(
        "Exit codes: 0 done, clean, found, the same; 1 damage, nothing found, a difference; 2 "
        "usage; 4 cannot be read;\n"
        "8 damaged where it was to be read.");
}

}  // namespace pawl::cli
