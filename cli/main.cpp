// The tool. Knows its commands by name, and nothing of what they do.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/command/commands.hpp"
#include "pawl/version.hpp"

namespace pawl::cli {

int report_error(const Error& error) {
    std::fprintf(stderr, "pawl: %s\n", error.sentence.c_str());
    return static_cast<int>(error.code);
}

}  // namespace pawl::cli

int main(int argc, char** argv) {
    CLI::App app("pawl: an event-sourced command engine");
    app.set_version_flag("--version", "pawl " PAWL_VERSION);
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "help for every command");
    int exit_code = pawl::cli::exit_ok;
    pawl::cli::add_match(app, exit_code);
    pawl::cli::add_day(app, exit_code);
    pawl::cli::add_journal(app, exit_code);
    pawl::cli::add_bench(app, exit_code);
    pawl::cli::add_counters(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        std::fprintf(stderr, "pawl: %s: see 'pawl --help'\n", error.what());
        return static_cast<int>(pawl::ErrorCode::usage);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pawl: %s: this is a bug, please report it\n", error.what());
        return 70;
    }
    return exit_code;
}
