// What a client or an operator lives in: handed in, replaced by tests. Knows connectors and clocks;
// nothing of what is said.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/replication/handshake.hpp"
#include "engine/replication/link.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// Everything but `owner` outlives whoever lives in it; `owner` is let go last.
struct ClientWorld {
    replication::Connector& connector;
    std::function<std::int64_t()> now_ns;            // monotonic
    std::function<void(std::int64_t max_ns)> sleep;  // until a link can go on, or so long
    replication::RandomSource random;
    std::uint64_t boot = 0;  // as in the connector's LinkOptions
    std::shared_ptr<void> owner{};
};

// This machine's network and clock. An error: there is no network to be had.
Result<ClientWorld> tcp_world();

}  // namespace pawl::detail
