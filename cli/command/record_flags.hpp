// Flags that say which records. Knows names and their checks; reads no journal.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "pawl/journal.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

struct RecordFlags {
    std::string directory;

    // DIR and every condition.
    void add_to(CLI::App& command);
    // What was asked for; sentences go to standard error. An error: a point in time that is none.
    Result<DumpOptions> options() const;

private:
    DumpOptions options_;
    std::string since_;
    std::string until_;
};

// One line on standard output.
void print_line(std::string_view line);

}  // namespace pawl::cli
