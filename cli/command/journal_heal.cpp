// pawl journal heal: puts damaged blocks back from a copy or from another node.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/command/journal_commands.hpp"
#include "cli/command/secret_file.hpp"
#include "cli/report/json.hpp"
#include "pawl/journal.hpp"
#include "pawl/operator.hpp"

namespace pawl::cli {

namespace {

struct HealFlags {
    std::string directory;
    std::string from;
    std::string secret_file;
    bool json = false;
};

Result<FetchRecords> source_of(const HealFlags& flags) {
    std::error_code ignored;
    if (std::filesystem::is_directory(flags.from, ignored)) return records_of_directory(flags.from);
    if (flags.from.find('/') != std::string::npos || flags.from.find(':') == std::string::npos)
        return Error{ErrorCode::io, flags.from +
                                        ": no such directory: say where a copy of the "
                                        "journal is, or HOST:PORT of a node"};
    Result<std::string> secret = read_secret(flags.secret_file);
    if (!secret) return secret.error();
    OperatorOptions node;
    node.address = flags.from;
    node.secret = *secret;
    return records_of_node(std::move(node));
}

void print(const HealReport& report, const std::string& directory) {
    for (const HealedBlock& block : report.healed)
        std::printf(
            "shard %u: %s: offset %llu: %llu bytes are what they were again, %s; what "
            "stood there is in %s\n",
            block.shard, block.path.c_str(), static_cast<unsigned long long>(block.offset_bytes),
            static_cast<unsigned long long>(block.bytes),
            block.fetched ? "with records from there" : "from what was readable here",
            block.quarantine_file.c_str());
    for (const std::string& sentence : report.left) std::printf("%s\n", sentence.c_str());
    std::printf("%s: %zu healed, %zu left\n", directory.c_str(), report.healed.size(),
                report.left.size());
}

std::string json_of(const HealReport& report) {
    JsonArray healed;
    JsonArray left;
    for (const HealedBlock& block : report.healed)
        healed.add(JsonObject()
                       .add("shard", block.shard)
                       .add("begin", block.begin.value)
                       .add("end", block.end.value)
                       .add("path", block.path)
                       .add("offset", block.offset_bytes)
                       .add("bytes", block.bytes)
                       .add("fetched", block.fetched)
                       .add("quarantine_file", block.quarantine_file));
    for (const std::string& sentence : report.left) left.add(sentence);
    return JsonObject().add("healed", healed).add("left", left).text();
}

int run_heal(const HealFlags& flags) {
    const Result<FetchRecords> source = source_of(flags);
    if (!source) return report_error(source.error());
    const Result<HealReport> report = journal_heal(flags.directory, *source);
    if (!report) return report_error(report.error());
    if (flags.json)
        std::printf("%s\n", json_of(*report).c_str());
    else
        print(*report, flags.directory);
    return report->left.empty() ? exit_ok : exit_difference;
}

}  // namespace

void add_journal_heal(CLI::App& journal, int& exit_code) {
    CLI::App* command = journal.add_subcommand(
        "heal", "put damaged blocks back, byte for byte, from a copy or another node");
    auto flags = std::make_shared<HealFlags>();
    command->add_option("directory", flags->directory, "the journal; nobody has it open")
        ->required()
        ->type_name("DIR");
    command
        ->add_option("--from", flags->from,
                     "another copy of it, or a node by its clients' address; either may be in use")
        ->required()
        ->type_name("DIR|HOST:PORT");
    command->add_option("--secret-file", flags->secret_file, "what the node's clients must know")
        ->type_name("FILE");
    command->add_flag("--json", flags->json, "print one JSON object");
    command->footer(
        "A block is put back only when the journal itself proves that it is the one: its records "
        "chain on,\nand the next block knows its name. What stood there is kept in "
        "DIR/quarantine.\nExit codes: 0 nothing is left; 1 something is; 2 usage; 4 cannot be "
        "read; 6 in use.");
    command->callback([flags, &exit_code] { exit_code = run_heal(*flags); });
}

}  // namespace pawl::cli
