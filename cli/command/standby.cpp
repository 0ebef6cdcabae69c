// pawl standby: a node that does not begin anything.
#include <memory>
#include <string>

#include "cli/command/commands.hpp"
#include "cli/command/engine_flags.hpp"
#include "cli/command/node_flags.hpp"
#include "cli/command/run_node.hpp"
#include "cli/command/secret_file.hpp"

namespace pawl::cli {

namespace {

struct StandbyFlags {
    EngineFlags engine;
    NodeFlags node;
    std::string listen;
    std::string secret_file;
};

int run_standby(const StandbyFlags& flags) {
    Result<std::string> secret = read_secret(flags.secret_file);
    if (!secret) return report_error(secret.error());
    const Result<EngineOptions> options =
        flags.node.options(flags.engine, flags.listen, *secret, false);
    return options ? run_node(*options, flags.node.accept_loss) : report_error(options.error());
}

}  // namespace

void add_standby(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand(
        "standby", "follow the primary of a matching core, and take over when it is gone");
    auto flags = std::make_shared<StandbyFlags>();
    flags->node.add_to(*command, "--primary");
    command->get_option("--node")->required();
    command->get_option("--primary")->required();
    command
        ->add_option("--listen", flags->listen,
                     "where clients find it when it is primary; until then they are told where the "
                     "primary is")
        ->required()
        ->type_name("HOST:PORT");
    command
        ->add_option("--secret-file", flags->secret_file,
                     "clients and nodes must know what is in it: 16 random bytes or more")
        ->type_name("FILE");
    flags->engine.add_to(*command, true);
    command->footer(
        "The same as 'pawl match --node', but it never begins a history: an empty directory is "
        "filled by the primary.\n"
        "SIGINT and SIGTERM end it; as primary it hands over first. Exit codes: as 'pawl match'.");
    command->callback([flags, &exit_code] { exit_code = run_standby(*flags); });
}

}  // namespace pawl::cli
