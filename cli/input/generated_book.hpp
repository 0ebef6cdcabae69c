// The live orders of one generated instrument, so that cancels name orders that live. Private to
// the generator; it keeps enough of price and time priority to stay close to any real book, and no
// trades.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace pawl::cli {

enum class Side : std::uint8_t { buy = 0, sell = 1 };

constexpr Side opposite(Side side) noexcept {
    return side == Side::buy ? Side::sell : Side::buy;
}

// Prices are levels: ticks from 0 to level_count − 1. One thread.
class GeneratedBook {
public:
    // Names one resting order, also after it has gone.
    struct Handle {
        std::uint32_t slot = 0;
        std::uint64_t order = 0;  // 0 = none
    };

    explicit GeneratedBook(std::int32_t level_count);

    std::int32_t level_count() const noexcept { return level_count_; }
    bool has(Side side) const noexcept;
    // Only if has(side).
    std::int32_t best(Side side) const noexcept;
    std::int64_t quantity_at(Side side, std::int32_t level) const noexcept;
    std::uint32_t live_count() const noexcept { return live_count_; }

    // Whether `quantity` could be taken at once by an order of `side` limited to `limit`.
    bool enough(Side side, std::int32_t limit, std::int64_t quantity) const noexcept;
    // Takes up to `quantity` from the other side, oldest first; returns what is left of it.
    std::int64_t take(Side side, std::int32_t limit, std::int64_t quantity);
    Handle rest(Side side, std::int32_t level, std::int64_t quantity, std::uint64_t order);

    bool lives(Handle handle) const noexcept;
    // Only if lives(handle).
    void cancel(Handle handle);
    // Some live order near slot `draw` modulo the slots; order 0 if none is near.
    Handle near(std::uint64_t draw) const noexcept;

    // Maximum volume, then least imbalance, then the highest price; oldest first on both sides.
    void uncross();

private:
    static constexpr std::uint32_t none = UINT32_MAX;

    struct Order {
        std::uint64_t order = 0;  // 0 = free slot; `next` then links the free ones
        std::int64_t quantity = 0;
        std::int32_t level = 0;
        std::uint32_t next = none;
        std::uint32_t previous = none;
        Side side = Side::buy;
    };
    struct Level {
        std::int64_t quantity = 0;
        std::uint32_t oldest = none;
        std::uint32_t newest = none;
    };

    Level& level_of(Side side, std::int32_t level) noexcept;
    const Level& level_of(Side side, std::int32_t level) const noexcept;
    void remove(std::uint32_t slot);
    void leave_empty_levels(Side side) noexcept;
    void take_best(Side side, std::int64_t quantity);

    std::int32_t level_count_;
    std::array<std::vector<Level>, 2> levels_;
    std::array<std::int32_t, 2> best_;  // −1 or level_count_: no order on that side
    std::vector<Order> orders_;
    std::uint32_t first_free_ = none;
    std::uint32_t live_count_ = 0;
};

}  // namespace pawl::cli
