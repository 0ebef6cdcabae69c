// From flags to the options of a node.
#include "cli/command/node_flags.hpp"

#include <chrono>
#include <filesystem>

#include "cli/command/commands.hpp"

namespace pawl::cli {

namespace {

Result<ReplicationPeer> peer_from(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
        return Error{ErrorCode::usage,
                     "peer '" + text +
                         "': say NAME=HOST:PORT, or NAME=HOST:PORT,HOST:PORT with "
                         "the address of its clients behind"};
    ReplicationPeer peer;
    peer.name = text.substr(0, equals);
    const std::size_t comma = text.find(',', equals);
    peer.address = text.substr(equals + 1, comma - (comma == std::string::npos ? 0 : equals + 1));
    if (comma != std::string::npos) peer.clients = text.substr(comma + 1);
    return peer;
}

}  // namespace

void NodeFlags::add_to(CLI::App& command, const std::string& peers_flag) {
    CLI::Option* const name =
        command
            .add_option("--node", node,
                        "this engine is one node of several with one history, and this is its name")
            ->type_name("NAME");
    CLI::Option* const keeper =
        command
            .add_option("--arbiter", arbiter,
                        "who says which node is primary: etcd://HOST:PORT[,HOST:PORT...]/KEY, or "
                        "file:///FOLDER for nodes on one machine")
            ->type_name("ADDRESS");
    CLI::Option* const own =
        command
            .add_option("--replicate", replicate, "where the other nodes find this one, HOST:PORT")
            ->type_name("HOST:PORT");
    name->needs(keeper)->needs(own);
    keeper->needs(name);
    own->needs(name);
    command
        .add_option(peers_flag, peers,
                    "another node: its name, where it replicates, and where its clients find it")
        ->type_name("NAME=HOST:PORT[,HOST:PORT]")
        ->delimiter(';')
        ->needs(name);
    command
        .add_option("--fail-after", fail_after_ms,
                    "milliseconds without a sign of life after which a standby takes over")
        ->check(CLI::Range(10, 3'600'000))
        ->capture_default_str()
        ->needs(name);
    command
        .add_option("--policy", policy,
                    "without its standby a primary goes on (available) or waits (strict)")
        ->check(CLI::IsMember(std::vector<std::string>{"available", "strict"}))
        ->capture_default_str()
        ->needs(name);
    command
        .add_flag("--accept-loss", accept_loss,
                  "when no node goes on by itself: this one has most of what is left, and what is "
                  "gone is accepted as gone")
        ->needs(name);
}

Result<EngineOptions> NodeFlags::options(const EngineFlags& engine, const std::string& listen,
                                         const std::string& secret, bool may_begin) const {
    EngineOptions options = engine.options();
    if (engine.durability_unsaid()) options.durability = Durability::replicated;
    // Nodes on one machine have one identity: each needs a place of its own in memory.
    if (engine.heads_unsaid()) options.heads += "/pawl-node-" + node;
    options.listen = listen;
    options.secret = secret;
    ReplicationOptions& replication = options.replication;
    replication.node = node;
    replication.address = replicate;
    replication.arbiter = arbiter;
    replication.secret = secret;
    replication.policy =
        policy == "strict" ? ReplicationPolicy::strict : ReplicationPolicy::available;
    const std::chrono::milliseconds fail_after(fail_after_ms);
    replication.fail_after = fail_after;
    replication.degrade_after = 2 * fail_after;
    replication.heartbeat = std::max(fail_after / 5, std::chrono::milliseconds(1));
    replication.hand_over_within = std::max(2 * fail_after, std::chrono::milliseconds(1000));
    std::error_code ignored;
    const auto manifest = std::filesystem::path(options.directory) / "manifest";
    replication.may_begin = may_begin && (begin || !std::filesystem::exists(manifest, ignored));
    for (const std::string& text : peers) {
        const Result<ReplicationPeer> peer = peer_from(text);
        if (!peer) return peer.error();
        replication.peers.push_back(*peer);
    }
    if (listen.empty())
        return Error{ErrorCode::usage,
                     "node " + node + ": say with --listen where clients find it"};
    return options;
}

}  // namespace pawl::cli
