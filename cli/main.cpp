// The tool. Knows its commands by name, and nothing of what they do.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "cli/command/commands.hpp"
#include "pawl/version.hpp"

namespace pawl::cli {

CLI::Validator whole_number() {
    return CLI::Validator(
        [](const std::string& text) {
            const bool whole =
                !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
            return whole ? std::string() : "'" + text + "' is not a whole number";
        },
        "");
}

int report_error(const Error& error) {
    std::fprintf(stderr, "pawl: %s\n", error.sentence.c_str());
    return static_cast<int>(error.code);
}

namespace {

// A closed standard descriptor would be given to the next file that is opened, and what is printed
// would go into a journal.
void keep_standard_descriptors() {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor)
        if (::fcntl(descriptor, F_GETFD) == -1 && errno == EBADF)
            // The other direction than the descriptor's own: using it is an error, as before.
            (void)::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// "pawl match" when its flags are wrong, "pawl" when there is no such command.
std::string command_of(const CLI::App& app) {
    std::string name = app.get_name().empty() ? "pawl" : app.get_name();
    for (const CLI::App* next : app.get_subcommands()) name += " " + command_of(*next);
    return name;
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
    const std::string command = command_of(app);
    const std::vector<std::string> unknown = app.remaining(true);
    if (unknown.empty())
        std::fprintf(stderr, "pawl: %s: see '%s --help'\n", error.what(), command.c_str());
    else
        std::fprintf(stderr, "pawl: '%s' is not known to '%s': see '%s --help'\n",
                     unknown.front().c_str(), command.c_str(), command.c_str());
    return static_cast<int>(ErrorCode::usage);
}

// What was printed must have arrived. The first failure counts.
int finish_output(int exit_code) {
    errno = 0;
    const bool arrived = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (arrived || exit_code != exit_ok) return exit_code;
    std::fprintf(stderr,
                 "pawl: standard output: cannot write: %s: what was asked for is done; run the "
                 "same command again to see it\n",
                 errno != 0 ? std::strerror(errno) : "an earlier write failed");
    return static_cast<int>(ErrorCode::io);
}

}  // namespace

}  // namespace pawl::cli

int main(int argc, char** argv) {
    pawl::cli::keep_standard_descriptors();
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a failed write, with a sentence
    CLI::App app("pawl: an event-sourced command engine");
    app.name("pawl");  // in help and sentences, however it was called
    app.set_version_flag("--version", "pawl " PAWL_VERSION);
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "help for every command");
    int exit_code = pawl::cli::exit_ok;
    pawl::cli::add_match(app, exit_code);
    pawl::cli::add_standby(app, exit_code);
    pawl::cli::add_status(app, exit_code);
    pawl::cli::add_switchover(app, exit_code);
    pawl::cli::add_feed(app, exit_code);
    pawl::cli::add_day(app, exit_code);
    pawl::cli::add_journal(app, exit_code);
    pawl::cli::add_snapshot(app, exit_code);
    pawl::cli::add_replay(app, exit_code);
    pawl::cli::add_bench(app, exit_code);
    pawl::cli::add_counters(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() != 0) return pawl::cli::report_usage(app, error);
        exit_code = app.exit(error);  // --help, --version
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pawl: %s: this is a bug, please report it\n", error.what());
        return 70;
    }
    return pawl::cli::finish_output(exit_code);
}
