// The tool's commands: each adds its flags to the app and runs when it is named. Knows no flag
// itself.
#pragma once

#include <CLI/CLI.hpp>

#include "pawl/result.hpp"

namespace pawl::cli {

// Exit codes of the tool. Those of an Error are its ErrorCode's number.
inline constexpr int exit_ok = 0;
inline constexpr int exit_difference = 1;  // ran, and what it checked is not so (verify, replay)
inline constexpr int exit_some_rejected =
    12;  // ran to the end; some commands of the input were rejected

// Each sets `exit_code` when its command runs.
void add_match(CLI::App& app, int& exit_code);
void add_standby(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_switchover(CLI::App& app, int& exit_code);
void add_feed(CLI::App& app, int& exit_code);
void add_day(CLI::App& app, int& exit_code);
void add_journal(CLI::App& app, int& exit_code);
void add_snapshot(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_counters(CLI::App& app, int& exit_code);

// Accepts digits only: "-5" is no count, though it would convert.
CLI::Validator whole_number();

// Prints the sentence on standard error; returns the code to exit with.
int report_error(const Error& error);

}  // namespace pawl::cli
