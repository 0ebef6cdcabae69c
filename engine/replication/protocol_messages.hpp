// The messages as values: encode writes them into a Message, decode checks bytes and reads them.
// Knows lengths, counts and ranges; not what a message makes a node do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/replication/link.hpp"
#include "engine/replication/protocol.hpp"

namespace pawl::replication {

// Each has the fixed part of protocol.hpp and what follows it. Counts and lengths inside `fixed`
// are filled in by encode; everything else is the caller's. Spans and views that decode fills
// point into the payload.

struct Hello {
    static constexpr MessageType type = MessageType::hello;
    HelloFixed fixed{};
    std::string_view name;
};
struct Challenge {
    static constexpr MessageType type = MessageType::challenge;
    ChallengeFixed fixed{};
    std::string_view name;
};
struct Proof {
    static constexpr MessageType type = MessageType::proof;
    ProofFixed fixed{};
};
struct Welcome {
    static constexpr MessageType type = MessageType::welcome;
    WelcomeFixed fixed{};
};
struct Refused {
    static constexpr MessageType type = MessageType::refused;
    Refusal reason = Refusal::other;
    std::string_view text;  // encode cuts it to reason_bytes_max and replaces what is not printable
};
struct Bye {
    static constexpr MessageType type = MessageType::bye;
    std::string_view text;  // as in Refused
};
struct Heartbeat {
    static constexpr MessageType type = MessageType::heartbeat;
    HeartbeatFixed fixed{};
    std::vector<StreamEnd> ends;  // all shards in order, or none
};
struct Remains {
    static constexpr MessageType type = MessageType::remains;
    RemainsFixed fixed{};
    std::vector<StreamEnd> ends;  // all shards in order; none: there is no stream
};
struct History {
    static constexpr MessageType type = MessageType::history;
    HistoryFixed fixed{};
    std::vector<ReignBegin> reigns;  // oldest first
};
struct Positions {
    static constexpr MessageType type = MessageType::positions;
    PositionsFixed fixed{};
    std::vector<ShardPositions> shards;
};
struct DirectoryShape {
    static constexpr MessageType type = MessageType::directory;
    DirectoryFixed fixed{};
    std::string_view schema_text;
};
struct PartPoint {
    static constexpr MessageType type = MessageType::part_point;
    PartPointFixed fixed{};
};
// encode writes only the fixed part: give `bytes` to Link::send beside the message.
struct Records {
    static constexpr MessageType type = MessageType::records;
    RecordsFixed fixed{};
    std::span<const std::byte> bytes;
};
struct SnapshotBegin {
    static constexpr MessageType type = MessageType::snapshot_begin;
    SnapshotBeginFixed fixed{};
    std::vector<ReignBegin> reigns;
};
// As Records: `bytes` goes to Link::send.
struct SnapshotChunk {
    static constexpr MessageType type = MessageType::snapshot_chunk;
    SnapshotChunkFixed fixed{};
    std::span<const std::byte> bytes;
};
struct SnapshotEnd {
    static constexpr MessageType type = MessageType::snapshot_end;
    SnapshotEndFixed fixed{};
};
struct TraceAsk {
    static constexpr MessageType type = MessageType::trace_ask;
    TraceAskFixed fixed{};
};
struct TraceTold {
    static constexpr MessageType type = MessageType::trace_told;
    TraceToldFixed fixed{};
    std::vector<std::uint32_t> halves;
};
struct ReignTold {
    static constexpr MessageType type = MessageType::reign_told;
    ReignToldFixed fixed{};
    std::string_view text;  // of a reign: at least one byte, at most reign_text_bytes_max
};
struct SyncAsk {
    static constexpr MessageType type = MessageType::sync_ask;
    SyncAskFixed fixed{};
};

// Writes type and body; `to.epoch` stays the caller's. Asserts what decode would refuse.
void encode(const Hello& from, Message& to);
void encode(const Challenge& from, Message& to);
void encode(const Proof& from, Message& to);
void encode(const Welcome& from, Message& to);
void encode(const Refused& from, Message& to);
void encode(const Bye& from, Message& to);
void encode(const Heartbeat& from, Message& to);
void encode(const Remains& from, Message& to);
void encode(const History& from, Message& to);
void encode(const Positions& from, Message& to);
void encode(const DirectoryShape& from, Message& to);
void encode(const PartPoint& from, Message& to);
void encode(const Records& from, Message& to);
void encode(const SnapshotBegin& from, Message& to);
void encode(const SnapshotChunk& from, Message& to);
void encode(const SnapshotEnd& from, Message& to);
void encode(const TraceAsk& from, Message& to);
void encode(const TraceTold& from, Message& to);
void encode(const ReignTold& from, Message& to);
void encode(const SyncAsk& from, Message& to);

// Reads the payload of a frame of the right type. False: lengths, counts, ranges or zero bytes are
// not as protocol.hpp says; `to` is then of no use. A count is compared with the bytes that are
// there before anything is allocated. Vectors in `to` keep their memory: reuse one.
[[nodiscard]] bool decode(std::span<const std::byte> payload, Hello& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Challenge& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Proof& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Welcome& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Refused& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Bye& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Heartbeat& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Remains& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, History& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Positions& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, DirectoryShape& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, PartPoint& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Records& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, SnapshotBegin& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, SnapshotChunk& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, SnapshotEnd& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, TraceAsk& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, TraceTold& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, ReignTold& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, SyncAsk& to);

}  // namespace pawl::replication
