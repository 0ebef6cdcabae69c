// Encodes and decodes what clients say and hear. The checks of decode are what encode asserts.
#include "engine/replication/client_messages.hpp"

#include <algorithm>
#include <cstring>

#include "engine/replication/message_bytes.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/options.hpp"

namespace pawl::replication {

using namespace message_bytes;
using detail::MessageKind;
using detail::MessageParts;
using detail::RawReply;

namespace {

constexpr auto durability_max = static_cast<std::uint8_t>(Durability::replicated_synced);

bool good(const ClientHelloFixed& fixed) noexcept {
    return fixed.life != 0 && fixed.resumes <= 1 && all_zero(fixed.reserved);
}

bool good(const ClientWelcomeFixed& fixed) noexcept {
    return fixed.shards >= 1 && fixed.shards <= shards_max && fixed.session_window >= 1 &&
           fixed.durability <= durability_max && all_zero(fixed.reserved);
}

bool good(const CommandFixed& fixed) noexcept {
    if (fixed.reserved != 0 || fixed.durability > durability_max ||
        fixed.payload_bytes > command_payload_bytes_max)
        return false;
    switch (static_cast<MessageKind>(fixed.kind)) {
        case MessageKind::command:
        case MessageKind::fact:
            return fixed.number != 0;
        case MessageKind::trial:
            return fixed.number == 0;
        case MessageKind::status:
            return fixed.number != 0 && fixed.payload_bytes == 0 && fixed.command_type == 0 &&
                   fixed.aggregate_type == 0 && fixed.aggregate < shards_max;
        default:
            return false;  // kinds whose payload is an address in this process, and none at all
    }
}

bool good(const ReplyFixed& fixed) noexcept {
    return fixed.shard < shards_max && fixed.outcome >= 1 &&
           fixed.outcome <= static_cast<std::uint8_t>(Outcome::refused) &&
           fixed.durability <= durability_max && fixed.repeat <= 1 &&
           fixed.status <= detail::raw_status_forgotten && fixed.reserved == 0;
}

bool good_address(std::string_view address) noexcept {
    return address.size() <= address_bytes_max &&
           std::all_of(address.begin(), address.end(),
                       [](char c) { return printable(c) && c != ' '; });
}

// One command at the front of `rest`; it is taken off.
bool walk(std::span<const std::byte>& rest) noexcept {
    CommandFixed fixed;
    if (rest.size() < sizeof fixed) return false;
    std::memcpy(&fixed, rest.data(), sizeof fixed);
    if (!good(fixed)) return false;
    const std::size_t bytes = command_bytes(fixed.payload_bytes);
    if (rest.size() < bytes) return false;
    const auto zero = [](std::byte byte) { return byte == std::byte{0}; };
    if (!std::all_of(rest.data() + sizeof fixed + fixed.payload_bytes, rest.data() + bytes, zero))
        return false;
    rest = rest.subspan(bytes);
    return true;
}

}  // namespace

void encode(const ClientHello& from, Message& to) {
    ClientHelloFixed fixed = from.fixed;
    PAWL_ASSERT(good(fixed));
    PAWL_ASSERT(!from.session.empty() && from.session.size() <= session_bytes_max);
    fixed.session_bytes = static_cast<std::uint8_t>(from.session.size());
    begin(from.type, fixed, to);
    append(from.session.data(), from.session.size(), to);
}

bool decode(std::span<const std::byte> payload, ClientHello& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) && to.fixed.session_bytes != 0 &&
           take_text(rest, to.fixed.session_bytes, to.session);
}

void encode(const ClientWelcome& from, Message& to) {
    ClientWelcomeFixed fixed = from.fixed;
    fixed.shards = static_cast<std::uint32_t>(from.highest.size());
    PAWL_ASSERT(good(fixed));
    begin(from.type, fixed, to);
    append(from.highest, to);
}

bool decode(std::span<const std::byte> payload, ClientWelcome& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && good(to.fixed) &&
           take_list(rest, to.fixed.shards, shards_max, to.highest);
}

void encode(const Commands& from, Message& to) {
    PAWL_ASSERT(from.fixed.count != 0 && from.fixed.reserved == 0);
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, Commands& to) {
    if (!take(payload, to.fixed, to.bytes)) return false;
    if (to.fixed.count == 0 || to.fixed.reserved != 0) return false;
    std::span<const std::byte> rest = to.bytes;
    for (std::uint32_t i = 0; i < to.fixed.count; ++i)
        if (!walk(rest)) return false;
    return rest.empty();
}

void encode(const Replies& from, Message& to) {
    PAWL_ASSERT(!from.replies.empty());
    PAWL_ASSERT(std::all_of(from.replies.begin(), from.replies.end(),
                            [](const ReplyFixed& reply) { return good(reply); }));
    begin(from.type, RepliesFixed{static_cast<std::uint32_t>(from.replies.size()), 0}, to);
    append(from.replies, to);
}

bool decode(std::span<const std::byte> payload, Replies& to) {
    RepliesFixed fixed{};
    std::span<const std::byte> rest;
    return take(payload, fixed, rest) && fixed.count != 0 && fixed.reserved == 0 &&
           take_list(rest, fixed.count, fixed.count, to.replies) &&
           std::all_of(to.replies.begin(), to.replies.end(),
                       [](const ReplyFixed& reply) { return good(reply); });
}

void encode(const NotPrimary& from, Message& to) {
    const std::string_view address = good_address(from.address) ? from.address : std::string_view{};
    NotPrimaryFixed fixed{};
    fixed.address_bytes = static_cast<std::uint16_t>(address.size());
    begin(from.type, fixed, to);
    append(address.data(), address.size(), to);
}

bool decode(std::span<const std::byte> payload, NotPrimary& to) {
    NotPrimaryFixed fixed{};
    std::span<const std::byte> rest;
    return take(payload, fixed, rest) && all_zero(fixed.reserved) &&
           take_text(rest, fixed.address_bytes, to.address) && good_address(to.address);
}

void encode(const HelloAgain& from, Message& to) {
    begin(from.type, BareFixed{}, to);
}

bool decode(std::span<const std::byte> payload, HelloAgain& to) {
    return decode_fixed(payload, to) && to.fixed.reserved == 0;
}

void append_command(std::vector<std::byte>& to, const MessageParts& parts) {
    const detail::MessageHeader& header = parts.header;
    CommandFixed fixed{};
    fixed.aggregate = header.aggregate;
    fixed.number = header.number;
    fixed.token = header.token;
    fixed.expected_version = (header.flags & detail::message_has_expected) != 0
                                 ? parts.expected_version
                                 : ~std::uint64_t{0};
    fixed.correlation = parts.links.correlation;
    fixed.cause = parts.links.cause;
    fixed.payload_bytes = header.payload_bytes;
    fixed.command_type = header.command_type;
    fixed.aggregate_type = header.aggregate_type;
    fixed.kind = static_cast<std::uint8_t>(header.kind);
    fixed.durability = header.durability;
    PAWL_ASSERT(good(fixed));
    const std::size_t begin = to.size();
    to.resize(begin + command_bytes(fixed.payload_bytes));
    std::memcpy(to.data() + begin, &fixed, sizeof fixed);
    if (fixed.payload_bytes != 0)
        std::memcpy(to.data() + begin + sizeof fixed, parts.payload, fixed.payload_bytes);
}

MessageParts CommandReader::next() noexcept {
    CommandFixed fixed;
    PAWL_ASSERT(rest_.size() >= sizeof fixed);
    std::memcpy(&fixed, rest_.data(), sizeof fixed);
    MessageParts parts;
    parts.header.aggregate = fixed.aggregate;
    parts.header.number = fixed.number;
    parts.header.token = fixed.token;
    parts.header.payload_bytes = fixed.payload_bytes;
    parts.header.command_type = fixed.command_type;
    parts.header.aggregate_type = fixed.aggregate_type;
    parts.header.kind = static_cast<MessageKind>(fixed.kind);
    parts.header.durability = fixed.durability & 0x0F;
    parts.header.flags = detail::message_wants_reply;
    if (fixed.correlation != 0 || fixed.cause != 0) {
        parts.header.flags |= detail::message_has_links;
        parts.links = {fixed.correlation, fixed.cause};
    }
    if (fixed.expected_version != ~std::uint64_t{0}) {
        parts.header.flags |= detail::message_has_expected;
        parts.expected_version = fixed.expected_version;
    }
    parts.payload = rest_.data() + sizeof fixed;
    rest_ = rest_.subspan(command_bytes(fixed.payload_bytes));
    return parts;
}

ReplyFixed to_wire(const RawReply& reply) noexcept {
    ReplyFixed wire{};
    wire.token = reply.token;
    wire.number = reply.number;
    wire.version = reply.version;
    wire.sequence = reply.sequence;
    wire.position = reply.position;
    wire.shard = reply.shard;
    wire.reason = reply.reason;
    wire.event_count = reply.event_count;
    wire.outcome = static_cast<std::uint8_t>(reply.outcome);
    wire.durability = static_cast<std::uint8_t>(reply.durability);
    wire.repeat = reply.repeat ? 1 : 0;
    wire.status = reply.status;
    return wire;
}

RawReply from_wire(const ReplyFixed& wire) noexcept {
    RawReply reply;
    reply.token = wire.token;
    reply.number = wire.number;
    reply.version = wire.version;
    reply.sequence = wire.sequence;
    reply.position = wire.position;
    reply.shard = wire.shard;
    reply.reason = wire.reason;
    reply.event_count = wire.event_count;
    reply.outcome = static_cast<Outcome>(wire.outcome);
    reply.durability = static_cast<Durability>(wire.durability);
    reply.repeat = wire.repeat != 0;
    reply.status = wire.status;
    return reply;
}

}  // namespace pawl::replication
