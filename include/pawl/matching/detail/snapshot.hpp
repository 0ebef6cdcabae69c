// A book's content in canonical order, for hash, saving and loading; and walking its orders.
// Included by book.hpp.
#pragma once

#include "pawl/matching/book.hpp"

namespace pawl::matching {

template <class Visit>
void Book::for_each_order(Side side, Visit&& visit) const {
    for (detail::LevelNumber number = queues_.best(side); number != detail::no_level;
         number = queues_.next_worse(number))
        for (detail::Slot slot = queues_.level(number).head; slot != detail::no_slot;
             slot = queues_.order(slot).next())
            visit(describe(slot));
}

template <class Archive>
void Book::snapshot(Archive& archive) {
    archive.value(terms_);
    archive.value(phase_);
    archive.value(added_);
    archive.value(suspended_);
    if constexpr (Archive::loading) {
        note_terms();
        queues_.clear();
        if (added_) {
            tick_ = detail::ExactDivisor(terms_.tick);
            lot_ = detail::ExactDivisor(terms_.lot);
            queues_.reserve(terms_.orders_expected);
        }
    }
    for (const Side side : {Side::buy, Side::sell}) {
        detail::LevelNumber number = detail::no_level;
        const std::size_t levels = archive.count(queues_.level_count(side));
        for (std::size_t i = 0; i < levels; ++i) {
            detail::Level level{};
            if constexpr (!Archive::loading) {
                number = i == 0 ? queues_.best(side) : queues_.next_worse(number);
                level = queues_.level(number);
            }
            archive.value(level.tick);
            archive.value(level.anonymous);
            if constexpr (Archive::loading)
                queues_.add_anonymous(side, level.tick, level.anonymous);
            detail::Slot slot = level.head;
            const std::size_t orders = archive.count(level.count());
            for (std::size_t j = 0; j < orders; ++j) {
                detail::Entry entry{};
                if constexpr (!Archive::loading) {
                    const detail::Order& order = queues_.order(slot);
                    entry = {order.id,    level.tick,    order.open(), queues_.filled(slot),
                             order.owner, order.flags(), side};
                    slot = order.next();
                }
                archive.value(entry.id);
                archive.value(entry.lots);
                archive.value(entry.filled);
                archive.value(entry.owner);
                archive.value(entry.flags);
                if constexpr (Archive::loading) {
                    entry.tick = level.tick;
                    entry.side = side;
                    queues_.append(entry);
                }
            }
        }
    }
}

}  // namespace pawl::matching
