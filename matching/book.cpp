// What one may read from a book, and the checks that are not on the hot path. Changes nothing.
#include "pawl/matching/book.hpp"

#include <algorithm>

namespace pawl::matching {

PriceLevel Book::describe_level(const detail::Level& level) const noexcept {
    return {price_of(level.tick), quantity_of(level.total()), quantity_of(level.anonymous),
            level.count()};
}

OpenOrder Book::describe(detail::Slot slot) const noexcept {
    const detail::Order& order = queues_.order(slot);
    const detail::Level& level = queues_.level_of(slot);
    return {order.id,
            price_of(level.tick),
            quantity_of(order.open()),
            quantity_of(queues_.filled(slot)),
            order.owner,
            level.side(),
            order.is(detail::Order::post_only),
            order.is(detail::Order::good_till_cancel)};
}

std::optional<PriceLevel> Book::best(Side side) const noexcept {
    const detail::LevelNumber number = queues_.best(side);
    if (number == detail::no_level) return std::nullopt;
    return describe_level(queues_.level(number));
}

std::vector<PriceLevel> Book::depth(Side side, std::size_t levels) const {
    std::vector<PriceLevel> found;
    for (detail::LevelNumber number = queues_.best(side);
         number != detail::no_level && found.size() < levels; number = queues_.next_worse(number))
        found.push_back(describe_level(queues_.level(number)));
    return found;
}

std::optional<OpenOrder> Book::find(OrderId order) const noexcept {
    const detail::Slot slot = queues_.find(order);
    if (slot == detail::no_slot) return std::nullopt;
    return describe(slot);
}

Verdict Book::ready_for(Action action, Mode mode) const noexcept {
    if (!added_) return reject(Reason::unknown_instrument);
    if (terms_.mode != mode) return reject(Reason::wrong_mode);
    if (suspended_ && action != Action::cancel && action != Action::follow)
        return reject(Reason::suspended);
    if (!allowed(phase_, action)) return reject(Reason::not_in_this_phase);
    return accept;
}

Verdict Book::check_price_and_quantity(Price price, Quantity quantity) const noexcept {
    if (price < terms_.price_min) return reject(Reason::price_too_low);
    if (price > terms_.price_max) return reject(Reason::price_too_high);
    if (!tick_.divides(price)) return reject(Reason::price_off_tick);
    if (quantity > terms_.quantity_max) return reject(Reason::quantity_too_large);
    if (!lot_.divides(quantity)) return reject(Reason::quantity_off_lot);
    return notional_fits(price, quantity) ? accept : reject(Reason::notional_too_large);
}

bool Book::can_fill(Side side, std::int32_t limit, std::uint64_t lots) const noexcept {
    std::uint64_t found = 0;
    std::uint64_t orders = 0;
    for (detail::LevelNumber number = queues_.best(opposite(side)); number != detail::no_level;
         number = queues_.next_worse(number)) {
        const detail::Level& level = queues_.level(number);
        if (!reaches(side, limit, level.tick)) return false;
        for (detail::Slot slot = level.head; slot != detail::no_slot;
             slot = queues_.order(slot).next()) {
            if (++orders > trades_per_command_max) return false;
            found += queues_.order(slot).open();
            if (found >= lots) return true;
        }
    }
    return false;
}

std::int32_t Book::collar_tick(Side side, std::int32_t best) const noexcept {
    const std::int64_t collar = tick_.quotient(terms_.collar);
    return static_cast<std::int32_t>(
        side == Side::buy ? std::min(best + collar, tick_.quotient(terms_.price_max))
                          : std::max(best - collar, tick_.quotient(terms_.price_min)));
}

}  // namespace pawl::matching
