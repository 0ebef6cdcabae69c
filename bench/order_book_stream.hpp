// The stream of commands that every order book here is measured with, and the floor: the least an
// order book can do. Knows no book of pawl.
#pragma once

#include <cstdint>
#include <vector>

namespace pawl::bench {

// 45 % new with geometric distance from a walking middle, 45 % cancels, 5 % replaces, 5 %
// immediate-or-cancel that reach across. About 1,000 orders rest in each book.
struct Order {
    enum Kind : std::uint8_t { add, cancel, replace, take };
    std::uint64_t id;
    std::uint64_t new_id;
    std::int32_t price;
    std::uint32_t quantity;  // to be open
    std::uint32_t total;     // of a replacement, with what was filled
    std::uint16_t book;
    Kind kind;
    bool sells;
};
static_assert(sizeof(Order) == 32);

struct Count {
    std::uint64_t trades = 0;
    std::uint64_t volume = 0;
    friend bool operator==(const Count&, const Count&) = default;
};

inline constexpr std::int32_t price_end = 1 << 16;

// An array of prices, queues linked through pooled orders, an array from number to order. No
// events, no checks, no owners, one range of prices for ever, an index for every number of the day:
// the floor to compare with.
class Floor {
public:
    explicit Floor(std::size_t ids)
        : slot_of_(ids), orders_(1), levels_(static_cast<std::size_t>(price_end)) {}

    bool is_open(std::uint64_t id) const { return slot_of_[id] != 0; }
    std::uint32_t open(std::uint64_t id) const { return orders_[slot_of_[id]].open; }
    std::int32_t price(std::uint64_t id) const { return orders_[slot_of_[id]].price; }
    bool sells(std::uint64_t id) const { return orders_[slot_of_[id]].sells; }
    std::uint32_t resting() const { return resting_; }

    void play(const Order& order, Count& count) {
        switch (order.kind) {
            case Order::add:
                return add(order.id, order, order.sells, count);
            case Order::take:
                take(order.price, order.quantity, order.sells, count);
                return;
            case Order::cancel:
                if (slot_of_[order.id] != 0) cancel(order.id);
                return;
            case Order::replace: {
                if (slot_of_[order.id] == 0) return;
                cancel(order.id);
                return add(order.new_id, order, order.sells, count);
            }
        }
    }

private:
    struct Resting {
        std::uint64_t id = 0;
        std::uint32_t prev = 0, next = 0, open = 0;
        std::int32_t price = 0;
        bool sells = false;
    };
    struct Level {
        std::uint32_t head = 0, tail = 0;
    };
    Level& level(std::int32_t price) { return levels_[static_cast<std::size_t>(price)]; }

    void add(std::uint64_t id, const Order& order, bool sells, Count& count) {
        const std::uint32_t open = take(order.price, order.quantity, sells, count);
        if (open == 0) return;
        std::uint32_t slot = free_;
        if (slot != 0) {
            free_ = orders_[slot].next;
        } else {
            slot = static_cast<std::uint32_t>(orders_.size());
            orders_.emplace_back();
        }
        Level& here = level(order.price);
        orders_[slot] = {id, here.tail, 0, open, order.price, sells};
        (here.tail != 0 ? orders_[here.tail].next : here.head) = slot;
        here.tail = slot;
        slot_of_[id] = slot;
        if (sells && order.price < ask_) ask_ = order.price;
        if (!sells && order.price > bid_) bid_ = order.price;
        ++resting_;
    }
    void cancel(std::uint64_t id) {
        Resting& order = orders_[slot_of_[id]];
        Level& here = level(order.price);
        (order.prev != 0 ? orders_[order.prev].next : here.head) = order.next;
        (order.next != 0 ? orders_[order.next].prev : here.tail) = order.prev;
        leave(order, slot_of_[id]);
    }
    void leave(Resting& order, std::uint32_t slot) {
        slot_of_[order.id] = 0;
        order.open = 0;
        order.next = free_;
        free_ = slot;
        --resting_;
        if (order.sells)
            while (ask_ < price_end - 1 && level(ask_).head == 0) ++ask_;
        else
            while (bid_ > 0 && level(bid_).head == 0) --bid_;
    }
    std::uint32_t take(std::int32_t limit, std::uint32_t quantity, bool sells, Count& count) {
        while (quantity != 0) {
            const std::int32_t best = sells ? bid_ : ask_;
            if (sells ? best < limit || best == 0 : best > limit || best == price_end - 1) break;
            Level& here = level(best);
            const std::uint32_t slot = here.head;
            Resting& maker = orders_[slot];
            const std::uint32_t traded = quantity < maker.open ? quantity : maker.open;
            ++count.trades;
            count.volume += traded;
            quantity -= traded;
            maker.open -= traded;
            if (maker.open != 0) break;
            here.head = maker.next;
            (maker.next != 0 ? orders_[maker.next].prev : here.tail) = 0;
            leave(maker, slot);
        }
        return quantity;
    }

    std::vector<std::uint32_t> slot_of_;
    std::vector<Resting> orders_;
    std::vector<Level> levels_;
    std::int32_t bid_ = 0, ask_ = price_end - 1;
    std::uint32_t resting_ = 0, free_ = 0;
};

// The stream for so many books; always the same for the same numbers. `ids` returns how many order
// numbers each book needs.
inline std::vector<Order> make_stream(std::uint32_t books, std::size_t commands,
                                      std::uint32_t resting, std::size_t& ids) {
    struct Market {
        Floor book;
        std::vector<std::uint64_t> entered;  // perhaps still open
        std::vector<std::uint32_t> total;    // by number
        std::uint64_t next = 1;
        std::int32_t middle = price_end / 2;
    };
    const std::size_t ids_max = commands / books + commands / books / 4 + 10 * std::size_t{resting};
    std::vector<Market> markets(books, Market{Floor(ids_max), {}, {0}, 1, price_end / 2});
    std::uint64_t state = 0x9E3779B97F4A7C15ULL;
    const auto chance = [&state](std::uint64_t below) {  // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return (state * 0x2545F4914F6CDD1DULL >> 33) % below;
    };
    std::vector<Order> stream;
    stream.reserve(commands + std::size_t{books} * resting);
    Count unused;
    while (stream.size() < commands) {
        const auto which = static_cast<std::uint16_t>(chance(books));
        Market& market = markets[which];
        if (chance(50) == 0) market.middle += chance(2) == 0 ? 1 : -1;
        if (market.middle < 2'000 || market.middle > price_end - 2'000)
            market.middle = price_end / 2;
        std::uint64_t dice = chance(100);
        if (market.book.resting() < resting * 9 / 10) dice %= 45;
        if (dice < 45 && market.book.resting() > resting * 11 / 10) dice += 45;
        std::int32_t distance = 1;
        while (chance(8) != 0 && distance < 1'000) ++distance;
        Order order{.id = market.next,
                    .new_id = 0,
                    .price = 0,
                    .quantity = static_cast<std::uint32_t>(1 + chance(100)),
                    .total = 0,
                    .book = which,
                    .kind = dice < 45   ? Order::add
                            : dice < 90 ? Order::cancel
                            : dice < 95 ? Order::replace
                                        : Order::take,
                    .sells = chance(2) == 0};
        if (order.kind == Order::cancel || order.kind == Order::replace) {
            order.id = 0;
            while (order.id == 0 && !market.entered.empty()) {
                const std::size_t at = chance(market.entered.size());
                if (market.book.is_open(market.entered[at])) order.id = market.entered[at];
                market.entered[at] = market.entered.back();
                market.entered.pop_back();
            }
            if (order.id == 0) continue;
            order.sells = market.book.sells(order.id);
        }
        if (order.kind == Order::take) distance = -distance / 2;
        if (order.kind != Order::cancel)
            order.price = market.middle + (order.sells ? distance : -distance);
        order.total = order.quantity;
        if (order.kind == Order::replace) {
            order.total += market.total[order.id] - market.book.open(order.id);
            if (order.price == market.book.price(order.id))
                ++order.price;  // else it may keep its place
            order.new_id = market.next;
        }
        if (order.kind != Order::cancel) {
            if (order.kind != Order::take) market.entered.push_back(market.next);
            market.total.push_back(order.total);
            ++market.next;
        }
        market.book.play(order, unused);
        stream.push_back(order);
    }
    ids = ids_max;
    return stream;
}

}  // namespace pawl::bench
