// Layout of what nodes say to each other. Knows bytes and ranges; not sockets, not records. The
// prose twin is docs/replication-protocol.md.
#pragma once

#include <cstdint>

namespace pawl::replication {

// What a frame carries. Numbers are never reused.
enum class MessageType : std::uint16_t {
    hello = 1,
};

// A readable word: "hello", "records", …; "unknown" for a number that is none.
const char* to_string(MessageType type) noexcept;

}  // namespace pawl::replication
