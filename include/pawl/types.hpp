// The words of the library: what is a sequence, a version, a position, a time. No behaviour.
#pragma once

#include <compare>
#include <cstdint>

namespace pawl {

// Names one aggregate of one type. The caller chooses it; the engine only routes by it.
using Id = std::uint64_t;

// What decides the shard: two ids with equal keys live on the same core.
struct ShardKey {
    std::uint64_t value = 0;
};

namespace detail {

// A number that does not mix with other numbers. Copies like an integer.
template <class Tag>
struct Number {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(Number, Number) = default;
};

}  // namespace detail

// Number of an event within a shard: dense, from 1. 0 = none yet.
using Sequence = detail::Number<struct SequenceTag>;
// Number of an event within one aggregate: dense, from 1. 0 = nothing ever happened to it.
using Version = detail::Number<struct VersionTag>;
// Byte address in a shard's stream: monotonic, a multiple of 8.
using Position = detail::Number<struct PositionTag>;
// Identifies a session: a 64-bit hash of its name. 0 = anonymous.
using SessionId = detail::Number<struct SessionTag>;
// Number of a command within its session: from 1, chosen by the client. 0 = anonymous.
using CommandNumber = detail::Number<struct CommandNumberTag>;

// Nanoseconds since 1970-01-01 UTC.
struct Time {
    std::int64_t ns = 0;
    friend constexpr auto operator<=>(Time, Time) = default;
};

// How safe a reply waits to be. Each level includes the ones before it.
enum class Durability : std::uint8_t {
    decided = 0,            // decided; lost with the process or safe, nobody can say
    journaled = 1,          // committed in the head: survives kill -9 of the process (default)
    synced = 2,             // on disk: survives loss of power
    replicated = 3,         // in the standby's head as well; needs replication
    replicated_synced = 4,  // on both disks; needs replication
};

// What became of a command that was offered to a lane. Only `accepted` promises a reply.
enum class Offer : std::uint8_t {
    accepted = 0,        // it is in the lane, it will be decided
    back_pressured = 1,  // the lane is full: try again later, or wait with submit()
    not_primary = 2,     // this node may not write (standby, or fenced)
    closed = 3,          // the engine drains or is closed
    disk_full = 4,    // no room for another segment: refused while what was begun can still finish
    malformed = 5,    // the command's own validate() said no, on this thread: nothing was sent
    unavailable = 6,  // the asked durability needs a standby (or a journal) and there is none
};

// How far away a command is that an aggregate is told of in advance (its optional expect()).
enum class Comes : std::uint8_t {
    soon = 0,  // in this batch: fetch where to look
    next = 1,  // after a few others: what was fetched has arrived, fetch what it points to
    now = 2,   // after one other or none
};

// A readable word for each enumerator: "accepted", "back_pressured", ...
const char* to_string(Durability) noexcept;
const char* to_string(Offer) noexcept;

}  // namespace pawl
