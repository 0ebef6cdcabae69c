// An operator on this machine's network and clock.
#include <chrono>

#include "engine/client/operator_call.hpp"
#include "engine/replication/tcp_network.hpp"

namespace pawl::detail {

namespace {

constexpr std::int64_t connect_ns_max = 1'000'000'000;

std::int64_t steady_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

Result<std::unique_ptr<OperatorLink>> open_operator(const OperatorOptions& options) {
    if (auto normal = replication::normal_tcp_address(options.address); !normal)
        return normal.error();
    if (Status checked = replication::check_secret(options.secret); !checked)
        return checked.error();
    if (options.patience.count() < 1 || options.open_within.count() < 1)
        return Error{ErrorCode::usage, "operator: open_within and patience are at least 1 ns"};
    replication::LinkOptions link;
    while (link.boot == 0) link.boot = replication::strong_random();
    link.payload_bytes_max = replication::payload_bytes_min;
    link.unsent_bytes_max = 2 * replication::payload_bytes_min;
    link.connect_ns_max = connect_ns_max;
    auto network = replication::TcpNetwork::create(link, replication::strong_random);
    if (!network) return network.error();
    const std::shared_ptr<replication::TcpNetwork> tcp = std::move(*network);
    auto call = std::make_unique<OperatorCall>(
        options, OperatorWorld{*tcp, steady_ns,
                               [tcp = tcp.get()](std::int64_t max_ns) { tcp->wait(max_ns); },
                               replication::strong_random, link.boot, tcp});
    if (Status connected = call->connect(); !connected) return connected.error();
    return std::unique_ptr<OperatorLink>(std::move(call));
}

}  // namespace pawl::detail
