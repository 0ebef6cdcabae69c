// What an operator and a node say to each other, as values: encode writes, decode checks bytes and
// reads. Knows lengths and ranges; no role's meaning, no journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/replication/link.hpp"
#include "engine/replication/protocol.hpp"
#include "pawl/role.hpp"

namespace pawl::replication {

// As in protocol_messages.hpp: counts and lengths inside `fixed` are filled in by encode; spans and
// views that decode fills point into the payload.

struct StatusAsk {
    static constexpr MessageType type = MessageType::status_ask;
    BareFixed fixed{};
};
struct StatusTold {
    static constexpr MessageType type = MessageType::status_told;
    NodeStatus status;  // encode cuts `why` to reason_bytes_max and replaces what is not printable
};
struct HandOverAsk {
    static constexpr MessageType type = MessageType::hand_over_ask;
    std::string_view peer;  // empty: any that is in sync
};
struct HandOverTold {
    static constexpr MessageType type = MessageType::hand_over_told;
    std::uint16_t code = 0;  // 0: it is under way; else the ErrorCode of `text`
    std::string_view text;   // as StatusTold's `why`
};
struct RecordsAsk {
    static constexpr MessageType type = MessageType::records_ask;
    RecordsAskFixed fixed{};
};
// It may be encoded: positions in order and in range, not too many bytes, a shard that can be.
bool makes_sense(const RangeAskFixed& ask) noexcept;
struct RangeAsk {
    static constexpr MessageType type = MessageType::range_ask;
    RangeAskFixed fixed{};
};
// encode writes only the fixed part: the bytes go to Link::send beside the message.
struct RecordsTold {
    static constexpr MessageType type = MessageType::records_told;
    RecordsToldFixed fixed{};
    std::span<const std::byte> bytes;
};
struct RecordsEnd {
    static constexpr MessageType type = MessageType::records_end;
    RecordsEndFixed fixed{};
};

void encode(const StatusAsk& from, Message& to);
void encode(const StatusTold& from, Message& to);
void encode(const HandOverAsk& from, Message& to);
void encode(const HandOverTold& from, Message& to);
void encode(const RecordsAsk& from, Message& to);
void encode(const RangeAsk& from, Message& to);
void encode(const RecordsTold& from, Message& to);
void encode(const RecordsEnd& from, Message& to);

[[nodiscard]] bool decode(std::span<const std::byte> payload, StatusAsk& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, StatusTold& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, HandOverAsk& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, HandOverTold& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, RecordsAsk& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, RangeAsk& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, RecordsTold& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, RecordsEnd& to);

}  // namespace pawl::replication
