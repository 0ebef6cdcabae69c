// One instrument's generated day: when, what and at which price. Knows the measured figures; not
// the other instruments.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cli/input/generated_book.hpp"
#include "cli/input/instruction.hpp"

namespace pawl::cli {

// Pseudo-random numbers, the same everywhere: Steele, Lea and Flood's SplitMix64.
class Chance {
public:
    explicit Chance(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t draw() noexcept {
        std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }
    // From 0 to below − 1.
    std::uint32_t below(std::uint32_t bound) noexcept {
        return static_cast<std::uint32_t>(((draw() >> 32U) * bound) >> 32U);
    }
    std::uint32_t pick(const std::array<std::uint32_t, 1024>& draws) noexcept {
        return draws[draw() >> 54U];
    }

private:
    std::uint64_t state_;
};

class GeneratedFlow final : public InstructionSource {
public:
    // `commands` is exact and at least `commands_min`.
    static constexpr std::uint64_t commands_min = 8;
    GeneratedFlow(std::uint64_t seed, std::uint64_t commands);

    Result<bool> next(Instruction& out) override;
    Progress progress() const override { return {given_, commands_}; }

private:
    enum class Act : std::uint8_t {
        open_auction,
        open_continuous,
        uncross,
        collect,
        collect_late,
        trade
    };
    // A stretch of the day with one kind of commands, spread over [begin, end).
    struct Stretch {
        Act act;
        std::int64_t begin_us;
        std::int64_t end_us;
        std::uint64_t count;
    };

    void plan(std::uint64_t commands);
    std::int64_t next_time_us(const Stretch& stretch);
    void collect(Instruction& out, bool may_cancel);
    void trade(Instruction& out);
    void add(Instruction& out, Side side, std::int32_t level, std::int64_t quantity);
    void add_passive(Instruction& out);
    void add_aggressive(Instruction& out, Side side);
    void remember(GeneratedBook::Handle order);
    bool cancel(Instruction& out);
    Side aggressor() noexcept;
    std::int64_t middle() const noexcept;
    std::int32_t clamp(std::int64_t level) const noexcept;

    Chance chance_;
    std::int64_t lowest_tick_ = 0;  // price of level 0, in ticks
    GeneratedBook book_;
    std::int32_t fair_;  // the level around which the day wanders
    std::vector<Stretch> stretches_;
    std::size_t stretch_ = 0;
    std::uint64_t given_in_stretch_ = 0;
    std::int64_t time_us_ = 0;
    std::uint64_t given_ = 0;
    std::uint64_t commands_;
    std::vector<GeneratedBook::Handle>
        recent_;  // ring of resting orders, the newest at rested_ − 1
    std::uint64_t rested_ = 0;
};

}  // namespace pawl::cli
