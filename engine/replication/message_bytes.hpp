// How fixed parts, lists and texts go into a message and come out of a payload. Knows bytes; no
// message.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/replication/link.hpp"

namespace pawl::replication::message_bytes {

template <class Fixed>
void begin(MessageType type, const Fixed& fixed, Message& to) {
    static_assert(std::is_trivially_copyable_v<Fixed>);
    static_assert(std::has_unique_object_representations_v<Fixed>);
    to.type = type;
    to.body.resize(sizeof(Fixed));
    std::memcpy(to.body.data(), &fixed, sizeof(Fixed));
}

inline void append(const void* bytes, std::size_t size, Message& to) {
    if (size == 0) return;
    const auto* first = static_cast<const std::byte*>(bytes);
    to.body.insert(to.body.end(), first, first + size);
}

template <class Entry>
void append(const std::vector<Entry>& list, Message& to) {
    static_assert(std::has_unique_object_representations_v<Entry>);
    append(list.data(), list.size() * sizeof(Entry), to);
}

// The fixed part; what follows it is left in `rest`.
template <class Fixed>
bool take(std::span<const std::byte> payload, Fixed& fixed, std::span<const std::byte>& rest) {
    if (payload.size() < sizeof(Fixed)) return false;
    std::memcpy(&fixed, payload.data(), sizeof(Fixed));
    rest = payload.subspan(sizeof(Fixed));
    return true;
}

template <class Entry>
bool take_list(std::span<const std::byte> rest, std::uint32_t count, std::uint32_t count_max,
               std::vector<Entry>& list) {
    if (count > count_max || rest.size() != std::size_t{count} * sizeof(Entry)) return false;
    list.resize(count);
    if (count != 0) std::memcpy(list.data(), rest.data(), rest.size());
    return true;
}

inline bool take_text(std::span<const std::byte> rest, std::size_t bytes, std::string_view& text) {
    if (rest.size() != bytes) return false;
    text = {reinterpret_cast<const char*>(rest.data()), bytes};
    return true;
}

constexpr bool printable(char c) noexcept {
    return c >= ' ' && c <= '~';
}

template <std::size_t size>
bool all_zero(const std::array<std::uint8_t, size>& bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// Messages that are a fixed part and nothing else.
template <class Value>
bool decode_fixed(std::span<const std::byte> payload, Value& to) {
    std::span<const std::byte> rest;
    return take(payload, to.fixed, rest) && rest.empty();
}

}  // namespace pawl::replication::message_bytes
