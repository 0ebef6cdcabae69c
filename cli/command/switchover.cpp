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
constexpr milliseconds heard_lately{1000};

struct SwitchoverFlags {
    std::vector<std::string> nodes;
    std::string to;
    std::string secret_file;
    std::uint32_t within = 15;
    bool json = false;
};

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

enum class Change : std::uint8_t { happened, called_off, open };

struct Outcome {
    Change change = Change::open;
    std::optional<NodeStatus> leader;  // who leads, or did lately; null: nobody
};

// Asks until a node is primary in a later epoch than this.
Outcome next_primary(std::vector<std::string>& nodes, const std::string& secret,
                     std::uint64_t epoch, Clock::time_point give_up) {
    Outcome outcome;
    Clock::time_point heard{};
    while (Clock::now() < give_up) {
        if (Clock::now() - heard > heard_lately) outcome.leader.reset();
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            Result<Operator> node = call_operator(nodes[i], secret, short_patience);
            if (!node) continue;
            const Result<NodeStatus> status = node->status();
            if (!status) continue;
            add_once(nodes, status->primary_clients);
            if (leads(status->role)) {
                outcome.leader = *status;
                heard = Clock::now();
            }
            if (status->role != Role::primary) continue;
            if (status->epoch > epoch) return {Change::happened, *status};
            if (status->why.find("called off") != std::string::npos)
                return {Change::called_off, *status};
        }
    }
    return outcome;
}

Error did_not_happen(const std::string& to, const Outcome& outcome, std::uint32_t within) {
    std::string sentence = "switchover to " + to + ": ";
    if (outcome.change == Change::called_off)
        sentence += outcome.leader->why + ": look at its lag with 'pawl status' and try again";
    else if (outcome.leader)
        sentence += outcome.leader->node + " is " + to_string(outcome.leader->role) + " after " +
                    std::to_string(within) + " s: " + outcome.leader->why +
                    ": it may still happen: look with 'pawl status'";
    else
        sentence += "no node named says that it is primary: ask each with 'pawl status'";
    return Error{ErrorCode::timeout, sentence};
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
    const Outcome outcome = next_primary(nodes, *secret, primary->status.epoch,
                                         begin + std::chrono::seconds(flags.within));
    const std::int64_t gap_ns = std::chrono::nanoseconds(Clock::now() - begin).count();
    if (outcome.change != Change::happened)
        return report_error(did_not_happen(*asked, outcome, flags.within));
    const NodeStatus& next = *outcome.leader;
    if (flags.json)
        std::printf("%s\n", JsonObject()
                                .add("from", primary->status.node)
                                .add("to", next.node)
                                .add("epoch", next.epoch)
                                .add("gap_ns", gap_ns)
                                .text()
                                .c_str());
    else
        std::printf(
            "%s is primary in epoch %llu, after %s (from the question to its answer as "
            "primary)\n",
            next.node.c_str(), static_cast<unsigned long long>(next.epoch),
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
    command->add_option("--within", flags->within, "seconds in which it should have happened")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    command->add_flag("--json", flags->json, "print one JSON object");
    command->footer(
        "Commands are decided meanwhile, and wait for a moment at its end. A successor that does "
        "not catch up in its time: it is called off and the old primary goes on (exit code 11). "
        "While no arbiter answers the old primary goes on as well, and it may happen later: after "
        "--within seconds it is said what it waits for.");
    command->callback([flags, &exit_code] { exit_code = run_switchover(*flags); });
}

}  // namespace pawl::cli
