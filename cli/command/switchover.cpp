// pawl switchover: another node becomes primary, and how long that takes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command/commands.hpp"
#include "cli/command/secret_file.hpp"
#include "cli/command/status.hpp"
#include "cli/report/json.hpp"
#include "cli/report/table.hpp"

namespace pawl::cli {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds call_patience{1000};
constexpr milliseconds short_patience{50};  // while nobody serves each call must be short
constexpr std::chrono::seconds longest{15};

struct SwitchoverFlags {
    std::vector<std::string> nodes;
    std::string to;
    std::string secret_file;
    bool json = false;
};

bool reigns(const NodeStatus& status) {
    return status.role == Role::primary;
}

void add_once(std::vector<std::string>& list, const std::string& address) {
    if (!address.empty() && std::find(list.begin(), list.end(), address) == list.end())
        list.push_back(address);
}

struct Primary {
    std::string address;
    Operator node;
    NodeStatus status;
};

// Among those named, and those that they name.
Result<Primary> find_primary(std::vector<std::string>& nodes, const std::string& secret) {
    Error why{ErrorCode::mismatch,
              "switchover: none of the nodes named is primary: name the "
              "client addresses of all nodes"};
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        Result<Operator> node = call_operator(nodes[i], secret, call_patience);
        if (!node) {
            why = node.error();
            continue;
        }
        const Result<NodeStatus> status = node->status();
        if (!status) {
            why = status.error();
            continue;
        }
        if (leads(status->role)) return Primary{nodes[i], std::move(*node), *status};
        add_once(nodes, status->primary_clients);
    }
    return why;
}

// The first node that says it is primary, of a later epoch than this.
std::optional<NodeStatus> next_primary(std::vector<std::string>& nodes, const std::string& secret,
                                       std::uint64_t epoch, Clock::time_point give_up,
                                       bool& called_off) {
    while (Clock::now() < give_up) {
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            Result<Operator> node = call_operator(nodes[i], secret, short_patience);
            if (!node) continue;
            const Result<NodeStatus> status = node->status();
            if (!status) continue;
            add_once(nodes, status->primary_clients);
            if (reigns(*status) && status->epoch > epoch) return *status;
            if (reigns(*status) && status->why.find("called off") != std::string::npos) {
                called_off = true;
                return *status;
            }
        }
    }
    return std::nullopt;
}

int run_switchover(const SwitchoverFlags& flags) {
    const Result<std::string> secret = read_secret(flags.secret_file);
    if (!secret) return report_error(secret.error());
    std::vector<std::string> nodes = flags.nodes;
    Result<Primary> primary = find_primary(nodes, *secret);
    if (!primary) return report_error(primary.error());
    const Clock::time_point begin = Clock::now();
    const Result<std::string> asked = primary->node.hand_over(flags.to);
    if (!asked) return report_error(asked.error());
    // The one that serves next is asked first.
    bool called_off = false;
    const std::optional<NodeStatus> next =
        next_primary(nodes, *secret, primary->status.epoch, begin + longest, called_off);
    const std::int64_t gap_ns = std::chrono::nanoseconds(Clock::now() - begin).count();
    if (!next)
        return report_error(Error{ErrorCode::timeout, "switchover to " + *asked +
                                                          ": no node named says that it is "
                                                          "primary: ask each with 'pawl "
                                                          "status'"});
    if (called_off)
        return report_error(
            Error{ErrorCode::timeout, "switchover to " + *asked + ": " + next->why +
                                          ": look at its lag with 'pawl status' and try again"});
    if (flags.json)
        std::printf("%s\n", JsonObject()
                                .add("from", primary->status.node)
                                .add("to", next->node)
                                .add("epoch", next->epoch)
                                .add("gap_ns", gap_ns)
                                .text()
                                .c_str());
    else
        std::printf(
            "%s is primary in epoch %llu, after %s (from the question to its answer as "
            "primary)\n",
            next->node.c_str(), static_cast<unsigned long long>(next->epoch),
            duration_text(gap_ns).c_str());
    return exit_ok;
}

}  // namespace

void add_switchover(CLI::App& app, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("switchover", "let another node be primary, without losing a command");
    auto flags = std::make_shared<SwitchoverFlags>();
    command->add_option("nodes", flags->nodes, "client addresses of the nodes, one or all")
        ->required()
        ->delimiter(',')
        ->type_name("HOST:PORT[,HOST:PORT...]");
    command->add_option("--to", flags->to, "the node that shall be primary; default: any in sync")
        ->type_name("NAME");
    command->add_option("--secret-file", flags->secret_file, "what the nodes' clients must know")
        ->type_name("FILE");
    command->add_flag("--json", flags->json, "print one JSON object");
    command->footer(
        "Commands are decided meanwhile, and wait for a moment at its end. A successor that does "
        "not catch up in its time: it is called off and the old primary goes on (exit code 11). "
        "While no arbiter answers the old primary goes on as well, and it may happen later.");
    command->callback([flags, &exit_code] { exit_code = run_switchover(*flags); });
}

}  // namespace pawl::cli
