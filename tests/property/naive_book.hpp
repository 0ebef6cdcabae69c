// The order book as one would explain it on a blackboard: sorted maps of queues. Judges the real
// one; knows nothing of it but the words. Slow on purpose.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "pawl/matching/types.hpp"

namespace pawl::matching::test {

struct NaiveOrder {
    OrderId id = 0;
    Price price = 0;
    Quantity open = 0, filled = 0;
    Owner owner = 0;
    Side side = Side::buy;
    bool post_only = false;
};

struct NaiveTrade {
    OrderId buy, sell;
    Price price;
    Quantity quantity;
    int aggressor;  // 'B', 'S', '0'
    friend bool operator==(const NaiveTrade&, const NaiveTrade&) = default;
};

struct NaiveBook {
    using Queue = std::deque<NaiveOrder>;
    std::map<Price, Queue> sides[2];  // key: the lower the better (a buyer's price is negated)
    std::unordered_map<OrderId, NaiveOrder> where;  // side and price of each open order
    std::vector<NaiveTrade> trades;
    Phase phase = Phase::continuous;
    Price collar = 0, reference = 0;

    static Price key(Side side, Price price) { return side == Side::buy ? -price : price; }
    std::map<Price, Queue>& of(Side side) { return sides[static_cast<int>(side)]; }
    static bool within(Side side, Price limit, Price price) {
        return side == Side::buy ? price <= limit : price >= limit;
    }
    bool crosses(Side side, Price limit) {
        const auto& others = of(opposite(side));
        return !others.empty() && within(side, limit, others.begin()->second.front().price);
    }
    NaiveOrder* find(OrderId id) {
        const auto at = where.find(id);
        if (at == where.end()) return nullptr;
        for (NaiveOrder& order : of(at->second.side).at(key(at->second.side, at->second.price)))
            if (order.id == id) return &order;
        return nullptr;
    }
    void rest(const NaiveOrder& order) {
        of(order.side)[key(order.side, order.price)].push_back(order);
        where[order.id] = order;
    }
    NaiveOrder leave(OrderId id) {
        const NaiveOrder copy = *find(id);
        Queue& queue = of(copy.side).at(key(copy.side, copy.price));
        std::erase_if(queue, [id](const NaiveOrder& o) { return o.id == id; });
        if (queue.empty()) of(copy.side).erase(key(copy.side, copy.price));
        where.erase(id);
        return copy;
    }
    void fill(OrderId id, Quantity quantity) {
        NaiveOrder& order = *find(id);
        order.open -= quantity;
        order.filled += quantity;
        if (order.open == 0) leave(id);
    }
    // Trades what can trade; what is left stays in `order`.
    void match(NaiveOrder& order) {
        while (order.open > 0 && crosses(order.side, order.price)) {
            const NaiveOrder maker = of(opposite(order.side)).begin()->second.front();
            const Quantity quantity = std::min(order.open, maker.open);
            const bool buys = order.side == Side::buy;
            trades.push_back({buys ? order.id : maker.id, buys ? maker.id : order.id, maker.price,
                              quantity, buys ? 'B' : 'S'});
            order.open -= quantity;
            order.filled += quantity;
            fill(maker.id, quantity);
        }
    }
    Quantity reachable(Side side, Price limit) {
        Quantity sum = 0;
        for (const auto& [level, queue] : of(opposite(side)))
            for (const NaiveOrder& o : queue)
                if (within(side, limit, o.price)) sum += o.open;
        return sum;
    }

    bool enter(NaiveOrder order, OrderKind kind, TimeInForce force, PostOnly post,
               Remainder remainder) {
        const bool now = force >= TimeInForce::immediate_or_cancel || kind == OrderKind::market;
        if (find(order.id) != nullptr) return false;
        if (phase != Phase::continuous) {
            if (now || post != PostOnly::none) return false;
            rest(order);
            return true;
        }
        if (kind == OrderKind::market) {
            auto& others = of(opposite(order.side));
            if (others.empty()) return false;
            const Price best = others.begin()->second.front().price;
            order.price = order.side == Side::buy ? best + collar : best - collar;
        }
        if (force == TimeInForce::fill_or_kill && reachable(order.side, order.price) < order.open)
            return false;
        order.post_only = post != PostOnly::none;
        if (order.post_only && crosses(order.side, order.price)) {
            if (post == PostOnly::reject) return false;
            const Price best = of(opposite(order.side)).begin()->second.front().price;
            order.price = order.side == Side::buy ? best - 1 : best + 1;
        }
        match(order);
        const bool rests = kind == OrderKind::market ? remainder == Remainder::rest : true;
        if (order.open > 0 && rests && force < TimeInForce::immediate_or_cancel) rest(order);
        return true;
    }
    bool cancel(OrderId id, Owner owner) {
        const NaiveOrder* order = find(id);
        if (order == nullptr || order->owner != owner) return false;
        leave(id);
        return true;
    }
    // An amendment or, with another id, a replacement; `open` is what shall be open.
    bool change(OrderId id, OrderId new_id, Owner owner, Price price, Quantity open) {
        NaiveOrder* order = find(id);
        if (order == nullptr || order->owner != owner || open <= 0) return false;
        if (new_id != id && find(new_id) != nullptr) return false;
        if (price == order->price && open <= order->open) {
            order->open = open;
            order->id = new_id;
            const NaiveOrder copy = *order;
            where.erase(id);
            where[new_id] = copy;
            return true;
        }
        const bool takes = phase == Phase::continuous && crosses(order->side, price);
        if (takes && order->post_only) return false;
        NaiveOrder moved = leave(id);
        moved.id = new_id;
        moved.price = price;
        moved.open = open;
        if (takes) match(moved);
        if (moved.open > 0) rest(moved);
        return true;
    }

    // Price and volume of the auction: every tick that can matter is tried.
    std::optional<std::pair<Price, Quantity>> auction() {
        std::vector<Price> prices;
        for (const auto& side : sides)
            for (const auto& [level, queue] : side)
                for (const Price step : {-1, 0, 1}) prices.push_back(queue.front().price + step);
        if (reference != 0) prices.push_back(reference);
        std::optional<std::tuple<Quantity, Quantity, Price, Price>> best;
        for (const Price price : prices) {
            Quantity demand = 0, supply = 0;
            for (const auto& side : sides)
                for (const auto& [level, queue] : side)
                    for (const NaiveOrder& o : queue) {
                        if (o.side == Side::buy && o.price >= price) demand += o.open;
                        if (o.side == Side::sell && o.price <= price) supply += o.open;
                    }
            const Quantity volume = std::min(demand, supply);
            if (volume == 0) continue;
            const Price near = reference != 0 ? -std::abs(price - reference) : 0;
            const std::tuple candidate{volume, -std::abs(demand - supply), near, price};
            if (!best || candidate > *best) best = candidate;
        }
        if (!best) return std::nullopt;
        return std::pair{std::get<3>(*best), std::get<0>(*best)};
    }
    void uncross() {
        const auto found = auction();
        if (!found) return;
        for (Quantity left = found->second; left > 0;) {
            const NaiveOrder buy = of(Side::buy).begin()->second.front();
            const NaiveOrder sell = of(Side::sell).begin()->second.front();
            const Quantity quantity = std::min({buy.open, sell.open, left});
            trades.push_back({buy.id, sell.id, found->first, quantity, '0'});
            fill(buy.id, quantity);
            fill(sell.id, quantity);
            left -= quantity;
        }
    }
    bool set_phase(Phase next) {
        if (next == Phase::continuous && auction()) return false;
        phase = next;
        return true;
    }
};

}  // namespace pawl::matching::test
