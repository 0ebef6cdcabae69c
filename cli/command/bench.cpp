// pawl bench: which programs, how long, where; then one table, or one JSON object per figure. Knows
// flags and printing; what is measured is in perf/.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command/commands.hpp"
#include "perf/figure.hpp"

namespace pawl::cli {
namespace {

struct BenchChoice {
    std::vector<std::string> names;
    perf::RunOptions run;
    bool json = false;
};

bool chosen(const BenchChoice& choice, const std::string& name) {
    if (choice.names.empty()) return true;
    for (const std::string& wanted : choice.names)
        if (wanted == name) return true;
    return false;
}

int run_bench(const BenchChoice& choice) {
    for (const perf::Program& program : perf::programs()) {
        if (!chosen(choice, program.name)) continue;
        if (!choice.json) std::printf("%s: %s\n", program.name, program.what);
        std::fflush(stdout);
        // The cores move: the machine is described as it was next to these figures.
        const std::string machine = perf::describe_machine();
        const auto figures = program.run(choice.run);
        if (!figures) return report_error(figures.error());
        if (choice.json) {
            std::fputs(perf::figures_json(figures.value(), machine).c_str(), stdout);
        } else {
            std::printf("%s\n%s\n", machine.c_str(), perf::figures_table(figures.value()).c_str());
        }
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
    auto choice = std::make_shared<BenchChoice>();
    CLI::App* bench = app.add_subcommand(
        "bench", "What this build does on this machine, beside what the machine could do at best");
    std::vector<std::string> known;
    std::string list = "Which programs; all of them when none is named.";
    for (const perf::Program& program : perf::programs()) {
        known.emplace_back(program.name);
        list += std::string("\n") + program.name + ": " + program.what;
    }
    bench->add_option("names", choice->names, list)
        ->check(CLI::IsMember(known))
        ->option_text("[NAME…]");
    bench->add_option("--seconds", choice->run.seconds, "About how long each measurement takes")
        ->check(CLI::Range(0.01, 3600.0))
        ->capture_default_str();
    bench
        ->add_option("--directory", choice->run.directory,
                     "Where journals are made, and removed again: the disk that is measured")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    bench
        ->add_option("--order-flow", choice->run.order_flow,
                     "For matching: files of one day in the format sse, an instrument each, played "
                     "beside the generated day")
        ->delimiter(',')
        ->check(CLI::ExistingFile)
        ->type_name("FILE[,FILE...]");
    bench->add_flag("--json", choice->json, "One JSON object per figure, one per line");
    bench->add_flag("--smoke", choice->run.tiny,
                    "Only show that it runs: the figures mean nothing");
    bench->callback([choice, &exit_code] { exit_code = run_bench(*choice); });
}

}  // namespace pawl::cli
