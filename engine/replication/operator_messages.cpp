// Encodes and decodes what operators say and hear. The checks of decode are what encode asserts.
#include "engine/replication/operator_messages.hpp"

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
    return name.empty() || is_node_name(name);
}

bool good_address(std::string_view address) noexcept {
    return address.size() <= address_bytes_max &&
           std::all_of(address.begin(), address.end(),
                       [](char c) { return printable(c) && c != ' '; });
}

bool good_text(std::string_view text) noexcept {
    return text.size() <= reason_bytes_max && std::all_of(text.begin(), text.end(), printable);
}

std::string printable_text(std::string_view text) {
    std::string good(text.substr(0, reason_bytes_max));
    for (char& c : good)
        if (!printable(c)) c = '?';
    return good;
}

bool good(const StatusToldFixed& fixed) noexcept {
    return fixed.role <= static_cast<std::uint8_t>(Role::handing_over) && fixed.age_ns >= -1 &&
           fixed.lag_ns >= -1 && fixed.commands_at_risk >= -1 && fixed.lag_bytes <= position_max &&
           fixed.in_sync_count <= in_sync_max;
}

// Takes so many bytes off the front.
bool take_front(std::span<const std::byte>& rest, std::size_t bytes, std::string& to) {
    if (rest.size() < bytes) return false;
    to.assign(reinterpret_cast<const char*>(rest.data()), bytes);
    rest = rest.subspan(bytes);
    return true;
}

// One name of the set: its length, then the name. The names grow.
bool take_names(std::span<const std::byte> rest, std::size_t count,
                std::vector<std::string>& names) {
    names.assign(count, {});
    for (std::string& name : names) {
        if (rest.empty()) return false;
        const auto bytes = std::to_integer<std::size_t>(rest.front());
        rest = rest.subspan(1);
        if (!take_front(rest, bytes, name) || !is_node_name(name)) return false;
    }
    return rest.empty() &&
           std::adjacent_find(names.begin(), names.end(), std::greater_equal<>()) == names.end();
}

}  // namespace

bool makes_sense(const RangeAskFixed& ask) noexcept {
    return ask.begin % 8 == 0 && ask.end % 8 == 0 && ask.end <= position_max &&
           ask.begin < ask.end && ask.end - ask.begin <= range_bytes_max && ask.shard < shards_max;
}

void encode(const StatusAsk& from, Message& to) {
    begin(from.type, BareFixed{}, to);
}

bool decode(std::span<const std::byte> payload, StatusAsk& to) {
    return decode_fixed(payload, to) && to.fixed.reserved == 0;
}

void encode(const StatusTold& from, Message& to) {
    const NodeStatus& status = from.status;
    PAWL_ASSERT(good_name(status.node) && good_name(status.primary));
    const std::string why = printable_text(status.why);
    const std::string clients =
        good_address(status.primary_clients) ? status.primary_clients : std::string();
    StatusToldFixed fixed{};
    fixed.epoch = status.epoch;
    fixed.lag_bytes = std::min(status.lag_bytes, position_max);
    fixed.age_ns = std::max<std::int64_t>(status.age.count(), -1);
    fixed.lag_ns = std::max<std::int64_t>(status.lag.count(), -1);
    fixed.commands_at_risk = std::max<std::int64_t>(status.commands_at_risk, -1);
    fixed.why_bytes = static_cast<std::uint16_t>(why.size());
    fixed.clients_bytes = static_cast<std::uint16_t>(clients.size());
    fixed.role = static_cast<std::uint8_t>(status.role);
    fixed.node_bytes = static_cast<std::uint8_t>(status.node.size());
    fixed.primary_bytes = static_cast<std::uint8_t>(status.primary.size());
    fixed.in_sync_count = static_cast<std::uint8_t>(status.in_sync.size());
    PAWL_ASSERT(good(fixed));
    begin(from.type, fixed, to);
    append(why.data(), why.size(), to);
    append(clients.data(), clients.size(), to);
    append(status.node.data(), status.node.size(), to);
    append(status.primary.data(), status.primary.size(), to);
    for (const std::string& name : status.in_sync) {
        PAWL_ASSERT(is_node_name(name));
        const auto bytes = static_cast<std::uint8_t>(name.size());
        append(&bytes, 1, to);
        append(name.data(), name.size(), to);
    }
}

bool decode(std::span<const std::byte> payload, StatusTold& to) {
    StatusToldFixed fixed{};
    std::span<const std::byte> rest;
    if (!take(payload, fixed, rest) || !good(fixed)) return false;
    NodeStatus& status = to.status;
    status.epoch = fixed.epoch;
    status.lag_bytes = fixed.lag_bytes;
    status.age = std::chrono::nanoseconds(fixed.age_ns);
    status.lag = std::chrono::nanoseconds(fixed.lag_ns);
    status.commands_at_risk = fixed.commands_at_risk;
    status.role = static_cast<Role>(fixed.role);
    return take_front(rest, fixed.why_bytes, status.why) && good_text(status.why) &&
           take_front(rest, fixed.clients_bytes, status.primary_clients) &&
           good_address(status.primary_clients) &&
           take_front(rest, fixed.node_bytes, status.node) && good_name(status.node) &&
           take_front(rest, fixed.primary_bytes, status.primary) && good_name(status.primary) &&
           take_names(rest, fixed.in_sync_count, status.in_sync);
}

void encode(const HandOverAsk& from, Message& to) {
    PAWL_ASSERT(good_name(from.peer));
    HandOverAskFixed fixed{};
    fixed.peer_bytes = static_cast<std::uint8_t>(from.peer.size());
    begin(from.type, fixed, to);
    append(from.peer.data(), from.peer.size(), to);
}

bool decode(std::span<const std::byte> payload, HandOverAsk& to) {
    HandOverAskFixed fixed{};
    std::span<const std::byte> rest;
    return take(payload, fixed, rest) && all_zero(fixed.reserved) &&
           take_text(rest, fixed.peer_bytes, to.peer) && good_name(to.peer);
}

void encode(const HandOverTold& from, Message& to) {
    const std::string text = printable_text(from.text);
    HandOverToldFixed fixed{};
    fixed.code = from.code;
    fixed.text_bytes = static_cast<std::uint16_t>(text.size());
    begin(from.type, fixed, to);
    append(text.data(), text.size(), to);
}

bool decode(std::span<const std::byte> payload, HandOverTold& to) {
    HandOverToldFixed fixed{};
    std::span<const std::byte> rest;
    if (!take(payload, fixed, rest) || fixed.reserved != 0 ||
        !take_text(rest, fixed.text_bytes, to.text) || !good_text(to.text))
        return false;
    to.code = fixed.code;
    return true;
}

void encode(const RecordsAsk& from, Message& to) {
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, RecordsAsk& to) {
    return decode_fixed(payload, to);
}

void encode(const RangeAsk& from, Message& to) {
    PAWL_ASSERT(makes_sense(from.fixed));
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, RangeAsk& to) {
    return decode_fixed(payload, to) && makes_sense(to.fixed);
}

void encode(const RecordsTold& from, Message& to) {
    PAWL_ASSERT(from.fixed.shard < shards_max && from.fixed.reserved == 0);
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, RecordsTold& to) {
    return take(payload, to.fixed, to.bytes) && to.fixed.shard < shards_max &&
           to.fixed.reserved == 0 && !to.bytes.empty() && to.bytes.size() % 8 == 0;
}

void encode(const RecordsEnd& from, Message& to) {
    begin(from.type, from.fixed, to);
}

bool decode(std::span<const std::byte> payload, RecordsEnd& to) {
    return decode_fixed(payload, to);
}

}  // namespace pawl::replication
