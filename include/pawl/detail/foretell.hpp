// Tells an aggregate that wants to know of a command before its turn. Knows lists of commands; no
// table and no message.
#pragma once

#include <cstddef>

#include "pawl/aggregate.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

inline constexpr std::size_t next_ahead = 6;  // commands before its turn
inline constexpr std::size_t now_ahead = 2;
inline constexpr std::size_t crowd = 16;  // fewer aggregates of a type are thought to be cached

template <class A, class C>
inline constexpr bool expects = requires(const A& state, const C& ask) {
    { state.expect(ask, Comes::soon) } noexcept;
};

template <class A, class List = typename A::Commands>
struct Foretell;
template <class A, class... C>
struct Foretell<A, Commands<C...>> {
    // Whether it wants to know of any.
    static constexpr bool any = (expects<A, C> || ... || false);

    // `index` is the command's in the list of A; what is not in it is nobody's.
    static void tell(const A& state, std::size_t index, const std::byte* payload,
                     Comes when) noexcept {
        std::size_t i = 0;
        static_cast<void>(((i++ == index && (one<C>(state, payload, when), true)) || ...));
    }

private:
    template <class Command>
    static void one(const A& state, const std::byte* payload, Comes when) noexcept {
        if constexpr (expects<A, Command>)
            state.expect(*reinterpret_cast<const Command*>(payload), when);
    }
};

}  // namespace pawl::detail
