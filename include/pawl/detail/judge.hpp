// Bytes from outside, held against the types: is it a command of theirs, does every field hold a
// value that its type has? Knows types; no connection.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "pawl/detail/machine.hpp"
#include "pawl/detail/reflect.hpp"
#include "pawl/detail/submission.hpp"

namespace pawl::detail {

template <class T>
bool well_formed(const std::byte* bytes) noexcept;

template <class T, std::size_t... index>
bool well_formed_fields([[maybe_unused]] const std::byte* bytes,
                        std::index_sequence<index...>) noexcept {
    [[maybe_unused]] std::size_t at = 0;  // plain values have no padding
    return (well_formed<FieldType<T, index>>(bytes +
                                             std::exchange(at, at + sizeof(FieldType<T, index>))) &&
            ... && true);
}

// Whether a T may be read from there: truth values are 0 or 1, texts no longer than their room and
// zero behind their end. Enumerators are the domain's own business: any number of the right size is
// a value of an enum.
template <class T>
bool well_formed(const std::byte* bytes) noexcept {
    if constexpr (std::is_same_v<T, bool>) {
        return *bytes <= std::byte{1};
    } else if constexpr (IsText<T>::value || IsBytes<T>::value) {
        std::uint16_t size = 0;
        std::memcpy(&size, bytes, sizeof size);
        if (size > sizeof(T) - sizeof size) return false;
        for (std::size_t at = sizeof size + size; at < sizeof(T); ++at)
            if (bytes[at] != std::byte{0}) return false;
        return true;
    } else if constexpr (IsArray<T>::value) {
        using Element = typename IsArray<T>::Element;
        for (std::size_t i = 0; i < IsArray<T>::size; ++i)
            if (!well_formed<Element>(bytes + i * sizeof(Element))) return false;
        return true;
    } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_empty_v<T>) {
        return true;
    } else if constexpr (std::is_aggregate_v<T>) {
        return well_formed_fields<T>(bytes, std::make_index_sequence<field_count<T>>());
    } else {
        return true;
    }
}

template <class A, class C>
Judged::As judge_as(const MessageHeader& header, const std::byte* payload) {
    if (header.payload_bytes != payload_bytes<C> || !well_formed<C>(payload))
        return Judged::As::nonsense;
    if (header.kind == MessageKind::fact) return Judged::As::good;
    alignas(C) std::byte copy[sizeof(C)] = {};
    if (header.payload_bytes != 0) std::memcpy(copy, payload, sizeof copy);
    try {
        return structurally_valid<A>(*reinterpret_cast<const C*>(copy)) ? Judged::As::good
                                                                        : Judged::As::malformed;
    } catch (...) {
        return Judged::As::malformed;
    }
}

template <class A, template <class...> class List, class... C>
Judged::As judge_one_of(const MessageHeader& header, std::size_t index, const std::byte* payload,
                        List<C...>) {
    Judged::As as = Judged::As::nonsense;
    std::size_t i = 0;
    static_cast<void>(((i++ == index && (as = judge_as<A, C>(header, payload), true)) || ...));
    return as;
}

template <class... As>
Judged judge(const MessageHeader& header, const std::byte* payload, std::uint32_t shards) {
    Judged judged;
    std::size_t base = 0;  // of the aggregate's commands, over all of them
    std::size_t type = 0;
    const auto visit = [&]<class A>() {
        if (type++ == header.aggregate_type) {
            if (header.kind == MessageKind::fact)
                judged.as =
                    judge_one_of<A>(header, header.command_type, payload, typename A::Events{});
            else if (header.command_type >= base)
                judged.as = judge_one_of<A>(header, header.command_type - base, payload,
                                            typename A::Commands{});
            judged.shard = shard_of(route<A>(header.aggregate), shards);
        }
        base += A::Commands::count;
    };
    (visit.template operator()<As>(), ...);
    return judged;
}

}  // namespace pawl::detail
