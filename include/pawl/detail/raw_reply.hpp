// A reply as it travels from shard to caller: plain bytes. Knows no user type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "pawl/types.hpp"
#include "pawl/verdict.hpp"

namespace pawl::detail {

// RawReply::status.
inline constexpr std::uint8_t raw_status_unknown = 0;
inline constexpr std::uint8_t raw_status_pending = 1;    // decided, not yet as safe as asked
inline constexpr std::uint8_t raw_status_answered = 2;   // see outcome
inline constexpr std::uint8_t raw_status_forgotten = 3;  // older than the session's window

struct RawReply {
    std::uint64_t token = 0;     // what the sender put into its message
    std::uint64_t number = 0;    // of the command in its session
    std::uint64_t version = 0;   // of the aggregate
    std::uint64_t sequence = 0;  // of the first event
    std::uint64_t position = 0;  // of the record; no_record when there is none
    std::uint64_t end = 0;       // of the record: what the gate waits for
    std::uint32_t shard = 0;
    std::uint16_t reason = 0;
    std::uint16_t event_count = 0;
    Outcome outcome = Outcome::refused;
    Durability durability = Durability::decided;
    bool repeat = false;                       // the first outcome of a command that was sent again
    std::uint8_t status = raw_status_unknown;  // of a status question
    std::uint32_t spare = 0;

    static constexpr std::uint64_t no_record = ~std::uint64_t{0};
};
static_assert(sizeof(RawReply) == 64);

// Room for replies that are about to be copied in: nothing is initialised, because a poll that
// finds none should cost nothing.
template <std::size_t count>
class RawReplyRoom {
public:
    RawReply* data() noexcept { return reinterpret_cast<RawReply*>(bytes_); }
    static constexpr std::size_t size() noexcept { return count; }
    const RawReply& operator[](std::size_t i) noexcept { return data()[i]; }

private:
    static_assert(std::is_trivially_copyable_v<RawReply>);
    alignas(RawReply) std::byte bytes_[count * sizeof(RawReply)];
};

}  // namespace pawl::detail
