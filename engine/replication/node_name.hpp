// How long a node's name may be, on the wire and in the arbiter. Knows a number.
#pragma once

#include <cstddef>

namespace pawl::replication {

inline constexpr std::size_t node_name_bytes_max = 64;

}  // namespace pawl::replication
