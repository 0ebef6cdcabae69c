// What a decision says: accept, or reject with a reason of the aggregate's own. Knows no state and
// no journal.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "pawl/detail/assert.hpp"

namespace pawl {

// What became of a command that was decided. Numbers are those of the records on disk.
enum class Outcome : std::uint8_t {
    accepted = 1,  // its events happened
    rejected = 2,  // the aggregate said no, with its own reason
    refused = 3,   // the engine said no: see Refusal
};

// Why the engine itself refused a command. The aggregate's own reasons are its own enum.
enum class Refusal : std::uint16_t {
    version_conflict =
        1,  // expected_version was not the aggregate's: Reply::version() has the current one
    decision_threw = 2,    // decide threw: nothing happened, the next command is unharmed
    record_too_large = 3,  // the events do not fit one record (EngineOptions::record_bytes_max)
    foreign_shard = 4,     // emit_to/peek reached for an aggregate that another shard owns
    number_forgotten =
        5,  // a retry older than the session's window: it does not act, its answer is gone
    too_many_sessions = 6,  // EngineOptions::sessions_max sessions are known to this shard already
    unknown_command = 7,    // a command type this engine does not have (byte commands, old clients)
    closed = 8,             // never decided: the engine drains or is closed
    disk_full = 9,          // never decided: no room for what would follow
    malformed = 10,         // never decided: validate() said no on the caller's thread
    back_pressured = 11,    // never decided: the lane stayed full until the deadline
    engine_failed =
        12,  // the outcome is unknown: the engine stopped before the asked durability was reached
    foreign_type = 13,     // emit_to or peek named an aggregate type that this engine does not have
    unavailable = 14,      // never decided: the asked durability needs a standby and there is none
    outcome_unknown = 15,  // of a client: nobody has answered yet; it may have been decided, or be
                           // decided still: a later answer, or status(), tells
};
const char* to_string(Refusal) noexcept;
const char* to_string(Outcome) noexcept;

// The result of decide(). Make one with pawl::accept or pawl::reject(Reason::…).
class Verdict {
public:
    constexpr Verdict() = default;  // accepted
    constexpr explicit Verdict(std::uint16_t reason) : reason_(reason) {}
    constexpr bool accepted() const noexcept { return reason_ == 0; }
    constexpr std::uint16_t reason() const noexcept { return reason_; }

private:
    std::uint16_t reason_ = 0;
};

inline constexpr Verdict accept{};

// A rejection. `Reason` is the aggregate's own enum with values 1…65535; 0 would mean acceptance.
template <class Reason>
    requires std::is_enum_v<Reason>
constexpr Verdict reject(Reason reason) {
    static_assert(sizeof(Reason) <= 2,
                  "a reason is an enum of at most 16 bits: enum class Reason : std::uint16_t");
    PAWL_ASSERT(static_cast<std::uint16_t>(reason) != 0);
    return Verdict(static_cast<std::uint16_t>(reason));
}

}  // namespace pawl
