// Layout of what nodes say to each other: frame header, message types, the fixed part of each
// message. Knows bytes; not sockets, not records. The prose twin is docs/replication-protocol.md.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "engine/replication/node_name.hpp"
#include "journal/layout.hpp"

namespace pawl::replication {

static_assert(std::endian::native == std::endian::little, "what is sent is little-endian");

// Versions of this protocol that this code speaks. The called side chooses the highest of both.
inline constexpr std::uint32_t protocol_version_min = 1;
inline constexpr std::uint32_t protocol_version_max = 1;

// What a frame carries. Numbers are never reused.
enum class MessageType : std::uint16_t {
    // greeting: the only ones that are read before a peer is admitted
    hello = 1,      // caller: who I am, what I have
    challenge = 2,  // called: who I am, prove that you know the secret
    proof = 3,      // caller: I do; now you
    welcome = 4,    // called: so do I; you are admitted
    refused = 5,    // either: why I will not go on; the connection ends
    bye = 6,        // either, at any time: the connection ends in order
    // both ways
    heartbeat = 16,  // I am here; my clock; where my streams end
    remains = 17,    // I may have lost something: what I have left
    // a stream, from the standby
    history = 32,    // one shard: where it ends, which reigns it knows
    positions = 33,  // all shards: received, synced, applied
    trace_ask = 34,  // one shard: what did the states hash to after these events?
    // a stream, from the primary
    directory = 48,       // what an empty node becomes
    part_point = 49,      // one shard: where the histories part; the primary's goes on from there
    records = 50,         // one shard: bytes of its stream
    snapshot_begin = 51,  // one shard: the fold up to a position, in chunks
    snapshot_chunk = 52,
    snapshot_end = 53,
    trace_told = 54,  // one shard: that, as far as it is remembered
    reign_told = 56,  // what the arbiter has told the primary: another node reigns
    sync_ask = 57,    // one shard: somebody waits for this on your disk
    // 64 to 127: clients
    client_hello = 64,    // client: whose commands will come, and what they mean
    client_welcome = 65,  // to a client: what they run into, where the session stands
    commands = 66,        // client: a run of them, and questions
    replies = 67,         // to a client: a run of them
    not_primary = 68,     // to a client: ask there; the connection ends
    hello_again = 69,     // to a client: another life has had this session, are you still there?
    // 128 to 191: operators
    status_ask = 128,      // operator: what are you?
    status_told = 135,     // to an operator: that
    hand_over_ask = 130,   // operator: let another node be primary
    hand_over_told = 131,  // to an operator: it is under way, or why not
    records_ask = 132,     // operator: what has happened?
    records_told = 133,    // to an operator: one shard: some of it, in order
    records_end = 134,     // to an operator: that was all
    range_ask = 136,       // operator: give me the journal's records from here to there
};

// A readable word: "hello", "records", …; "unknown" for a number that is none.
const char* to_string(MessageType type) noexcept;
bool is_known(MessageType type) noexcept;     // one of the above
bool is_greeting(MessageType type) noexcept;  // read before a peer is admitted

inline constexpr std::uint32_t shards_max = 4096;
inline constexpr std::size_t reason_bytes_max = 240;  // printable
inline constexpr std::uint32_t reigns_max = 4096;     // the newest ones of a stream
inline constexpr std::size_t schema_bytes_max = std::size_t{1} << 20;

// What a frame may carry. Before a peer is admitted, greeting_bytes_max; then what the options of
// the link say, between the two bounds, by default a record of the largest default size.
inline constexpr std::size_t greeting_bytes_max = 512;
inline constexpr std::size_t payload_bytes_min = std::size_t{128} << 10;
inline constexpr std::size_t payload_bytes_default = (std::size_t{1} << 20) + 4096;
inline constexpr std::size_t payload_bytes_limit = journal::inflight_bytes_limit + 4096;

inline constexpr std::uint32_t frame_magic = 0x3172'7770;  // "pwr1"
inline constexpr std::size_t frame_alignment = 8;

// First bytes of a frame; the payload follows, then zeros up to a multiple of 8.
struct FrameHeader {
    std::uint32_t magic;
    std::uint32_t header_checksum;   // crc32c of this header with this field zero
    std::uint32_t payload_checksum;  // crc32c of the payload and the zeros behind it
    std::uint32_t payload_bytes;     // without the zeros
    std::uint64_t number;            // of this frame, this way, on this connection: 1, 2, 3, …
    std::uint64_t connection;        // random, the sender's, one for each connection; never 0
    std::uint64_t epoch;             // the highest that the sender has seen; never falls
    std::uint64_t boot;              // the sender's life: random, made when it opened; never 0
    std::uint16_t type;              // MessageType
    std::uint16_t flags;             // zero
    std::uint32_t reserved;          // zero
};
static_assert(sizeof(FrameHeader) == 56);
static_assert(offsetof(FrameHeader, payload_bytes) == 12);
static_assert(offsetof(FrameHeader, number) == 16);
static_assert(offsetof(FrameHeader, boot) == 40);
static_assert(offsetof(FrameHeader, type) == 48);

// Bytes of a whole frame.
constexpr std::size_t frame_bytes(std::size_t payload_bytes) noexcept {
    return sizeof(FrameHeader) + ((payload_bytes + frame_alignment - 1) & ~(frame_alignment - 1));
}

using Nonce = std::array<std::uint8_t, 32>;
using Mac = std::array<std::uint8_t, 32>;

enum class Purpose : std::uint8_t { stream = 1, client = 2, operation = 3 };  // of a connection
enum class ProofKind : std::uint8_t { none = 0, hmac_sha256 = 1 };            // of a shared secret

// What a node is, in hello and challenge. All zero but the name: it has no directory yet.
struct NodeFacts {
    journal::Identity identity;
    std::uint64_t schema_hash;
    std::uint64_t router_hash;
    std::uint32_t shards;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(NodeFacts) == 40);

// name_bytes of the node's name follow.
struct HelloFixed {
    std::uint32_t version_min;
    std::uint32_t version_max;
    NodeFacts facts;
    Nonce nonce;  // fresh for each connection
    Purpose purpose;
    ProofKind proof;
    std::uint8_t name_bytes;
    std::array<std::uint8_t, 5> reserved;  // zero
};
static_assert(sizeof(HelloFixed) == 88);
static_assert(offsetof(HelloFixed, nonce) == 48);
static_assert(offsetof(HelloFixed, purpose) == 80);

// name_bytes of the node's name follow.
struct ChallengeFixed {
    std::uint32_t version;  // chosen
    ProofKind proof;
    std::uint8_t name_bytes;
    std::uint16_t reserved;  // zero
    NodeFacts facts;
    Nonce echo;   // the caller's
    Nonce nonce;  // fresh for each connection
};
static_assert(sizeof(ChallengeFixed) == 112);
static_assert(offsetof(ChallengeFixed, facts) == 8);
static_assert(offsetof(ChallengeFixed, echo) == 48);

struct ProofFixed {
    Nonce echo;  // the called side's
    Mac mac;     // zero without a secret
};
static_assert(sizeof(ProofFixed) == 64);

struct WelcomeFixed {
    Mac mac;  // zero without a secret
};
static_assert(sizeof(WelcomeFixed) == 32);

enum class Refusal : std::uint16_t {
    other = 0,
    version = 1,   // no version in common
    secret = 2,    // one side has none, or they differ
    identity = 3,  // another directory
    shape = 4,     // another shard count or router
    schema = 5,
    epoch = 6,  // the receiver of this has an old epoch; the frame's header says the new one
    role = 7,   // not the primary, not its standby
    self = 8,   // it called itself
    busy = 9,   // another connection of this node is there
};
inline constexpr std::uint16_t refusal_max = 9;
const char* to_string(Refusal reason) noexcept;

// refused and bye; text_bytes of a sentence follow.
struct ReasonFixed {
    std::uint16_t reason;  // Refusal; 0 in bye
    std::uint16_t text_bytes;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(ReasonFixed) == 8);

// Where a stream ends: (position, checksum of the last record below it) names one history.
struct StreamEnd {
    std::uint64_t position;
    std::uint32_t checksum;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(StreamEnd) == 16);

// Where a reign begins in one stream: at its epoch record.
struct ReignBegin {
    std::uint64_t epoch;
    std::uint64_t position;
    friend constexpr bool operator==(const ReignBegin&, const ReignBegin&) = default;
};
static_assert(sizeof(ReignBegin) == 16);

// shard_count StreamEnds follow: the sender's, all shards in order, or none.
struct HeartbeatFixed {
    std::int64_t sent_ns;  // the sender's monotonic clock
    std::int64_t echo_ns;  // sent_ns of the last heartbeat that came the other way; 0: none yet
    std::uint32_t shard_count;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(HeartbeatFixed) == 24);

// shard_count StreamEnds follow: all shards in order, or none: there is no stream.
struct RemainsFixed {
    std::uint64_t epoch;  // of the arbiter's key, as the sender has read it
    std::uint32_t shard_count;
    std::uint8_t only_memory;              // 1: its disk has all that it ever had; 0: it may not
    std::array<std::uint8_t, 3> reserved;  // zero
};
static_assert(sizeof(RemainsFixed) == 16);

// reign_count ReignBegins follow: both numbers grow.
struct HistoryFixed {
    std::uint64_t end;  // position: the stream is whole below it
    std::uint32_t end_checksum;
    std::uint32_t shard;
    std::uint32_t reign_count;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(HistoryFixed) == 24);

// How far one shard of a standby has come. None is above received.
struct ShardPositions {
    std::uint64_t received;  // in its head
    std::uint64_t synced;    // on its disk
    std::uint64_t applied;   // to its state
    friend constexpr bool operator==(const ShardPositions&, const ShardPositions&) = default;
};
static_assert(sizeof(ShardPositions) == 24);

// shard_count ShardPositions follow: all shards in order.
struct PositionsFixed {
    std::int64_t echo_ns;  // sent_ns of the last records that this covers; 0: none yet
    std::uint32_t shard_count;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(PositionsFixed) == 16);

// schema_bytes of text follow.
struct DirectoryFixed {
    journal::Identity identity;
    std::uint64_t random_seed;
    std::uint64_t router_hash;
    std::uint64_t schema_hash;
    std::uint64_t session_window;
    std::uint64_t segment_bytes;
    std::uint64_t head_bytes;
    std::uint32_t shards;
    std::uint32_t schema_bytes;
};
static_assert(sizeof(DirectoryFixed) == 72);

struct PartPointFixed {
    std::uint64_t position;  // both histories are equal below it
    std::uint32_t checksum;  // of the last record below it
    std::uint32_t shard;
};
static_assert(sizeof(PartPointFixed) == 16);

// Bytes of the stream follow up to the end of the payload: whole records, at least one.
struct RecordsFixed {
    std::uint64_t position;         // of the first byte
    std::int64_t sent_ns;           // the sender's monotonic clock
    std::uint32_t checksum_before;  // of the record before the first one
    std::uint32_t shard;
};
static_assert(sizeof(RecordsFixed) == 24);
inline constexpr std::size_t record_bytes_min = 64;

// reign_count ReignBegins follow: those that begin below position.
struct SnapshotBeginFixed {
    std::uint64_t position;  // everything below is folded
    std::uint64_t body_bytes;
    std::uint64_t last_sequence;  // of the last event below
    std::int64_t last_time_ns;    // journal time of the last record below
    std::uint64_t records;        // of the stream, below position
    std::uint64_t events;
    std::uint64_t layout_hash;  // as in journal::SnapshotHeader
    std::uint64_t state_hash;
    std::uint32_t last_checksum;  // of the last record below
    std::uint32_t shard;
    std::uint32_t reign_count;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(SnapshotBeginFixed) == 80);

// Bytes of the body follow up to the end of the payload: at least one.
struct SnapshotChunkFixed {
    std::uint64_t offset;  // in the body
    std::uint32_t shard;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(SnapshotChunkFixed) == 16);

struct SnapshotEndFixed {
    journal::Hash128 body_hash;  // xxh3-128 of the body, without padding
    std::uint64_t body_bytes;
    std::uint32_t shard;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(SnapshotEndFixed) == 32);

inline constexpr std::uint32_t trace_count_max = 16'384;

struct TraceAskFixed {
    std::uint64_t first;  // sequence of an event
    std::uint32_t count;  // events from there on: at least 1
    std::uint32_t shard;
};
static_assert(sizeof(TraceAskFixed) == 16);

// `count` halves of hashes follow (4 bytes each): the upper ones of what all states of the shard
// hash to after each of the events that were asked for. None: not all of them are remembered.
struct TraceToldFixed {
    std::uint64_t first;
    std::uint32_t count;
    std::uint32_t shard;
};
static_assert(sizeof(TraceToldFixed) == 16);

// text_bytes of the arbiter's value follow, as print_reign() writes it.
struct ReignToldFixed {
    std::uint64_t revision;  // the arbiter's; not 0
    std::uint32_t text_bytes;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(ReignToldFixed) == 16);

struct SyncAskFixed {
    std::uint64_t position;  // everything below; may be what is still to come
    std::uint32_t shard;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(SyncAskFixed) == 16);

inline constexpr std::size_t session_bytes_max = 255;
inline constexpr std::size_t address_bytes_max = 255;  // printable, no spaces
inline constexpr std::size_t command_payload_bytes_max = 1024;

// session_bytes of the session's name follow: any bytes, at least one.
struct ClientHelloFixed {
    std::uint64_t schema_hash;  // xxh3 of the schema's text: commands mean the same on both sides
    std::uint64_t life;         // of the client: random, made when it opened; not 0
    std::uint64_t last_number;  // no higher one is this life's, or was there before it; 0: any
    std::uint8_t resumes;       // 1: this process has welcomed this life before
    std::uint8_t session_bytes;
    std::array<std::uint8_t, 6> reserved;  // zero
};
static_assert(sizeof(ClientHelloFixed) == 32);

// For each shard the highest number of the session with an outcome follows (8 bytes each).
struct ClientWelcomeFixed {
    std::uint64_t schema_hash;
    std::uint64_t router_hash;
    std::uint32_t shards;
    std::uint32_t session_window;          // numbers in flight at most
    std::uint8_t durability;               // of commands that do not say their own
    std::array<std::uint8_t, 7> reserved;  // zero
};
static_assert(sizeof(ClientWelcomeFixed) == 32);

// `count` commands follow.
struct CommandsFixed {
    std::uint32_t count;     // at least 1
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(CommandsFixed) == 8);

// payload_bytes follow, then zeros up to a multiple of 8. Both sides compute the shard.
struct CommandFixed {
    std::uint64_t aggregate;  // of a status question: the shard
    std::uint64_t number;     // in the session; 0 for a trial, and only there
    std::uint64_t token;      // comes back with the reply; the called side reads nothing in it
    std::uint64_t expected_version;  // all ones: any
    std::uint64_t correlation;
    std::uint64_t cause;
    std::uint16_t payload_bytes;
    std::uint16_t command_type;  // of a fact: the event's, within its aggregate
    std::uint8_t aggregate_type;
    std::uint8_t kind;        // detail::MessageKind: command, fact, trial, status
    std::uint8_t durability;  // of the reply
    std::uint8_t reserved;    // zero
};
static_assert(sizeof(CommandFixed) == 56);

// `count` replies follow.
struct RepliesFixed {
    std::uint32_t count;     // at least 1
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(RepliesFixed) == 8);

struct ReplyFixed {
    std::uint64_t token;  // of the command
    std::uint64_t number;
    std::uint64_t version;
    std::uint64_t sequence;
    std::uint64_t position;  // of the record; all ones: none
    std::uint32_t shard;
    std::uint16_t reason;
    std::uint16_t event_count;
    std::uint8_t outcome;
    std::uint8_t durability;
    std::uint8_t repeat;     // 1: the first outcome of a command that was sent again
    std::uint8_t status;     // of a status question
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(ReplyFixed) == 56);

// address_bytes of the primary's address follow; none: not known.
struct NotPrimaryFixed {
    std::uint16_t address_bytes;
    std::array<std::uint8_t, 6> reserved;  // zero
};
static_assert(sizeof(NotPrimaryFixed) == 8);

// A message that says all by its type: hello_again, status_ask.
struct BareFixed {
    std::uint64_t reserved;  // zero
};
static_assert(sizeof(BareFixed) == 8);

// why_bytes of a sentence follow, clients_bytes of the address where clients find the primary,
// node_bytes of this node's name, primary_bytes of the primary's; then in_sync_count names, each
// behind its length (1 byte), growing.
struct StatusToldFixed {
    std::uint64_t epoch;            // 0: none is known
    std::uint64_t lag_bytes;        // as NodeStatus
    std::int64_t age_ns;            // -1: not known
    std::int64_t lag_ns;            // -1: not known
    std::int64_t commands_at_risk;  // -1: not known
    std::uint16_t why_bytes;
    std::uint16_t clients_bytes;
    std::uint8_t role;  // pawl::Role
    std::uint8_t node_bytes;
    std::uint8_t primary_bytes;
    std::uint8_t in_sync_count;
};
static_assert(sizeof(StatusToldFixed) == 48);

// peer_bytes of the successor's name follow; none: any that is in sync.
struct HandOverAskFixed {
    std::uint8_t peer_bytes;
    std::array<std::uint8_t, 7> reserved;  // zero
};
static_assert(sizeof(HandOverAskFixed) == 8);

// text_bytes follow: the successor's name, or a sentence.
struct HandOverToldFixed {
    std::uint16_t code;  // 0: it is under way; else pawl::ErrorCode
    std::uint16_t text_bytes;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(HandOverToldFixed) == 8);

struct RecordsAskFixed {
    std::uint64_t schema_hash;  // events mean the same on both sides
    std::uint64_t session;      // whose commands; 0: everybody's, and facts
};
static_assert(sizeof(RecordsAskFixed) == 16);

// The answer is as to records_ask, but every record is in it, as in the journal.
struct RangeAskFixed {
    std::uint64_t begin;            // position where a record begins
    std::uint64_t end;              // position where one ends, above begin
    std::uint32_t checksum_before;  // of the record that ends at begin
    std::uint32_t shard;
};
static_assert(sizeof(RangeAskFixed) == 24);

// No block of a journal is larger.
inline constexpr std::uint64_t range_bytes_max = std::uint64_t{16} << 20;

// Bytes of the shard's records follow up to the end of the payload, a multiple of 8; a record may
// go on in the next message of its shard.
struct RecordsToldFixed {
    std::uint32_t shard;
    std::uint32_t reserved;  // zero
};
static_assert(sizeof(RecordsToldFixed) == 8);

struct RecordsEndFixed {
    std::uint64_t records;  // that were told
};
static_assert(sizeof(RecordsEndFixed) == 8);

}  // namespace pawl::replication
