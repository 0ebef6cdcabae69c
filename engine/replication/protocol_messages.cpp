// Encodes and decodes the messages. The checks of decode are what encode asserts.
#include "engine/replication/protocol_messages.hpp"

#include <algorithm>
#include <cstring>

#include "engine/replication/message_bytes.hpp"
#include "engine/replication/reign.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {

using namespace message_bytes;

namespace {

constexpr std::uint64_t position_max = std::uint64_t{1} << 62;

bool good_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= node_name_bytes_max &&
           std::all_of(name.begin(), name.end(), [](char c) { return printable(c) && c != ' '; });
}

bool good_text(std::string_view text) noexcept {
    return text.size() <= reason_bytes_max && std::all_of(text.begin(), text.end(), printable);
}

bool good_position(std::uint64_t position) noexcept {
    return position % 8 == 0 && position <= position_max;
}

bool good(const NodeFacts& facts) noexcept {
    const bool no_directory = facts.identity == journal::Identity{};
    if (no_directory && (facts.schema_hash != 0 || facts.router_hash != 0)) return false;
    return facts.reserved == 0 && facts.shards <= shards_max && no_directory == (facts.shards == 0);
}

bool good(Purpose purpose) noexcept {
    return purpose >= Purpose::stream && purpose <= Purpose::operation;
}

bool good(const HelloFixed& fixed) noexcept {
    return fixed.version_min >= 1 && fixed.version_min <= fixed.version_max && good(fixed.facts) &&
           !all_zero(fixed.nonce) && good(fixed.purpose) && fixed.proof <= ProofKind::hmac_sha256 &&
           all_zero(fixed.reserved);
}

bool good(const ChallengeFixed& fixed) noexcept {
    return fixed.version >= 1 && fixed.proof <= ProofKind::hmac_sha256 && fixed.reserved == 0 &&
           good(fixed.facts) && !all_zero(fixed.echo) && !all_zero(fixed.nonce);
}

bool good(const std::vector<StreamEnd>& ends) noexcept {
    return ends.size() <= shards_max && std::all_of(ends.begin(), ends.end(), [](const auto& end) {
               return good_position(end.position) && end.reserved == 0;
           });
}

// Both numbers grow; each reign's record lies below `end`.
bool good(const std::vector<ReignBegin>& reigns, std::uint64_t end) noexcept {
    if (reigns.size() > reigns_max) return false;
    const ReignBegin* before = nullptr;
    for (const ReignBegin& reign : reigns) {
        if (!good_position(reign.position) || reign.epoch == 0 || reign.position >= end)
            return false;
        if (before != nullptr &&
            (reign.epoch <= before->epoch || reign.position <= before->position))
            return false;
        before = &reign;
    }
    return true;
}

bool good(const HeartbeatFixed& fixed) noexcept {
    return fixed.sent_ns >= 0 && fixed.echo_ns >= 0 && fixed.reserved == 0;
}

bool good(const RemainsFixed& fixed) noexcept {
    return fixed.only_memory <= 1 && all_zero(fixed.reserved);
}

bool good(const HistoryFixed& fixed) noexcept {
    return good_position(fixed.end) && fixed.shard < shards_max && fixed.reserved == 0;
}

bool good(const std::vector<ShardPositions>& shards) noexcept {
    return !shards.empty() && shards.size() <= shards_max &&
           std::all_of(shards.begin(), shards.end(), [](const ShardPositions& shard) {
               return good_position(shard.received) && good_position(shard.synced) &&
                      good_position(shard.applied) && shard.synced <= shard.received &&
                      shard.applied <= shard.received;
           });
}

bool good(const DirectoryFixed& fixed) noexcept {
    return fixed.identity != journal::Identity{} && fixed.shards >= 1 &&
           fixed.shards <= shards_max && fixed.schema_bytes <= schema_bytes_max &&
           fixed.segment_bytes >= journal::segment_bytes_min &&
           fixed.segment_bytes % journal::block_alignment_bytes == 0 &&
           fixed.segment_bytes <= journal::segment_bytes_limit &&
           fixed.head_bytes >= journal::head_bytes_min && fixed.head_bytes <= position_max &&
           std::has_single_bit(fixed.head_bytes);
}

bool good(const PartPointFixed& fixed) noexcept {
    return good_position(fixed.position) && fixed.shard < shards_max;
}

bool good(const RecordsFixed& fixed) noexcept {
    return good_position(fixed.position) && fixed.sent_ns >= 0 && fixed.shard < shards_max;
}

bool good(const SnapshotBeginFixed& fixed) noexcept {
    return good_position(fixed.position) && fixed.position != 0 && fixed.body_bytes != 0 &&
           fixed.body_bytes <= position_max && fixed.shard < shards_max && fixed.reserved == 0;
}

bool good(const SnapshotChunkFixed& fixed) noexcept {
    return fixed.offset <= position_max && fixed.shard < shards_max && fixed.reserved == 0;
}

bool good(const SnapshotEndFixed& fixed) noexcept {
    return fixed.body_bytes != 0 && fixed.body_bytes <= position_max && fixed.shard < shards_max &&
           fixed.reserved == 0;
}

bool good(const TraceAskFixed& fixed) noexcept {
    return fixed.first <= position_max && fixed.count >= 1 && fixed.count <= trace_count_max &&
           fixed.shard < shards_max;
}

bool good(const TraceToldFixed& fixed) noexcept {
    return fixed.first <= position_max && fixed.count <= trace_count_max &&
           fixed.shard < shards_max;
}

bool good(const ReignToldFixed& fixed) noexcept {
    return fixed.revision != 0 && fixed.text_bytes >= 1 &&
           fixed.text_bytes <= reign_text_bytes_max && fixed.reserved == 0;
}

bool good(const SyncAskFixed& fixed) noexcept {
    return good_position(fixed.position) && fixed.shard < shards_max && fixed.reserved == 0;
}

// Sentences may carry what a stranger sent: they go to people's terminals, so only plain text.
void encode_reason(MessageType type, Refusal reason, std::string_view text, Message& to) {
    const std::string_view cut = text.substr(0, reason_bytes_max);
    ReasonFixed fixed{};
    fixed.reason = static_cast<std::uint16_t>(reason);
    fixed.text_bytes = static_cast<std::uint16_t>(cut.size());
    begin(type, fixed, to);
    append(cut.data(), cut.size(), to);
    for (std::size_t at = sizeof fixed; at < to.body.size(); ++at) {
        if (!printable(static_cast<char>(to.body[at]))) to.body[at] = std::byte{'?'};
    }
}

bool decode_reason(std::span<const std::byte> payload, ReasonFixed& fixed, std::string_view& text) {
    std::span<const std::byte> rest;
    return take(payload, fixed, rest) && fixed.reserved == 0 && fixed.reason <= refusal_max &&
           take_text(rest, fixed.text_bytes, text) && good_text(text);
}

}  // namespace

void encode(const Hello& from, Message& to) {
    HelloFixed fixed = from.fixed;
    PAWL_ASSERT(good(fixed));
    PAWL_ASSERT(good_name(from.name));
    fixed.name_bytes = static_cast<std::uint8_t>(from.name.size());
    begin(from.type, fixed, to);
    append(from.name.data(), from.name.size(), to);
}

bool decode(std::span<const std::byte> payload, Hello& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_text(rest, to.fixed.name_bytes, to.name) && good_name(to.name);
}

void encode(const Challenge& from, Message& to) {
    ChallengeFixed fixed = from.fixed;
    PAWL_ASSERT(good(fixed));
    PAWL_ASSERT(good_name(from.name));
    fixed.name_bytes = static_cast<std::uint8_t>(from.name.size());
    begin(from.type, fixed, to);
    append(from.name.data(), from.name.size(), to);
}

bool decode(std::span<const std::byte> payload, Challenge& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_text(rest, to.fixed.name_bytes, to.name) && good_name(to.name);
}

void encode(const Proof& from, Message& to) {
    PAWL_ASSERT(!all_zero(from.fixed.echo));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, Proof& to) {
    return decode_fixed(payload, to) && !all_zero(to.fixed.echo);
}

void encode(const Welcome& from, Message& to) {
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, Welcome& to) {
    return decode_fixed(payload, to);
}

void encode(const Refused& from, Message& to) {
    encode_reason(from.type, from.reason, from.text, to);
}

bool decode(std::span<const std::byte> payload, Refused& to) {
    ReasonFixed fixed{};
    if (!decode_reason(payload, fixed, to.text)) return false;
    to.reason = static_cast<Refusal>(fixed.reason);
    return true;
}

void encode(const Bye& from, Message& to) {
    encode_reason(from.type, Refusal::other, from.text, to);
}

bool decode(std::span<const std::byte> payload, Bye& to) {
    ReasonFixed fixed{};
    return decode_reason(payload, fixed, to.text) && fixed.reason == 0;
}

void encode(const Heartbeat& from, Message& to) {
    HeartbeatFixed fixed = from.fixed;
    PAWL_ASSERT(good(fixed));
    PAWL_ASSERT(good(from.ends));
    fixed.shard_count = static_cast<std::uint32_t>(from.ends.size());
    begin(from.type, fixed, to);
    append(from.ends, to);
}

bool decode(std::span<const std::byte> payload, Heartbeat& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_list(rest, to.fixed.shard_count, shards_max, to.ends) && good(to.ends);
}

void encode(const Remains& from, Message& to) {
    RemainsFixed fixed = from.fixed;
    PAWL_ASSERT(good(fixed));
    PAWL_ASSERT(good(from.ends));
    fixed.shard_count = static_cast<std::uint32_t>(from.ends.size());
    begin(from.type, fixed, to);
    append(from.ends, to);
}

bool decode(std::span<const std::byte> payload, Remains& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_list(rest, to.fixed.shard_count, shards_max, to.ends) && good(to.ends);
}

void encode(const History& from, Message& to) {
    HistoryFixed fixed = from.fixed;
    PAWL_ASSERT(good(fixed));
    PAWL_ASSERT(good(from.reigns, fixed.end));
    fixed.reign_count = static_cast<std::uint32_t>(from.reigns.size());
    begin(from.type, fixed, to);
    append(from.reigns, to);
}

bool decode(std::span<const std::byte> payload, History& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_list(rest, to.fixed.reign_count, reigns_max, to.reigns) &&
           good(to.reigns, to.fixed.end);
}

void encode(const Positions& from, Message& to) {
    PositionsFixed fixed = from.fixed;
    PAWL_ASSERT(fixed.echo_ns >= 0 && fixed.reserved == 0);
    PAWL_ASSERT(good(from.shards));
    fixed.shard_count = static_cast<std::uint32_t>(from.shards.size());
    begin(from.type, fixed, to);
    append(from.shards, to);
}

bool decode(std::span<const std::byte> payload, Positions& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && to.fixed.echo_ns >= 0 && to.fixed.reserved == 0 &&
           take_list(rest, to.fixed.shard_count, shards_max, to.shards) && good(to.shards);
}

void encode(const DirectoryShape& from, Message& to) {
    DirectoryFixed fixed = from.fixed;
    fixed.schema_bytes = static_cast<std::uint32_t>(
        std::min(from.schema_text.size(), schema_bytes_max + 1));  // too long: good() says so
    PAWL_ASSERT(good(fixed));
    begin(from.type, fixed, to);
    append(from.schema_text.data(), from.schema_text.size(), to);
}

bool decode(std::span<const std::byte> payload, DirectoryShape& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_text(rest, to.fixed.schema_bytes, to.schema_text);
}

void encode(const PartPoint& from, Message& to) {
    PAWL_ASSERT(good(from.fixed));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, PartPoint& to) {
    return decode_fixed(payload, to) && good(to.fixed);
}

void encode(const Records& from, Message& to) {
    PAWL_ASSERT(good(from.fixed));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, Records& to) {
    return take(payload, to.fixed, to.bytes) && good(to.fixed) &&
           to.bytes.size() >= record_bytes_min && to.bytes.size() % 8 == 0;
}

void encode(const SnapshotBegin& from, Message& to) {
    SnapshotBeginFixed fixed = from.fixed;
    PAWL_ASSERT(good(fixed));
    PAWL_ASSERT(good(from.reigns, fixed.position));
    fixed.reign_count = static_cast<std::uint32_t>(from.reigns.size());
    begin(from.type, fixed, to);
    append(from.reigns, to);
}

bool decode(std::span<const std::byte> payload, SnapshotBegin& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_list(rest, to.fixed.reign_count, reigns_max, to.reigns) &&
           good(to.reigns, to.fixed.position);
}

void encode(const SnapshotChunk& from, Message& to) {
    PAWL_ASSERT(good(from.fixed));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, SnapshotChunk& to) {
    return take(payload, to.fixed, to.bytes) && good(to.fixed) && !to.bytes.empty();
}

void encode(const SnapshotEnd& from, Message& to) {
    PAWL_ASSERT(good(from.fixed));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, SnapshotEnd& to) {
    return decode_fixed(payload, to) && good(to.fixed);
}

void encode(const TraceAsk& from, Message& to) {
    PAWL_ASSERT(good(from.fixed));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, TraceAsk& to) {
    return decode_fixed(payload, to) && good(to.fixed);
}

void encode(const TraceTold& from, Message& to) {
    TraceToldFixed fixed = from.fixed;
    fixed.count = static_cast<std::uint32_t>(from.halves.size());
    PAWL_ASSERT(good(fixed));
    begin(from.type, fixed, to);
    append(from.halves, to);
}

bool decode(std::span<const std::byte> payload, TraceTold& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_list(rest, to.fixed.count, trace_count_max, to.halves);
}

void encode(const ReignTold& from, Message& to) {
    ReignToldFixed fixed = from.fixed;
    fixed.text_bytes = static_cast<std::uint32_t>(from.text.size());
    PAWL_ASSERT(good(fixed));
    begin(from.type, fixed, to);
    append(from.text.data(), from.text.size(), to);
}

bool decode(std::span<const std::byte> payload, ReignTold& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_text(rest, to.fixed.text_bytes, to.text);
}

void encode(const SyncAsk& from, Message& to) {
    PAWL_ASSERT(good(from.fixed));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, SyncAsk& to) {
    return decode_fixed(payload, to) && good(to.fixed);
}

}  // namespace pawl::replication
