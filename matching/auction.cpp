// The price of an auction. Knows the two sides' levels; changes nothing.
#include <algorithm>

#include "pawl/matching/book.hpp"

namespace pawl::matching {

namespace {

// The best price so far and by what it is judged.
struct Candidate {
    std::int32_t tick = 0;
    std::uint64_t volume = 0;
    std::int64_t imbalance = 0;
};

std::uint64_t distance(std::int64_t a, std::int64_t b) {
    return static_cast<std::uint64_t>(a < b ? b - a : a - b);
}

}  // namespace

bool Book::crossed() const noexcept {
    const detail::LevelNumber bid = queues_.best(Side::buy);
    const detail::LevelNumber ask = queues_.best(Side::sell);
    return bid != detail::no_level && ask != detail::no_level &&
           queues_.level(bid).tick >= queues_.level(ask).tick;
}

// One walk over the crossed prices from low to high. Every tick is a candidate; between two prices
// at which somebody stands all ticks have the same volume and imbalance, so one of them speaks for
// all: the nearest to the reference, else the highest.
std::optional<Indicative> Book::indicative() const noexcept {
    if (!crossed()) return std::nullopt;
    const std::int32_t low = queues_.level(queues_.best(Side::sell)).tick;
    const std::int32_t high = queues_.level(queues_.best(Side::buy)).tick;
    std::uint64_t demand = 0;  // to buy at the price in question or higher
    std::uint64_t supply = 0;  // to sell at the price in question or lower
    detail::LevelNumber bid = queues_.best(Side::buy);
    for (detail::LevelNumber n = bid; n != detail::no_level && queues_.level(n).tick >= low;
         n = queues_.next_worse(n)) {
        demand += queues_.level(n).total();
        bid = n;
    }
    detail::LevelNumber ask = queues_.best(Side::sell);
    const bool has_reference = terms_.reference != 0;
    const std::int32_t reference = tick_of(terms_.reference);

    Candidate best;
    const auto consider = [&](std::int32_t tick) {
        const std::uint64_t volume = demand < supply ? demand : supply;
        const auto imbalance = static_cast<std::int64_t>(demand - supply);
        const std::uint64_t new_gap = distance(imbalance, 0);
        const std::uint64_t old_gap = distance(best.imbalance, 0);
        bool better = volume > best.volume || (volume == best.volume && new_gap < old_gap);
        if (volume == best.volume && new_gap == old_gap)
            better = !has_reference || distance(tick, reference) <= distance(best.tick, reference);
        if (better) best = {tick, volume, imbalance};
    };
    for (std::int32_t tick = low;;) {
        if (ask != detail::no_level && queues_.level(ask).tick == tick) {
            supply += queues_.level(ask).total();
            ask = queues_.next_worse(ask);
        }
        consider(tick);
        if (queues_.level(bid).tick == tick) {
            demand -= queues_.level(bid).total();
            bid = queues_.next_better(bid);
        }
        if (tick == high) break;
        std::int32_t next = queues_.level(bid).tick;  // there is one: the best bid is `high`
        if (ask != detail::no_level) next = std::min(next, queues_.level(ask).tick);
        if (next - tick > 1)
            consider(has_reference ? std::clamp(reference, tick + 1, next - 1) : next - 1);
        tick = next;
    }
    const auto unit = static_cast<std::int64_t>(lot_.divisor());
    return Indicative{price_of(best.tick), quantity_of(best.volume), best.imbalance * unit};
}

}  // namespace pawl::matching
