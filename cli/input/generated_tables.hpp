// What was measured on three stocks of a real Shanghai day (2023-07-11; 150,630 commands). Figures
// only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pawl::cli::measured {

// A distribution by its quantiles: `share` of 10,000 draws are at most `value`; straight lines
// between.
struct Quantile {
    std::uint32_t share;
    std::uint32_t value;
};

// A distribution as 1,024 equally likely values.
template <std::size_t N>
constexpr std::array<std::uint32_t, 1024> draws_of(const std::array<Quantile, N>& quantiles) {
    std::array<std::uint32_t, 1024> draws{};
    std::size_t above = 0;
    for (std::size_t i = 0; i < draws.size(); ++i) {
        const auto share = static_cast<std::uint32_t>((2 * i + 1) * 10'000 / (2 * draws.size()));
        while (quantiles[above].share < share) ++above;
        const Quantile low = above == 0 ? Quantile{0, quantiles[0].value} : quantiles[above - 1];
        const Quantile high = quantiles[above];
        const std::uint32_t width = high.share - low.share;
        draws[i] =
            low.value +
            (width == 0 ? 0 : ((high.value - low.value) * (share - low.share) + width / 2) / width);
    }
    return draws;
}

// Shares of 1,024 commands in continuous trading. Measured: cancels 18.5 – 21.7 %; of the new
// orders 36 – 39 % trade at once, the others rest.
inline constexpr std::uint32_t cancel_share = 202;
inline constexpr std::uint32_t aggressive_share = 304;

// Of all commands of the day, per 10,000: collected before the opening uncross (2.0 – 3.0 %),
// before the closing one (0.4 – 1.2 %). 57 % of the opening orders come in the first five minutes,
// when 2 – 6 % are cancels; later ones may not be cancelled.
inline constexpr std::uint64_t opening_share = 240;
inline constexpr std::uint64_t closing_share = 75;
inline constexpr std::uint64_t opening_first_share = 5'700;
inline constexpr std::uint32_t opening_cancel_share = 40;  // of 1,024

// Commands of each five minutes of continuous trading, per 10,000: 09:30 – 11:30, 13:00 – 14:57
// (the last has two minutes). The first ten minutes are a fifth of the day.
inline constexpr std::array<std::uint32_t, 48> five_minutes{
    1325, 760, 422, 338, 401, 271, 336, 285, 305, 271, 243, 189, 305, 217, 142, 132,
    126,  115, 127, 131, 102, 116, 97,  85,  179, 121, 133, 100, 89,  97,  99,  94,
    84,   106, 97,  87,  105, 93,  90,  107, 108, 137, 167, 152, 186, 265, 293, 169};

// Ticks behind the own best price at which a resting order is placed. Measured shares at the best
// price or better: 43, 59, 39 %; within five ticks 69, 84, 71 %; within fifty 87, 98, 93 %.
inline constexpr auto passive_ticks = draws_of(std::array<Quantile, 12>{{{4200, 0},
                                                                         {5500, 1},
                                                                         {6200, 2},
                                                                         {6700, 3},
                                                                         {7000, 4},
                                                                         {7300, 5},
                                                                         {8000, 10},
                                                                         {8600, 20},
                                                                         {9200, 50},
                                                                         {9600, 100},
                                                                         {9850, 200},
                                                                         {10000, 500}}});

// Of 1,024 aggressive orders: those not larger than what stands at the best price, and those that
// take all of it and leave a rest. Chosen so that 10 % leave a rest in the book and the mean order
// meets 1.75 – 1.82 others, as measured.
inline constexpr std::uint32_t modest_share = 780;
inline constexpr std::uint32_t sweep_share = 60;

// Ticks beyond the other side's best price to which an aggressive order is limited.
inline constexpr auto aggressive_ticks =
    draws_of(std::array<Quantile, 5>{{{9200, 0}, {9600, 1}, {9800, 2}, {9900, 5}, {10000, 10}}});

// Sizes in lots of 100. Measured medians 2, 6 and 5 lots; 5 % above 20, 76 and 55.
inline constexpr auto lots = draws_of(std::array<Quantile, 14>{{{2300, 1},
                                                                {3500, 2},
                                                                {4300, 3},
                                                                {4800, 4},
                                                                {5700, 5},
                                                                {6300, 7},
                                                                {7400, 10},
                                                                {8000, 15},
                                                                {8600, 20},
                                                                {9000, 30},
                                                                {9500, 60},
                                                                {9800, 100},
                                                                {9960, 250},
                                                                {10000, 1000}}});

// Age of a cancelled order in resting orders placed since. Measured lifetimes: 10 % under 1 – 9 s,
// half under 35 – 167 s, a quarter above 212 – 1,340 s, 5 % above an hour and a half.
inline constexpr auto cancel_age = draws_of(std::array<Quantile, 9>{{{500, 0},
                                                                     {1000, 2},
                                                                     {2500, 15},
                                                                     {4000, 50},
                                                                     {5500, 130},
                                                                     {7500, 700},
                                                                     {8500, 2500},
                                                                     {9300, 8000},
                                                                     {10000, 60000}}});

// Gaps between commands in thousandths of their mean: exponential (−ln(1−x)), its table in whole
// numbers.
inline constexpr auto gap = draws_of(std::array<Quantile, 14>{{{500, 51},
                                                               {1000, 105},
                                                               {2000, 223},
                                                               {3000, 357},
                                                               {4000, 511},
                                                               {5000, 693},
                                                               {6000, 916},
                                                               {7000, 1204},
                                                               {8000, 1609},
                                                               {9000, 2303},
                                                               {9500, 2996},
                                                               {9800, 3912},
                                                               {9950, 5298},
                                                               {10000, 7600}}});

}  // namespace pawl::cli::measured
