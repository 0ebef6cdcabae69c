// How long somebody waits: for room on behalf of a sender, or for anything. Knows offers and
// clocks; not which way in.
#pragma once

#include <chrono>

#include "engine/ring/idle.hpp"
#include "pawl/detail/core.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

// When to give up, by the steady clock; a patience of a year or more has no end.
inline std::chrono::steady_clock::time_point end_of(std::chrono::nanoseconds patience) {
    if (patience > std::chrono::hours(24 * 365))
        return std::chrono::steady_clock::time_point::max();
    return std::chrono::steady_clock::now() + patience;
}

// Offers again while there is no room, at most `patience`. Polls where the host runs the engine.
template <class TrySend>
Offer send_patiently(Core& core, std::chrono::nanoseconds patience, TrySend&& try_send) {
    Offer offer = try_send();
    if (offer != Offer::back_pressured || patience.count() <= 0) return offer;
    constexpr std::int64_t park_max_ns = 20'000;
    const auto begin = std::chrono::steady_clock::now();
    IdleStrategy idle(Idle::park);
    while (offer == Offer::back_pressured && std::chrono::steady_clock::now() - begin < patience) {
        if (!core.poll_while_waiting()) idle.idle(0, park_max_ns);
        offer = try_send();
    }
    return offer;
}

}  // namespace pawl::detail
