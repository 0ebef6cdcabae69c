// One event of a record and the type it belongs to. Knows one state; no table, no record.
#pragma once

#include <array>
#include <cstddef>

#include "pawl/aggregate.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::detail {

// The event is of one of these types, and as long as that one.
template <class... E>
bool fits(const EventView& event, Events<E...>) noexcept {
    static constexpr std::array<std::size_t, sizeof...(E)> sizes{payload_bytes<E>...};
    const std::size_t index = event.header->type;
    return index < sizeof...(E) && sizes[index] == event.header->size;
}

// An event that fits.
template <class A, class... E>
void apply_indexed(A& state, const EventView& event, Events<E...>) noexcept {
    const std::size_t index = event.header->type;
    std::size_t i = 0;
    static_cast<void>(
        ((i++ == index && (state.apply(*reinterpret_cast<const E*>(event.payload)), true)) || ...));
}

}  // namespace pawl::detail
