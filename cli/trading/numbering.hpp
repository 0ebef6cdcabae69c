// How the commands of an input are numbered in their session, so that a second run recognises the
// first one's.
#pragma once

#include <cstdint>

namespace pawl::cli {

// The i-th instruction of an input (from 1) has the numbers i × 64 + k: k = 0 is its command,
// higher ones repeat an auction that had too many trades for one command. An instrument is added as
// k = 63 of the instruction before its first.
inline constexpr std::uint64_t numbers_per_instruction = 64;

constexpr std::uint64_t number_of(std::uint64_t instruction, std::uint64_t k) noexcept {
    return instruction * numbers_per_instruction + k;
}
constexpr std::uint64_t instruction_of(std::uint64_t number) noexcept {
    return number / numbers_per_instruction;
}
inline constexpr std::uint64_t k_add_instrument = numbers_per_instruction - 1;

}  // namespace pawl::cli
