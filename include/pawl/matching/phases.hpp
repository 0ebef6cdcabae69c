// Which command is allowed in which trading phase: one table. Knows no book.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pawl/matching/types.hpp"

namespace pawl::matching {

// What a command asks for, as far as the phase is concerned.
enum class Action : std::uint8_t {
    rest = 0,       // a limit order, day or good-till-cancel
    rest_only = 1,  // the same with post-only
    take = 2,       // market, immediate-or-cancel, fill-or-kill
    cancel = 3,
    amend = 4,  // AmendOrder and ReplaceOrder
    uncross = 5,
    follow = 6,
};
inline constexpr int action_count = 7;

// Rows: Phase. Columns: Action. A venue's rules on one screen; a test reads it back cell by cell.
inline constexpr bool phase_table[phase_count][action_count] = {
    //               rest   rest_only take   cancel amend  uncross follow
    /* pre_open   */ {true, false, false, true, true, false, true},
    /* auction    */ {true, false, false, true, true, true, true},
    /* continuous */ {true, true, true, true, true, false, true},
    /* halt       */ {false, false, false, true, false, false, true},
    /* no_cancel  */ {true, false, false, false, false, true, true},
    /* closed     */ {false, false, false, false, false, false, false},
};

constexpr bool allowed(Phase phase, Action action) noexcept {
    return phase_table[static_cast<std::size_t>(phase)][static_cast<std::size_t>(action)];
}

// While orders are collected nothing trades before Uncross.
constexpr bool collects(Phase phase) noexcept {
    return phase != Phase::continuous;
}

}  // namespace pawl::matching
