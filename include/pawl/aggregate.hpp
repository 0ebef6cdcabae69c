// What user code is written against: closed lists of commands and events, and the rules an
// aggregate keeps. Knows no shard, no journal.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "pawl/detail/reflect.hpp"
#include "pawl/types.hpp"
#include "pawl/verdict.hpp"

namespace pawl {

template <class Aggregate>
class Context;

// The commands of one aggregate, in the imperative: Commands<Deposit, Withdraw>. A command belongs
// to one aggregate.
template <class... C>
struct Commands {
    static constexpr std::size_t count = sizeof...(C);
};

// The events of one aggregate, in the past tense: Events<Deposited, Withdrawn>. The place in the
// list is the number on disk: append only, never reorder, never remove.
template <class... E>
struct Events {
    static constexpr std::size_t count = sizeof...(E);
};

// Bytes one command may have, and one event.
inline constexpr std::size_t command_bytes_max = 1024;
inline constexpr std::size_t event_bytes_max = 65528;

// Specialise to true for a command or event that may hold float or double: the same bits are then
// promised to nobody who recomputes them, only to those who replay them.
template <class T>
inline constexpr bool allow_floating_point = false;

namespace detail {

template <class T, class List>
inline constexpr int index_in = -1;
template <class T, template <class...> class List, class... Ts>
inline constexpr int index_in<T, List<Ts...>> = [] {
    int found = -1;
    int i = 0;
    ((std::is_same_v<T, Ts> && found < 0 ? (found = i) : 0, ++i), ...);
    return found;
}();

template <class T>
inline constexpr std::size_t payload_bytes = std::is_empty_v<T> ? 0 : sizeof(T);

// Names a type at run time without RTTI: its address is the type's.
template <class T>
inline constexpr char type_key = 0;

template <class T>
consteval bool checked_plain() {
    static_assert(std::is_trivially_copyable_v<T>,
                  "commands and events are plain values: trivially copyable, no pointers, strings "
                  "or containers "
                  "(bounded text: pawl::Text<30>)");
    static_assert(std::is_aggregate_v<T>,
                  "commands and events are simple structs without constructors");
    static_assert(alignof(T) <= 8, "commands and events are aligned to at most 8 bytes");
    static_assert(
        packed<T>(true),
        "commands and events have no padding bytes: order the fields by size, or add a field that "
        "fills the gap, so that a journal is byte-identical everywhere");
    static_assert(!has_float<T>() || allow_floating_point<T>,
                  "float and double need an explicit opt-in: "
                  "template <> inline constexpr bool pawl::allow_floating_point<YourType> = true;");
    return true;
}

template <class A, class C>
consteval bool checked_command() {
    static_assert(checked_plain<C>());
    static_assert(sizeof(C) <= command_bytes_max, "a command has at most 1024 bytes");
    static_assert(
        requires(const A& state, const C& ask, Context<A>& ctx) {
            { state.decide(ask, ctx) } -> std::same_as<Verdict>;
        },
        "decide is missing for a command of the list: "
        "pawl::Verdict decide(const Command&, pawl::Context<Aggregate>&) const");
    return true;
}

template <class A, class E>
consteval bool checked_event() {
    static_assert(checked_plain<E>());
    static_assert(sizeof(E) <= event_bytes_max, "an event has at most 65528 bytes");
    static_assert(
        requires(A& state, const E& event) {
            { state.apply(event) } noexcept;
        },
        "apply is missing for an event of the list, or not noexcept: void apply(const Event&) "
        "noexcept");
    return true;
}

template <class A, class CommandList, class EventList>
struct Check;
template <class A, class... C, class... E>
struct Check<A, Commands<C...>, Events<E...>> {
    static_assert((checked_command<A, C>() && ... && true));
    static_assert((checked_event<A, E>() && ... && true));
    static_assert(
        ((index_in<C, Events<E...>> < 0) && ... && true),
        "a type is a command or an event, never both: name what is asked and what happened");
    static constexpr bool ok = true;
};

// Everything that can be wrong with an aggregate, each with one readable sentence. Instantiate:
// static_assert(ok).
template <class A>
struct Checked {
    static_assert(
        requires { typename A::Commands; },
        "an aggregate names its list: using Commands = pawl::Commands<…>");
    static_assert(
        requires { typename A::Events; },
        "an aggregate names its list: using Events = pawl::Events<…>");
    static constexpr bool ok = Check<A, typename A::Commands, typename A::Events>::ok;
};

}  // namespace detail

// An aggregate that does not fit a cache may have, for some of its commands,
//   void expect(const Command& ask, pawl::Comes when) const noexcept;
// Called up to three times before the command is decided, sooner and later, when there are many
// aggregates of its type; or not at all. Nobody has validated the command, others are decided in
// between, and once in millions of times it is meant for another aggregate of the type. It changes
// nothing; it is there to fetch memory.

// Where an aggregate lives: A::route(id) if it has one, else the id itself.
template <class A>
constexpr ShardKey route(Id id) {
    if constexpr (requires {
                      { A::route(id) } -> std::convertible_to<ShardKey>;
                  })
        return A::route(id);
    else
        return ShardKey{id};
}

}  // namespace pawl
