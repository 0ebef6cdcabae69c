// From addresses to sockets.
#include "engine/runtime/node_ways.hpp"

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "engine/replication/open_arbiter.hpp"
#include "engine/replication/reign.hpp"
#include "engine/replication/tcp_network.hpp"

namespace pawl::detail {

namespace {
// What is longer is a mistake; and far below what a clock of nanoseconds can hold.
constexpr std::chrono::milliseconds replication_time_max = std::chrono::hours(24);
}  // namespace

Status check(const ReplicationOptions& options) {
    const auto wrong = [](const std::string& sentence) {
        return Error{ErrorCode::usage, "replication: " + sentence};
    };
    const auto is_name = [](const std::string& name) { return replication::is_node_name(name); };
    if (!is_name(options.node))
        return wrong("node '" + options.node +
                     "' is no name: use 1 to 64 letters, digits, '.', '-', '_'");
    std::set<std::string> names{options.node};
    for (const ReplicationPeer& peer : options.peers) {
        if (!is_name(peer.name))
            return wrong("peer '" + peer.name +
                         "' is no name: use 1 to 64 letters, digits, '.', '-', '_'");
        if (!names.insert(peer.name).second)
            return wrong("the name '" + peer.name + "' is there twice: every node has its own");
        if (peer.address.empty())
            return wrong("peer '" + peer.name + "' has no address: say host:port");
    }
    if (options.peers.empty() && options.policy == ReplicationPolicy::strict)
        return wrong(
            "the policy strict waits for a standby and there are no peers: name one, or choose "
            "available");
    if (names.size() > replication::in_sync_max)
        return wrong(std::to_string(names.size()) + " nodes: at most " +
                     std::to_string(replication::in_sync_max));
    if (options.address.empty())
        return wrong("address is empty: say where peers find this node, host:port");
    if (options.arbiter.empty())
        return wrong("arbiter is empty: name an etcd://host:port/name, or a file:///path");
    if (options.fail_after < std::chrono::milliseconds(10) ||
        options.fail_after > replication_time_max)
        return wrong("fail_after is " + std::to_string(options.fail_after.count()) +
                     " ms: choose 10 ms to a day");
    if (options.heartbeat.count() < 1 || options.heartbeat > options.fail_after / 3)
        return wrong("heartbeat is " + std::to_string(options.heartbeat.count()) +
                     " ms: choose 1 ms to a third of fail_after");
    if (options.degrade_after <= options.fail_after ||
        options.degrade_after > 2 * replication_time_max)
        return wrong("degrade_after is " + std::to_string(options.degrade_after.count()) +
                     " ms: choose more than fail_after, at most two days");
    if (options.hand_over_within.count() < 1 || options.hand_over_within > replication_time_max)
        return wrong("hand_over_within is " + std::to_string(options.hand_over_within.count()) +
                     " ms: choose 1 ms to a day");
    if (options.compare_every.count() < 0 || options.compare_every > std::chrono::hours(1))
        return wrong("compare_every is " + std::to_string(options.compare_every.count()) +
                     " ms: choose 0 (never) to an hour");
    return Done{};
}

Result<NodeWays> open_ways(const ReplicationOptions& options, std::uint64_t boot,
                           replication::RandomSource random, journal::Storage& storage) {
    replication::LinkOptions link;
    link.boot = boot;
    link.connect_ns_max = std::chrono::nanoseconds(options.fail_after).count();
    const auto ends = std::make_shared<replication::LinkEnds>();
    link.ends = ends.get();
    auto network = replication::TcpNetwork::create(link, random);
    if (!network.ok()) return network.error();
    auto listener = (*network)->listen(options.address);
    if (!listener.ok()) return listener.error();
    auto arbiter =
        replication::open_arbiter(options.arbiter, replication::ArbiterOptions{}, storage);
    if (!arbiter.ok()) return arbiter.error();
    NodeWays ways;
    ways.ends = ends;
    ways.sleep = [network = network->get()](std::int64_t max_ns, int also_fd) {
        return network->wait(max_ns, also_fd);
    };
    ways.connector = std::move(*network);
    ways.listener = std::move(*listener);
    ways.arbiter = std::move(*arbiter);
    ways.random = std::move(random);
    return ways;
}

}  // namespace pawl::detail
