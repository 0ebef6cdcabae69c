// One open order and one price level, packed. Know no queue and no rules.
#pragma once

#include <cstdint>

#include "pawl/matching/types.hpp"

namespace pawl::matching::detail {

// Memory that will be changed soon. The empty statement keeps a compiler from removing callers that
// do nothing else.
inline void fetch(const void* what) noexcept {
    __builtin_prefetch(what, 1);
    asm volatile("" : : "r"(what));
}

// Number of an order's place in the pool: 24 bits. 0 = none.
using Slot = std::uint32_t;
// Number of a price level: 16 bits. 0 = none.
using LevelNumber = std::uint32_t;

inline constexpr Slot no_slot = 0;
inline constexpr LevelNumber no_level = 0;

// 24 bytes, so that with its entry in the index a live order costs about 30. A neighbour needs 24
// bits and a level 16, so the level's two bytes share the words of the two neighbours. What was
// filled is kept elsewhere (FillTable), because few resting orders are partly filled: the flag says
// when to look.
struct Order {
    std::uint64_t id;
    std::uint32_t next_and_level;  // next in time | level's low byte in the top
    std::uint32_t prev_and_level;  // previous in time | level's high byte in the top
    std::uint32_t open_and_flags;  // 29 bits of lots | three flags
    std::uint32_t owner;

    static constexpr std::uint32_t slot_mask = 0x00FF'FFFF;
    static constexpr std::uint32_t open_mask = 0x1FFF'FFFF;
    static constexpr std::uint32_t partly_filled = 0x2000'0000;
    static constexpr std::uint32_t post_only = 0x4000'0000;
    static constexpr std::uint32_t good_till_cancel = 0x8000'0000;

    Slot next() const noexcept { return next_and_level & slot_mask; }
    Slot prev() const noexcept { return prev_and_level & slot_mask; }
    LevelNumber level() const noexcept {
        return (next_and_level >> 24) | ((prev_and_level >> 24) << 8);
    }
    std::uint32_t open() const noexcept { return open_and_flags & open_mask; }
    // post_only and good_till_cancel as they stand: what an order keeps when it moves.
    std::uint32_t flags() const noexcept { return open_and_flags & (post_only | good_till_cancel); }
    bool is(std::uint32_t flag) const noexcept { return (open_and_flags & flag) != 0; }

    void set_next(Slot slot) noexcept { next_and_level = (next_and_level & ~slot_mask) | slot; }
    void set_prev(Slot slot) noexcept { prev_and_level = (prev_and_level & ~slot_mask) | slot; }
    void set_place(Slot prev, Slot next, LevelNumber level) noexcept {
        next_and_level = next | (level & 0xFF) << 24;
        prev_and_level = prev | (level >> 8) << 24;
    }
    void set_open(std::uint32_t lots) noexcept {
        open_and_flags = (open_and_flags & ~open_mask) | (lots & open_mask);
    }
};
static_assert(sizeof(Order) == 24);

// All that stands at one price on one side, oldest order first. Anonymous quantity is older than
// any order.
struct Level {
    std::int32_t tick;
    Slot head;
    Slot tail;
    std::uint32_t count_and_side;  // orders | side in the top bit
    std::uint64_t lots;            // of the orders together
    std::uint64_t anonymous;       // lots

    std::uint32_t count() const noexcept { return count_and_side & 0x7FFF'FFFF; }
    Side side() const noexcept { return static_cast<Side>(count_and_side >> 31); }
    std::uint64_t total() const noexcept { return lots + anonymous; }
};
static_assert(sizeof(Level) == 32);

}  // namespace pawl::matching::detail
