// One message of each type under a seed, each as large as chance has it; and what must hold for
// bytes that a decoder accepts. Knows the protocol; not frames.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/replication/client_messages.hpp"
#include "engine/replication/operator_messages.hpp"
#include "engine/replication/protocol_messages.hpp"
#include "engine/replication/reign.hpp"
#include "testing/chance.hpp"

namespace pawl::replication {

inline constexpr MessageType all_types[] = {
    MessageType::hello,          MessageType::challenge,      MessageType::proof,
    MessageType::welcome,        MessageType::refused,        MessageType::bye,
    MessageType::heartbeat,      MessageType::history,        MessageType::positions,
    MessageType::directory,      MessageType::part_point,     MessageType::records,
    MessageType::snapshot_begin, MessageType::snapshot_chunk, MessageType::snapshot_end,
    MessageType::trace_ask,      MessageType::trace_told,     MessageType::reign_told,
    MessageType::client_hello,   MessageType::client_welcome, MessageType::commands,
    MessageType::replies,        MessageType::not_primary,    MessageType::hello_again,
    MessageType::status_ask,     MessageType::status_told,    MessageType::hand_over_ask,
    MessageType::hand_over_told, MessageType::records_ask,    MessageType::records_told,
    MessageType::records_end,    MessageType::remains,        MessageType::range_ask,
    MessageType::sync_ask,
};

// A message as it goes into Link::send, and the payload that comes out.
struct Sample {
    Message message;
    std::vector<std::byte> bytes;

    std::vector<std::byte> payload() const {
        std::vector<std::byte> all = message.body;
        all.insert(all.end(), bytes.begin(), bytes.end());
        return all;
    }
};

class Samples {
public:
    explicit Samples(std::uint64_t seed) : chance_(seed) {}

    Sample of(MessageType type) {
        Sample sample;
        fill(type, sample);
        sample.message.epoch = epoch_ += chance_.below(2);
        return sample;
    }
    Sample any() { return of(all_types[chance_.below(std::size(all_types))]); }

private:
    std::uint64_t position() { return chance_.below(std::uint64_t{1} << 50) * 8; }
    std::int64_t time_ns() { return static_cast<std::int64_t>(chance_.next() >> 1); }
    std::uint32_t narrow() { return static_cast<std::uint32_t>(chance_.next()); }
    std::uint32_t shard() { return static_cast<std::uint32_t>(chance_.below(shards_max)); }
    std::size_t few() { return chance_.below(chance_.one_in(8) ? 200 : 5); }
    std::vector<std::byte> bytes(std::size_t count) {
        std::vector<std::byte> all(count);
        for (std::byte& byte : all) byte = static_cast<std::byte>(chance_.next());
        return all;
    }
    const std::string& text(std::size_t shortest, std::size_t longest, char first) {
        text_.resize(chance_.between(shortest, longest));
        for (char& c : text_)
            c = static_cast<char>(chance_.between(static_cast<std::uint64_t>(first), '~'));
        return text_;
    }
    template <std::size_t size>
    void fill(std::array<std::uint8_t, size>& array) {
        for (auto& byte : array) byte = static_cast<std::uint8_t>(chance_.next() | 1);
    }
    NodeFacts facts() {
        if (chance_.one_in(4)) return {};
        return {
            {chance_.next() | 1, chance_.next()}, chance_.next(), chance_.next(), 1 + shard(), 0};
    }
    ProofKind proof() { return chance_.coin() ? ProofKind::none : ProofKind::hmac_sha256; }
    std::vector<StreamEnd> ends(std::size_t count) {
        std::vector<StreamEnd> all(count);
        for (StreamEnd& end : all) end = {position(), narrow(), 0};
        return all;
    }
    std::vector<ReignBegin> reigns(std::uint64_t& end) {
        std::vector<ReignBegin> all(few());
        ReignBegin last{0, 0};
        for (ReignBegin& reign : all)
            last = reign = {last.epoch + chance_.between(1, 9),
                            last.position + 8 * chance_.between(8, 1'000)};
        end = last.position + 8 * chance_.between(8, 1'000);
        return all;
    }

    void fill(MessageType type, Sample& sample) {
        switch (type) {
            case MessageType::hello: {
                Hello hello;
                hello.fixed.version_min = 1 + static_cast<std::uint32_t>(chance_.below(3));
                hello.fixed.version_max = hello.fixed.version_min + shard();
                hello.fixed.facts = facts();
                fill(hello.fixed.nonce);
                hello.fixed.purpose = static_cast<Purpose>(chance_.between(1, 3));
                hello.fixed.proof = proof();
                hello.name = text(1, node_name_bytes_max, '!');
                return encode(hello, sample.message);
            }
            case MessageType::challenge: {
                Challenge challenge;
                challenge.fixed.version = 1 + shard();
                challenge.fixed.proof = proof();
                challenge.fixed.facts = facts();
                fill(challenge.fixed.echo);
                fill(challenge.fixed.nonce);
                challenge.name = text(1, node_name_bytes_max, '!');
                return encode(challenge, sample.message);
            }
            case MessageType::proof: {
                Proof answer;
                fill(answer.fixed.echo);
                fill(answer.fixed.mac);
                return encode(answer, sample.message);
            }
            case MessageType::welcome: {
                Welcome welcome;
                fill(welcome.fixed.mac);
                return encode(welcome, sample.message);
            }
            case MessageType::refused:
                return encode(Refused{static_cast<Refusal>(chance_.below(refusal_max + 1U)),
                                      text(0, reason_bytes_max, ' ')},
                              sample.message);
            case MessageType::bye:
                return encode(Bye{text(0, reason_bytes_max, ' ')}, sample.message);
            case MessageType::heartbeat: {
                Heartbeat heartbeat;
                heartbeat.fixed.sent_ns = time_ns();
                heartbeat.fixed.echo_ns = time_ns();
                heartbeat.ends = ends(few());
                return encode(heartbeat, sample.message);
            }
            case MessageType::history: {
                History history;
                history.reigns = reigns(history.fixed.end);
                history.fixed.end_checksum = narrow();
                history.fixed.shard = shard();
                return encode(history, sample.message);
            }
            case MessageType::positions: {
                Positions positions;
                positions.fixed.echo_ns = time_ns();
                positions.shards.resize(1 + few());
                for (ShardPositions& one : positions.shards) {
                    one.received = position();
                    one.synced = one.received - 8 * chance_.below(one.received / 8 + 1);
                    one.applied = one.received - 8 * chance_.below(one.received / 8 + 1);
                }
                return encode(positions, sample.message);
            }
            case MessageType::directory: {
                DirectoryShape shape;
                shape.fixed.identity = {chance_.next() | 1, chance_.next()};
                shape.fixed.random_seed = chance_.next();
                shape.fixed.router_hash = chance_.next();
                shape.fixed.schema_hash = chance_.next();
                shape.fixed.session_window = chance_.next();
                shape.fixed.segment_bytes = 4096 * chance_.between(16, 99'999);
                shape.fixed.head_bytes = std::uint64_t{1} << chance_.between(16, 40);
                shape.fixed.shards = 1 + shard();
                shape.schema_text = text(0, 2'000, ' ');
                return encode(shape, sample.message);
            }
            case MessageType::part_point:
                return encode(PartPoint{{position(), narrow(), shard()}}, sample.message);
            case MessageType::records:
                encode(Records{{position(), time_ns(), narrow(), shard()}, {}}, sample.message);
                sample.bytes = bytes(8 * chance_.between(8, 8 + 10 * few()));
                return;
            case MessageType::snapshot_begin: {
                SnapshotBegin begin;
                begin.reigns = reigns(begin.fixed.position);
                begin.fixed.body_bytes = 1 + chance_.below(std::uint64_t{1} << 50);
                begin.fixed.last_sequence = chance_.next();
                begin.fixed.last_time_ns = time_ns();
                begin.fixed.records = chance_.next();
                begin.fixed.events = chance_.next();
                begin.fixed.layout_hash = chance_.next();
                begin.fixed.state_hash = chance_.next();
                begin.fixed.last_checksum = narrow();
                begin.fixed.shard = shard();
                return encode(begin, sample.message);
            }
            case MessageType::snapshot_chunk:
                encode(SnapshotChunk{{position(), shard(), 0}, {}}, sample.message);
                sample.bytes = bytes(1 + chance_.below(3'000));
                return;
            case MessageType::snapshot_end:
                return encode(SnapshotEnd{{{chance_.next(), chance_.next()},
                                           1 + chance_.below(std::uint64_t{1} << 50),
                                           shard(),
                                           0}},
                              sample.message);
            case MessageType::trace_ask:
                return encode(
                    TraceAsk{{position(),
                              static_cast<std::uint32_t>(1 + chance_.below(trace_count_max)),
                              shard()}},
                    sample.message);
            case MessageType::trace_told: {
                TraceTold told{{position(), 0, shard()}, {}};
                for (std::uint64_t i = few(); i != 0; --i) told.halves.push_back(narrow());
                return encode(told, sample.message);
            }
            case MessageType::remains: {
                Remains remains;
                remains.fixed.epoch = chance_.next();
                remains.fixed.only_memory = chance_.coin() ? 1 : 0;
                remains.ends = ends(few());
                return encode(remains, sample.message);
            }
            case MessageType::reign_told: {
                ReignTold told;
                told.fixed.revision = 1 + chance_.below(1000);
                told.text = text(1, reign_text_bytes_max, ' ');
                return encode(told, sample.message);
            }
            case MessageType::sync_ask:
                return encode(SyncAsk{{position(), shard(), 0}}, sample.message);
            case MessageType::client_hello:
            case MessageType::client_welcome:
            case MessageType::commands:
            case MessageType::replies:
            case MessageType::not_primary:
            case MessageType::hello_again:
                return fill_for_client(type, sample);
            case MessageType::status_ask:
            case MessageType::status_told:
            case MessageType::hand_over_ask:
            case MessageType::hand_over_told:
            case MessageType::records_ask:
            case MessageType::records_told:
            case MessageType::records_end:
            case MessageType::range_ask:
                return fill_for_operator(type, sample);
        }
    }

    void fill_for_operator(MessageType type, Sample& sample) {
        if (type == MessageType::status_ask) {
            encode(StatusAsk{}, sample.message);
        } else if (type == MessageType::status_told) {
            StatusTold told;
            NodeStatus& status = told.status;
            status.role = static_cast<Role>(chance_.below(7));
            status.epoch = chance_.next();
            status.lag_bytes = chance_.next() >> 2;
            status.age = std::chrono::nanoseconds(chance_.coin() ? -1 : time_ns());
            status.lag = std::chrono::nanoseconds(chance_.coin() ? -1 : time_ns());
            status.commands_at_risk = chance_.coin() ? -1 : time_ns();
            status.why = text(0, reason_bytes_max, ' ');
            status.primary_clients = text(0, address_bytes_max, '!');
            status.node = node_name(0);
            status.primary = node_name(0);
            for (std::size_t i = chance_.below(5); i != 0; --i)
                status.in_sync.push_back(node_name(1));
            std::sort(status.in_sync.begin(), status.in_sync.end());
            const auto last = std::unique(status.in_sync.begin(), status.in_sync.end());
            status.in_sync.erase(last, status.in_sync.end());
            encode(told, sample.message);
        } else if (type == MessageType::hand_over_ask) {
            encode(HandOverAsk{node_name(0)}, sample.message);
        } else if (type == MessageType::hand_over_told) {
            encode(
                HandOverTold{static_cast<std::uint16_t>(narrow()), text(0, reason_bytes_max, ' ')},
                sample.message);
        } else if (type == MessageType::records_ask) {
            encode(RecordsAsk{{chance_.next(), chance_.next()}}, sample.message);
        } else if (type == MessageType::range_ask) {
            const std::uint64_t begin = chance_.next() >> 3 << 3 >> 2;
            const std::uint64_t bytes = 8 * chance_.between(1, range_bytes_max / 8);
            encode(RangeAsk{{begin / 8 * 8, begin / 8 * 8 + bytes, narrow(), shard()}},
                   sample.message);
        } else if (type == MessageType::records_told) {
            encode(RecordsTold{{shard(), 0}, {}}, sample.message);
            sample.bytes = bytes(8 * chance_.between(1, 8 + 10 * few()));
        } else {
            encode(RecordsEnd{{chance_.next()}}, sample.message);
        }
    }
    const std::string& node_name(std::size_t shortest) {
        text_.resize(chance_.between(shortest, 64));
        for (char& c : text_) c = static_cast<char>(chance_.between('a', 'z'));
        return text_;
    }

    void fill_for_client(MessageType type, Sample& sample) {
        if (type == MessageType::client_hello) {
            ClientHello hello;
            hello.fixed.schema_hash = chance_.next();
            hello.fixed.life = chance_.next() | 1;
            hello.fixed.last_number = chance_.next();
            hello.fixed.resumes = chance_.coin() ? 1 : 0;
            hello.session = text(1, session_bytes_max, ' ');
            encode(hello, sample.message);
        } else if (type == MessageType::client_welcome) {
            ClientWelcome welcome;
            welcome.fixed.schema_hash = chance_.next();
            welcome.fixed.router_hash = chance_.next();
            welcome.fixed.session_window = 1 + narrow() / 2;
            welcome.fixed.durability = static_cast<std::uint8_t>(chance_.below(5));
            welcome.highest.resize(1 + few());
            for (std::uint64_t& number : welcome.highest) number = chance_.next();
            encode(welcome, sample.message);
        } else if (type == MessageType::commands) {
            Commands commands;
            commands.fixed.count = static_cast<std::uint32_t>(1 + few());
            for (std::uint32_t i = 0; i < commands.fixed.count; ++i) add_command(sample.bytes);
            encode(commands, sample.message);
        } else if (type == MessageType::replies) {
            Replies replies;
            replies.replies.resize(1 + few());
            for (ReplyFixed& reply : replies.replies) reply = any_reply();
            encode(replies, sample.message);
        } else if (type == MessageType::hello_again) {
            encode(HelloAgain{}, sample.message);
        } else {
            encode(NotPrimary{text(0, address_bytes_max, '!')}, sample.message);
        }
    }
    void add_command(std::vector<std::byte>& to) {
        using detail::MessageKind;
        constexpr MessageKind kinds[] = {MessageKind::command, MessageKind::fact,
                                         MessageKind::trial, MessageKind::status};
        detail::MessageParts parts;
        parts.header.kind = kinds[chance_.below(4)];
        const bool status = parts.header.kind == MessageKind::status;
        parts.header.aggregate = status ? shard() : chance_.next();
        parts.header.number = parts.header.kind == MessageKind::trial ? 0 : chance_.next() | 1;
        parts.header.token = chance_.next();
        parts.header.durability = static_cast<std::uint8_t>(chance_.below(5)) & 0x0F;
        if (chance_.coin()) {
            parts.header.flags = detail::message_has_expected;
            parts.expected_version = chance_.below(1'000);
        }
        parts.links = {chance_.below(2), chance_.below(2)};
        const std::vector<std::byte> payload =
            bytes(status ? 0 : chance_.below(command_payload_bytes_max + 1));
        if (!status) {
            parts.header.command_type = static_cast<std::uint16_t>(chance_.below(20));
            parts.header.aggregate_type = static_cast<std::uint8_t>(chance_.below(3));
        }
        parts.header.payload_bytes = static_cast<std::uint16_t>(payload.size());
        parts.payload = payload.data();
        append_command(to, parts);
    }
    ReplyFixed any_reply() {
        ReplyFixed reply{};
        reply.token = chance_.next();
        reply.number = chance_.next();
        reply.version = chance_.next();
        reply.sequence = chance_.next();
        reply.position = chance_.next();
        reply.shard = shard();
        reply.reason = static_cast<std::uint16_t>(narrow());
        reply.event_count = static_cast<std::uint16_t>(narrow());
        reply.outcome = static_cast<std::uint8_t>(chance_.between(1, 3));
        reply.durability = static_cast<std::uint8_t>(chance_.below(5));
        reply.repeat = chance_.coin() ? 1 : 0;
        reply.status = static_cast<std::uint8_t>(chance_.below(4));
        return reply;
    }

    sim::Chance chance_;
    std::uint64_t epoch_ = 1;
    std::string text_;
};

template <class Value>
bool decodes_to_itself(std::span<const std::byte> payload, bool& accepted) {
    Value value;
    accepted = decode(payload, value);
    if (!accepted) return true;
    Message again;
    encode(value, again);
    std::vector<std::byte> bytes = again.body;
    if constexpr (requires { value.bytes; })
        bytes.insert(bytes.end(), value.bytes.begin(), value.bytes.end());
    return again.type == Value::type &&
           std::equal(bytes.begin(), bytes.end(), payload.begin(), payload.end());
}

// Whether the decoder of `type` refuses the payload, or reads it so that encoding what it read
// gives the same bytes: then no byte of it was overlooked.
inline bool decodes_to_itself(MessageType type, std::span<const std::byte> payload,
                              bool& accepted) {
    switch (type) {
        case MessageType::hello:
            return decodes_to_itself<Hello>(payload, accepted);
        case MessageType::challenge:
            return decodes_to_itself<Challenge>(payload, accepted);
        case MessageType::proof:
            return decodes_to_itself<Proof>(payload, accepted);
        case MessageType::welcome:
            return decodes_to_itself<Welcome>(payload, accepted);
        case MessageType::refused:
            return decodes_to_itself<Refused>(payload, accepted);
        case MessageType::bye:
            return decodes_to_itself<Bye>(payload, accepted);
        case MessageType::heartbeat:
            return decodes_to_itself<Heartbeat>(payload, accepted);
        case MessageType::remains:
            return decodes_to_itself<Remains>(payload, accepted);
        case MessageType::history:
            return decodes_to_itself<History>(payload, accepted);
        case MessageType::positions:
            return decodes_to_itself<Positions>(payload, accepted);
        case MessageType::directory:
            return decodes_to_itself<DirectoryShape>(payload, accepted);
        case MessageType::part_point:
            return decodes_to_itself<PartPoint>(payload, accepted);
        case MessageType::records:
            return decodes_to_itself<Records>(payload, accepted);
        case MessageType::snapshot_begin:
            return decodes_to_itself<SnapshotBegin>(payload, accepted);
        case MessageType::snapshot_chunk:
            return decodes_to_itself<SnapshotChunk>(payload, accepted);
        case MessageType::snapshot_end:
            return decodes_to_itself<SnapshotEnd>(payload, accepted);
        case MessageType::trace_ask:
            return decodes_to_itself<TraceAsk>(payload, accepted);
        case MessageType::trace_told:
            return decodes_to_itself<TraceTold>(payload, accepted);
        case MessageType::reign_told:
            return decodes_to_itself<ReignTold>(payload, accepted);
        case MessageType::sync_ask:
            return decodes_to_itself<SyncAsk>(payload, accepted);
        case MessageType::client_hello:
            return decodes_to_itself<ClientHello>(payload, accepted);
        case MessageType::client_welcome:
            return decodes_to_itself<ClientWelcome>(payload, accepted);
        case MessageType::commands:
            return decodes_to_itself<Commands>(payload, accepted);
        case MessageType::replies:
            return decodes_to_itself<Replies>(payload, accepted);
        case MessageType::not_primary:
            return decodes_to_itself<NotPrimary>(payload, accepted);
        case MessageType::hello_again:
            return decodes_to_itself<HelloAgain>(payload, accepted);
        case MessageType::status_ask:
            return decodes_to_itself<StatusAsk>(payload, accepted);
        case MessageType::status_told:
            return decodes_to_itself<StatusTold>(payload, accepted);
        case MessageType::hand_over_ask:
            return decodes_to_itself<HandOverAsk>(payload, accepted);
        case MessageType::hand_over_told:
            return decodes_to_itself<HandOverTold>(payload, accepted);
        case MessageType::records_ask:
            return decodes_to_itself<RecordsAsk>(payload, accepted);
        case MessageType::records_told:
            return decodes_to_itself<RecordsTold>(payload, accepted);
        case MessageType::records_end:
            return decodes_to_itself<RecordsEnd>(payload, accepted);
        case MessageType::range_ask:
            return decodes_to_itself<RangeAsk>(payload, accepted);
    }
    return false;
}

}  // namespace pawl::replication
