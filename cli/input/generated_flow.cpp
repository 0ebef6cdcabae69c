// Draws one instrument's commands. Every figure it follows is in generated_tables.hpp.
#include "cli/input/generated_flow.hpp"

#include <algorithm>

#include "cli/input/generated_tables.hpp"

namespace pawl::cli {

namespace {

constexpr std::int64_t tick = 100;  // in 1/10,000
constexpr std::int64_t lot = 100;
constexpr std::uint64_t recent_count = 8'192;
// The real books grew to 2,000 – 5,000 orders. Above this, cancels keep them from growing with the
// length of the day.
constexpr std::uint32_t live_max = 6'000;
constexpr std::uint32_t crowded_cancel_share = 560;

constexpr std::int64_t minute_us = 60'000'000;
constexpr std::int64_t clock_us(std::int64_t hours, std::int64_t minutes) {
    return (hours * 60 + minutes) * minute_us;
}

// A stock between 10 and 100 a share; the day may move it by a tenth, as the exchange allows.
std::int64_t reference_tick(Chance& chance) {
    return 1'000 + chance.below(9'000);
}

std::int32_t band(std::int64_t reference) {
    return static_cast<std::int32_t>(reference / 10);
}

}  // namespace

GeneratedFlow::GeneratedFlow(std::uint64_t seed, std::uint64_t commands)
    : chance_(seed),
      lowest_tick_(reference_tick(chance_)),
      book_(2 * band(lowest_tick_) + 1),
      fair_(band(lowest_tick_)),
      commands_(commands) {
    PAWL_ASSERT(commands >= commands_min);
    lowest_tick_ -= fair_;
    plan(commands);
}

void GeneratedFlow::plan(std::uint64_t commands) {
    const std::uint64_t opening =
        std::max<std::uint64_t>(1, commands * measured::opening_share / 10'000);
    const std::uint64_t closing =
        std::max<std::uint64_t>(1, commands * measured::closing_share / 10'000);
    constexpr std::uint64_t marks = 5;
    PAWL_ASSERT(commands > opening + closing + marks);
    const std::uint64_t continuous = commands - opening - closing - marks;

    const std::uint64_t early = opening * measured::opening_first_share / 10'000;
    stretches_.push_back({Act::open_auction, clock_us(9, 15), clock_us(9, 15), 1});
    stretches_.push_back({Act::collect, clock_us(9, 15), clock_us(9, 20), early});
    stretches_.push_back({Act::collect_late, clock_us(9, 20), clock_us(9, 25), opening - early});
    stretches_.push_back({Act::uncross, clock_us(9, 25), clock_us(9, 25), 1});
    stretches_.push_back({Act::open_continuous, clock_us(9, 30), clock_us(9, 30), 1});

    std::uint64_t weight_sum = 0;
    for (const std::uint32_t weight : measured::five_minutes) weight_sum += weight;
    std::uint64_t weight_before = 0;
    std::uint64_t given = 0;
    for (std::size_t i = 0; i < measured::five_minutes.size(); ++i) {
        const auto place = static_cast<std::int64_t>(i);
        const std::int64_t begin =
            place < 24 ? clock_us(9, 30 + 5 * place) : clock_us(13, 5 * (place - 24));
        const std::int64_t end = std::min(begin + 5 * minute_us, clock_us(14, 57));
        weight_before += measured::five_minutes[i];
        // Whole and rest apart, so that a long day does not overflow the product.
        const std::uint64_t until = continuous / weight_sum * weight_before +
                                    continuous % weight_sum * weight_before / weight_sum;
        stretches_.push_back({Act::trade, begin, end, until - given});
        given = until;
    }
    PAWL_ASSERT(given == continuous);
    stretches_.push_back({Act::open_auction, clock_us(14, 57), clock_us(14, 57), 1});
    stretches_.push_back({Act::collect_late, clock_us(14, 57), clock_us(15, 0), closing});
    stretches_.push_back({Act::uncross, clock_us(15, 0), clock_us(15, 0), 1});
}

Result<bool> GeneratedFlow::next(Instruction& out) {
    if (given_ == commands_) return false;
    while (given_in_stretch_ == stretches_[stretch_].count) {
        ++stretch_;
        given_in_stretch_ = 0;
    }
    const Stretch& stretch = stretches_[stretch_];
    out = Instruction{};
    out.time_ns = next_time_us(stretch) * 1'000;
    ++given_in_stretch_;
    out.number = out.line = ++given_;
    switch (stretch.act) {
        case Act::open_auction:
            out.kind = Instruction::Kind::phase;
            out.phase = Phase::auction;
            break;
        case Act::open_continuous:
            out.kind = Instruction::Kind::phase;
            out.phase = Phase::continuous;
            break;
        case Act::uncross:
            out.kind = Instruction::Kind::uncross;
            book_.uncross();
            break;
        case Act::collect:
            collect(out, true);
            break;
        case Act::collect_late:
            collect(out, false);
            break;
        case Act::trade:
            trade(out);
            break;
    }
    return true;
}

// Half of the gaps are a sixteenth as long: commands come in bursts.
std::int64_t GeneratedFlow::next_time_us(const Stretch& stretch) {
    time_us_ = std::max(time_us_, stretch.begin_us);
    const auto left = static_cast<std::int64_t>(stretch.count - given_in_stretch_);
    const std::uint64_t draw = chance_.draw();
    const std::int64_t scale = (draw & 1U) != 0 ? 118 : 1'882;
    const std::int64_t mean_us = (stretch.end_us - time_us_) / left;
    const std::int64_t gap = measured::gap[draw >> 54U];
    time_us_ = std::min(time_us_ + mean_us * gap / 1'000 * scale / 1'000,
                        std::max(stretch.end_us - 1, stretch.begin_us));
    return time_us_;
}

std::int32_t GeneratedFlow::clamp(std::int64_t level) const noexcept {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(level, 0, book_.level_count() - 1));
}

std::int64_t GeneratedFlow::middle() const noexcept {
    if (!book_.has(Side::buy) || !book_.has(Side::sell)) return fair_;
    return (book_.best(Side::buy) + book_.best(Side::sell)) / 2;
}

// Collected orders rest around the fair level; a third of them are willing to cross it.
void GeneratedFlow::collect(Instruction& out, bool may_cancel) {
    if (may_cancel && chance_.below(1024) < measured::opening_cancel_share && cancel(out)) return;
    const Side side = chance_.below(2) == 0 ? Side::buy : Side::sell;
    const std::int64_t worse = side == Side::buy ? -1 : 1;
    const bool crossing = chance_.below(3) == 0;
    const auto ticks = static_cast<std::int64_t>(
        chance_.pick(crossing ? measured::aggressive_ticks : measured::passive_ticks));
    const std::int32_t level = clamp(middle() + (crossing ? -ticks : ticks + 1) * worse);
    const std::int64_t quantity = chance_.pick(measured::lots) * lot;
    out.kind = Instruction::Kind::add;
    out.order = out.number;
    out.side = side == Side::buy ? 'B' : 'S';
    out.price = (lowest_tick_ + level) * tick;
    out.quantity = quantity;
    remember(book_.rest(side, level, quantity, out.order));
}

void GeneratedFlow::trade(Instruction& out) {
    if (chance_.below(64) == 0) {
        const std::int32_t reach = book_.level_count() / 3;
        const std::int32_t centre = book_.level_count() / 2;
        fair_ =
            std::clamp(fair_ + (chance_.below(2) == 0 ? 1 : -1), centre - reach, centre + reach);
    }
    const std::uint32_t draw = chance_.below(1024);
    const std::uint32_t cancels =
        book_.live_count() > live_max ? crowded_cancel_share : measured::cancel_share;
    if (draw < cancels && cancel(out)) return;
    const Side side = aggressor();
    if (draw >= 1024 - measured::aggressive_share && book_.has(opposite(side))) {
        return add_aggressive(out, side);
    }
    add_passive(out);
}

// The farther the book is from the fair level, the likelier orders push it back.
Side GeneratedFlow::aggressor() noexcept {
    const std::int64_t pull = std::clamp<std::int64_t>((fair_ - middle()) * 24, -300, 300);
    return chance_.below(1024) < static_cast<std::uint32_t>(512 + pull) ? Side::buy : Side::sell;
}

void GeneratedFlow::add_passive(Instruction& out) {
    const Side side = chance_.below(2) == 0 ? Side::buy : Side::sell;
    const std::int32_t worse = side == Side::buy ? -1 : 1;
    const std::int64_t own =
        book_.has(side) ? book_.best(side) : middle() + (side == Side::buy ? -1 : 1);
    std::int64_t level = own;
    const std::int64_t gap =
        book_.has(opposite(side)) ? (book_.best(opposite(side)) - own) * -worse - 1 : 0;
    if (gap > 0 && chance_.below(1024) < 400) {
        const auto inside = static_cast<std::uint32_t>(std::min<std::int64_t>(gap, 4));
        level -= worse * (1 + static_cast<std::int64_t>(chance_.below(inside)));
    } else {
        level += worse * static_cast<std::int64_t>(chance_.pick(measured::passive_ticks));
    }
    add(out, side, clamp(level), chance_.pick(measured::lots) * lot);
}

// Most take what they see at the best price or less; some take all of it and want more.
void GeneratedFlow::add_aggressive(Instruction& out, Side side) {
    const std::int32_t best = book_.best(opposite(side));
    const auto beyond = static_cast<std::int32_t>(chance_.pick(measured::aggressive_ticks));
    const std::int32_t level = clamp(best + (side == Side::buy ? beyond : -beyond));
    std::int64_t quantity = chance_.pick(measured::lots) * lot;
    const std::int64_t seen = book_.quantity_at(opposite(side), best);
    const std::uint32_t intent = chance_.below(1024);
    if (intent < measured::modest_share) {
        quantity = std::min(quantity, seen);
    } else if (intent >= 1024 - measured::sweep_share) {
        quantity += seen;
    }
    const std::uint32_t kind = chance_.below(1024);
    if (kind < 20) out.time_in_force = TimeInForce::ioc;
    if (kind >= 1014) out.time_in_force = TimeInForce::fok;
    add(out, side, level, quantity);
}

void GeneratedFlow::add(Instruction& out, Side side, std::int32_t level, std::int64_t quantity) {
    out.kind = Instruction::Kind::add;
    out.order = out.number;
    out.side = side == Side::buy ? 'B' : 'S';
    out.price = (lowest_tick_ + level) * tick;
    out.quantity = quantity;
    if (out.time_in_force == TimeInForce::fok && !book_.enough(side, level, quantity)) return;
    const std::int64_t left = book_.take(side, level, quantity);
    if (left == 0 || out.time_in_force != TimeInForce::day) return;
    remember(book_.rest(side, level, left, out.order));
}

// Grows to its size instead of starting there: a day may have thousands of quiet instruments.
void GeneratedFlow::remember(GeneratedBook::Handle order) {
    if (recent_.size() < recent_count) {
        recent_.push_back(order);
    } else {
        recent_[rested_ % recent_count] = order;
    }
    ++rested_;
}

// false: no live order was found. One cancel in 512 comes too late on purpose, as from clients that
// have not seen their fill yet: it names a recent order whether it lives or not.
bool GeneratedFlow::cancel(Instruction& out) {
    if (rested_ == 0) return false;
    const std::uint64_t kept = std::min(rested_, recent_count);
    const bool careless = chance_.below(512) == 0;
    GeneratedBook::Handle chosen;
    constexpr std::uint64_t tries = 4;
    constexpr std::uint64_t neighbours = 8;
    for (std::uint64_t i = 0; i < tries && !careless && !book_.lives(chosen); ++i) {
        const std::uint64_t age = chance_.pick(measured::cancel_age);
        for (std::uint64_t near = 0; near < neighbours && age + near < kept; ++near) {
            chosen = recent_[(rested_ - 1 - age - near) % recent_count];
            if (book_.lives(chosen)) break;
        }
        if (age >= recent_count) break;
    }
    if (careless) chosen = recent_[(rested_ - 1 - chance_.below(64) % kept) % recent_count];
    if (!careless && !book_.lives(chosen)) chosen = book_.near(chance_.draw() >> 8U);
    if (chosen.order == 0) return false;
    if (book_.lives(chosen)) book_.cancel(chosen);
    out.kind = Instruction::Kind::cancel;
    out.order = chosen.order;
    return true;
}

}  // namespace pawl::cli
