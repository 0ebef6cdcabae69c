// The commands below 'pawl journal'. Knows their names only.
#pragma once

#include "cli/command/commands.hpp"

namespace pawl::cli {

void add_journal_dump(CLI::App& journal, int& exit_code);
void add_journal_grep(CLI::App& journal, int& exit_code);
void add_journal_tail(CLI::App& journal, int& exit_code);
void add_journal_verify(CLI::App& journal, int& exit_code);
void add_journal_stat(CLI::App& journal, int& exit_code);
void add_journal_diff(CLI::App& journal, int& exit_code);
void add_journal_heal(CLI::App& journal, int& exit_code);

}  // namespace pawl::cli
