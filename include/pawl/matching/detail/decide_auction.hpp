// How a book uncrosses an auction. Included by book.hpp; the price is found in
// matching/auction.cpp.
#pragma once

#include <algorithm>

#include "pawl/matching/book.hpp"

namespace pawl::matching {

// When trades_per_command_max cuts the auction, the next Uncross finds the same price: taking equal
// quantity from the front of both sides moves both curves down alike wherever volume is at its
// maximum.
template <class Ctx>
Verdict Book::decide(const Uncross&, Ctx& ctx) const {
    if (const Verdict no = ready_for(Action::uncross, Mode::matching); !no.accepted()) return no;
    const std::optional<Indicative> found = indicative();
    if (!found) {
        ctx.emit(Uncrossed{0, 0, 0});
        return accept;
    }
    struct Front {
        detail::LevelNumber level;
        detail::Slot slot;
        std::uint32_t open;
    };
    const auto front = [this](detail::LevelNumber level) {
        const detail::Slot head =
            level == detail::no_level ? detail::no_slot : queues_.level(level).head;
        return Front{level, head, queues_.order(head).open()};
    };
    const auto advance = [this, &front](Front& at) {
        const detail::Slot next = queues_.order(at.slot).next();
        if (next != detail::no_slot)
            at = Front{at.level, next, queues_.order(next).open()};
        else
            at = front(queues_.next_worse(at.level));
    };
    Front buy = front(queues_.best(Side::buy));
    Front sell = front(queues_.best(Side::sell));
    const auto volume = static_cast<std::uint64_t>(lot_.quotient(found->volume));
    std::uint64_t left = volume;
    for (std::uint32_t trades = 0; trades < trades_per_command_max; ++trades) {
        if (buy.slot == detail::no_slot || sell.slot == detail::no_slot) break;
        const auto lots =
            static_cast<std::uint32_t>(std::min<std::uint64_t>({buy.open, sell.open, left}));
        ctx.emit(AuctionTraded{queues_.order(buy.slot).id, queues_.order(sell.slot).id,
                               found->price, quantity_of(lots)});
        left -= lots;
        if (left == 0) break;
        buy.open -= lots;
        sell.open -= lots;
        if (buy.open == 0) advance(buy);
        if (sell.open == 0) advance(sell);
    }
    ctx.emit(Uncrossed{found->price, quantity_of(volume - left), quantity_of(left)});
    return accept;
}

}  // namespace pawl::matching
