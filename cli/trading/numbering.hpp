// How the commands of an input are numbered, so that a second run recognises the first one's. Knows
// numbers only.
#pragma once

#include <cstdint>
#include <string>

namespace pawl::cli {

// Orders, cancels and phases are numbered 1, 2, 3, … in the input's own session. Steps, which may
// take more than one command (an instrument is added, an auction uncrossed), have a session beside
// it: the a-th step has the numbers a × 64 + k. A step's `cause` is the number of the order command
// before it.
inline constexpr std::uint64_t commands_per_step = 64;

constexpr std::uint64_t step_number(std::uint64_t step, std::uint64_t k) noexcept {
    return step * commands_per_step + k;
}
constexpr std::uint64_t step_of(std::uint64_t number) noexcept {
    return number / commands_per_step;
}

inline std::string step_session(const std::string& session) {
    return session + ":steps";
}

}  // namespace pawl::cli
