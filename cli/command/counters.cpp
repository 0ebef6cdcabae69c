// pawl counters: what a running engine counts, read from its shared memory.
#include "pawl/counters.hpp"

#include <cstdio>
#include <memory>
#include <string>

#include "cli/command/commands.hpp"
#include "cli/report/json.hpp"
#include "cli/report/table.hpp"

namespace pawl::cli {

namespace {

int run_counters(const std::string& directory, bool json) {
    const auto counters = read_counters(directory);
    if (!counters) return report_error(counters.error());
    JsonObject object;
    Table table({"counter", "value"});
    for (const NamedCounter& counter : *counters) {
        object.add(counter.name, counter.value);
        if (counter.value != 0) table.add_row({counter.name, count_text(counter.value)});
    }
    std::fputs(json ? (object.text() + "\n").c_str() : table.text().c_str(), stdout);
    return exit_ok;
}

}  // namespace

void add_counters(CLI::App& app, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("counters", "show what the engine that runs on a directory counts");
    auto directory = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    command->add_option("directory", *directory, "the journal")->required()->type_name("DIR");
    command->add_flag("--json", *json, "print one JSON object, zeros too");
    command->callback([=, &exit_code] { exit_code = run_counters(*directory, *json); });
}

}  // namespace pawl::cli
