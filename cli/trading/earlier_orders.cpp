// The beginning of a journal against the beginning of an input.
#include "cli/trading/earlier_orders.hpp"

namespace pawl::cli {

Status EarlierOrders::read(Engine<matching::Book>& engine, const Cursor& begin, SessionId session,
                           std::size_t orders_max) {
    auto journal = engine.subscribe({.from = begin});
    const auto take = [&](const JournaledEvent<matching::Book>& event) {
        if (event.session() != session) return;
        if (const auto* rested = event.as<matching::OrderRested>())
            orders_.try_emplace(event.number().value, Order{rested->order, rested->price,
                                                            rested->quantity, rested->side});
        else if (const auto* took = event.as<matching::OrderTook>())
            orders_.try_emplace(event.number().value,
                                Order{took->order, took->price, took->quantity, took->side});
    };
    while (orders_.size() < orders_max) {
        const Result<std::size_t> handled = journal.poll(take, 256);
        if (!handled) return handled.error();
        if (*handled == 0 && journal.lag_bytes() == 0) break;
    }
    return Done{};
}

bool EarlierOrders::may_be(std::uint64_t number, const Instruction& instruction) const {
    const auto found = orders_.find(number);
    if (found == orders_.end()) return true;
    const Order& order = found->second;
    const bool limit = instruction.kind == Instruction::Kind::add;
    // The price of a market order is where the book let it go; of a followed feed nothing is kept
    // that could differ without reason.
    if (!limit && instruction.kind != Instruction::Kind::market) return true;
    return order.order == instruction.order && order.quantity == instruction.quantity &&
           order.side == (instruction.side == 'S' ? matching::Side::sell : matching::Side::buy) &&
           (!limit || order.price == instruction.price);
}

}  // namespace pawl::cli
