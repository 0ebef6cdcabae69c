// How a real node reaches others: TCP, and the arbiter at its address. Knows both; not what is
// said.
#pragma once

#include "engine/runtime/node.hpp"
#include "journal/storage.hpp"
#include "pawl/options.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// What cannot work whatever happens, in one sentence.
Status check(const ReplicationOptions& options);

// Opens the listener too. `storage` outlives them.
Result<NodeWays> open_ways(const ReplicationOptions& options, std::uint64_t boot,
                           replication::RandomSource random, journal::Storage& storage);

}  // namespace pawl::detail
