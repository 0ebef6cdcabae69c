// pawl status: what a node says of itself, or what a directory shows without its program.
#include "cli/command/status.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>

#include "cli/command/commands.hpp"
#include "cli/command/secret_file.hpp"
#include "cli/report/json.hpp"
#include "cli/report/table.hpp"
#include "journal/inspect.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::cli {

namespace {

struct StatusFlags {
    std::string target;
    std::string secret_file;
    std::uint32_t within = 3;
    bool json = false;
};

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
    return all;
}

// What a directory shows of one shard.
struct ShardStatus {
    std::uint64_t durable = 0;    // position
    std::uint64_t committed = 0;  // position
    std::uint64_t commands = 0;   // between the two
};

// Commands whose records only memory has.
std::uint64_t commands_between(const journal::HeadRemains& head, Position from, Position end) {
    std::array<std::byte, sizeof(pawl::detail::RecordHeader)> bytes;
    std::uint64_t commands = 0;
    while (from < end && from >= head.first() && head.copy(from, bytes)) {
        const auto& header = pawl::detail::RecordView(bytes.data()).header();
        using Kind = pawl::detail::RecordKind;
        const Kind kind = header.kind();
        if (header.length < sizeof header || header.length % 8 != 0) break;
        if (kind == Kind::accepted || kind == Kind::rejected || kind == Kind::refused ||
            kind == Kind::fact)
            ++commands;
        from.value += header.length;
    }
    return commands;
}

ShardStatus status_of(journal::Storage& storage, const journal::Looked& looked,
                      std::uint32_t shard) {
    const journal::ShardLook look = journal::look_at_head(storage, looked, shard);
    ShardStatus status;
    const journal::Manifest& manifest = looked.manifest;
    if (look.head_current) {
        status.durable = look.head.synced().value;
        status.committed = look.head.committed().value;
        status.commands = commands_between(look.head, look.head.synced(), look.head.committed());
    } else if (!manifest.clean.empty()) {
        status.durable = status.committed = manifest.clean[shard].position.value;
    } else if (!manifest.epochs.empty()) {
        status.durable = status.committed = manifest.epochs.back().positions[shard].value;
    }
    return status;
}

int status_of_directory(const StatusFlags& flags) {
    journal::PosixStorage storage;
    const auto looked = journal::look_at_directory(storage, flags.target);
    if (!looked) return report_error(looked.error());
    const journal::Manifest& manifest = looked->manifest;
    std::error_code ignored;
    const auto folder = std::filesystem::path(flags.target);
    const bool may_have_lost = std::filesystem::exists(folder / "may_have_lost", ignored);
    const char* const state = looked->live              ? "running"
                              : !manifest.clean.empty() ? "closed"
                                                        : "not closed";
    JsonArray shards;
    Table table({"shard", "on disk up to", "only in memory", "commands at risk"});
    std::uint64_t at_risk = 0;
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard) {
        const ShardStatus one = status_of(storage, *looked, shard);
        at_risk += one.commands;
        shards.add(JsonObject()
                       .add("shard", shard)
                       .add("durable", one.durable)
                       .add("committed", one.committed)
                       .add("commands_at_risk", one.commands));
        table.add_row({std::to_string(shard), count_text(one.durable),
                       bytes_text(one.committed - one.durable), count_text(one.commands)});
    }
    if (flags.json) {
        std::printf("%s\n", JsonObject()
                                .add("directory", flags.target)
                                .add("state", state)
                                .add("holder", looked->holder)
                                .add("epoch", manifest.epoch())
                                .add("may_have_lost", may_have_lost)
                                .add("commands_at_risk", at_risk)
                                .add("shards", shards)
                                .text()
                                .c_str());
        return exit_ok;
    }
    std::printf("%s: %s%s%s\n", flags.target.c_str(), state, looked->live ? ", by " : "",
                looked->live ? looked->holder.c_str() : "");
    std::fputs(table.text().c_str(), stdout);
    if (at_risk != 0)
        std::printf(
            "%s commands are in this machine's memory only: a loss of its power loses them "
            "here\n",
            count_text(at_risk).c_str());
    if (may_have_lost)
        std::printf(
            "this copy may lack what it has acknowledged: it follows, and takes over only "
            "when it has everything again\n");
    return exit_ok;
}

int run_status(const StatusFlags& flags) {
    std::error_code ignored;
    const bool directory = flags.target.find('/') != std::string::npos ||
                           flags.target.find(':') == std::string::npos ||
                           std::filesystem::is_directory(flags.target, ignored);
    if (directory) return status_of_directory(flags);
    const Result<std::string> secret = read_secret(flags.secret_file);
    if (!secret) return report_error(secret.error());
    Result<Operator> node =
        call_operator(flags.target, *secret, std::chrono::seconds(flags.within));
    if (!node) return report_error(node.error());
    const Result<NodeStatus> status = node->status();
    if (!status) return report_error(status.error());
    if (flags.json)
        std::printf("%s\n", status_json(*status).c_str());
    else
        std::fputs(status_text(*status).c_str(), stdout);
    return exit_ok;
}

}  // namespace

Result<Operator> call_operator(const std::string& address, const std::string& secret,
                               std::chrono::milliseconds patience) {
    OperatorOptions options;
    options.address = address;
    options.secret = secret;
    options.open_within = options.patience = patience;
    return Operator::open(options);
}

std::string status_json(const NodeStatus& status) {
    JsonArray in_sync;
    for (const std::string& name : status.in_sync) in_sync.add(name);
    return JsonObject()
        .add("node", status.node)
        .add("role", to_string(status.role))
        .add("epoch", status.epoch)
        .add("primary", status.primary)
        .add("primary_clients", status.primary_clients)
        .add("in_sync", in_sync)
        .add("lag_bytes", status.lag_bytes)
        .add("age_ns", static_cast<std::int64_t>(status.age.count()))
        .add("lag_ns", static_cast<std::int64_t>(status.lag.count()))
        .add("commands_at_risk", status.commands_at_risk)
        .add("why", status.why)
        .text();
}

std::string status_text(const NodeStatus& status) {
    const bool reigns = leads(status.role);
    std::string text = (status.node.empty() ? std::string("the engine") : "node " + status.node) +
                       " is " + to_string(status.role) + ": " + status.why + "\n";
    if (status.node.empty()) return text;
    text += "epoch      " + std::to_string(status.epoch) + ", primary " +
            (status.primary.empty() ? "unknown" : status.primary) +
            (status.primary_clients.empty() ? "" : ", clients at " + status.primary_clients) + "\n";
    text += "in sync    " + joined(status.in_sync);
    if (reigns && status.in_sync.size() == 1)
        text += "   (no other node has everything: what this one answers is on one disk)";
    text += "\nlag        " + bytes_text(status.lag_bytes) +
            (reigns ? " that the slowest standby has not received"
                    : " that this copy has not applied") +
            (status.lag.count() > 0 ? ", for " + duration_text(status.lag.count()) : "") + "\n";
    if (status.commands_at_risk >= 0)
        text += "at risk    " + count_text(static_cast<std::uint64_t>(status.commands_at_risk)) +
                " commands" +
                (status.in_sync.size() > 1 ? " that not every node of the set has\n"
                                           : " that are in this machine's memory only\n");
    if (status.age.count() >= 0) text += "age        " + duration_text(status.age.count()) + "\n";
    return text;
}

void add_status(CLI::App& app, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("status",
                           "what a node is and how far its copy is, or what a directory "
                           "shows of it");
    auto flags = std::make_shared<StatusFlags>();
    command->add_option("target", flags->target, "a node's client address, or a directory")
        ->required()
        ->type_name("HOST:PORT|DIR");
    command->add_option("--secret-file", flags->secret_file, "what the node's clients must know")
        ->type_name("FILE");
    command->add_option("--within", flags->within, "seconds in which the node must answer")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    command->add_flag("--json", flags->json, "print one JSON object");
    command->callback([flags, &exit_code] { exit_code = run_status(*flags); });
}

}  // namespace pawl::cli
