// Links over TCP, from this process to anywhere.
#include "engine/client/client_world.hpp"

#include <chrono>
#include <utility>

#include "engine/replication/tcp_network.hpp"

namespace pawl::detail {

Result<ClientWorld> tcp_world() {
    replication::LinkOptions link;
    while (link.boot == 0) link.boot = replication::strong_random();
    link.payload_bytes_max = replication::payload_bytes_min;
    link.unsent_bytes_max = 2 * replication::payload_bytes_min;
    link.connect_ns_max = 1'000'000'000;
    auto network = replication::TcpNetwork::create(link, replication::strong_random);
    if (!network) return network.error();
    const std::shared_ptr<replication::TcpNetwork> tcp = std::move(*network);
    return ClientWorld{*tcp,
                       [] { return std::chrono::steady_clock::now().time_since_epoch().count(); },
                       [tcp = tcp.get()](std::int64_t max_ns) { tcp->wait(max_ns); },
                       replication::strong_random,
                       link.boot,
                       tcp};
}

}  // namespace pawl::detail
