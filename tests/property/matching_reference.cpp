// Random operations against the naive book: the same answers, the same trades, the same books,
// after each step. Knows both books. --operations=N sets how many the long walks make together.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "naive_book.hpp"
#include "tests/unit/matching/desk.hpp"

namespace pawl::matching::test {
namespace {

std::uint64_t operations_in_all = 1'000'000;

// One step, in numbers that shrink towards something simple.
struct Step {
    unsigned what = 0;   // percent: picks the kind
    unsigned order = 0;  // which of the known numbers
    int distance = 0;    // from the middle, in ticks
    unsigned quantity = 0;
    unsigned flavour = 0;
    bool sells = false;
};

struct World {
    Price middle = 50'000;
    unsigned order_numbers = 40;
    bool auctions = true;
    Price reference = 0;
};

void showValue(const Step& step, std::ostream& out) {
    out << "{" << step.what << ", " << step.order << ", " << step.distance << ", " << step.quantity
        << ", " << step.flavour << ", " << step.sells << "}";
}

// Both books and what each said.
class Duel {
public:
    explicit Duel(const World& world) : world_(world) {
        naive_.collar = 4;
        naive_.reference = world.reference;
        desk_.remember(false);
        desk_.expect(AddInstrument{.price_min = -2'000'000'000,
                                   .price_max = 2'000'000'000,
                                   .quantity_max = 100'000,
                                   .reference = world.reference,
                                   .collar = 4,
                                   .phase = Phase::continuous});
    }

    void play(const Step& step) {
        naive_.trades.clear();
        const bool expected = play_naive(step);
        ASSERT_EQ(accepted_, expected);
        compare_trades();
        if (::testing::Test::HasFatalFailure()) return;
        const bool small = naive_.where.size() <= 64;
        if (small || ++steps_ % 64 == 0) compare_books();
    }
    void move_middle(Price by) { world_.middle += by; }
    std::size_t trades() const { return trades_; }
    std::size_t orders() const { return naive_.where.size(); }
    Desk& desk() { return desk_; }

private:
    template <class Command>
    void ask(const Command& command) {
        accepted_ = desk_.submit(command).accepted();
    }

    bool play_naive(const Step& step) {
        const OrderId order = 1 + step.order % world_.order_numbers;
        const OrderId other = 1 + step.flavour % world_.order_numbers;
        const Owner owner = 1 + static_cast<Owner>(order % 3);  // owners are told apart by number
        const Owner stranger = step.flavour % 16 == 0 ? 9 : owner;
        const Price price = world_.middle + step.distance;
        const Quantity quantity = 1 + step.quantity % 50;
        const Side side = step.sells ? Side::sell : Side::buy;
        const unsigned what = step.what % 100;
        if (what < 45) return enter(order, price, quantity, owner, side, step.flavour);
        if (what < 70) {
            ask(CancelOrder{.order = order, .owner = owner_of(order, stranger)});
            return naive_.cancel(order, owner_of(order, stranger));
        }
        if (what < 80) {
            const NaiveOrder* old = naive_.find(order);
            const Owner who = owner_of(order, stranger);
            const Price to = old != nullptr && step.flavour % 2 == 0 ? old->price : price;
            ask(AmendOrder{.order = order, .price = to, .quantity = quantity, .owner = who});
            if (old != nullptr && old->price == to && old->open == quantity) return false;
            return naive_.change(order, order, who, to, quantity);
        }
        if (what < 90) {
            const NaiveOrder* old = naive_.find(order);
            const Owner who = owner_of(order, stranger);
            const Price to = old != nullptr && step.quantity % 2 == 0 ? old->price : price;
            ask(ReplaceOrder{.order = order,
                             .new_order = other,
                             .price = to,
                             .quantity = quantity,
                             .owner = who});
            return naive_.change(order, other, who, to,
                                 quantity - (old != nullptr ? old->filled : 0));
        }
        if (!world_.auctions || what < 97) return enter(order, price, quantity, owner, side, 3);
        if (what == 97) {
            ask(Uncross{});
            if (naive_.phase != Phase::auction) return false;
            naive_.uncross();
            return true;
        }
        const Phase phase = what == 98 ? Phase::auction : Phase::continuous;
        ask(SetPhase{phase});
        return naive_.set_phase(phase);
    }
    // The owner of an open order keeps it through replacements; a stranger has another number.
    Owner owner_of(OrderId order, Owner otherwise) {
        const NaiveOrder* old = naive_.find(order);
        return old == nullptr || otherwise == 9 ? otherwise : old->owner;
    }

    bool enter(OrderId order, Price price, Quantity quantity, Owner owner, Side side,
               unsigned flavour) {
        NewOrder ask_for{
            .order = order, .price = price, .quantity = quantity, .owner = owner, .side = side};
        switch (flavour % 12) {
            case 0:
                ask_for.kind = OrderKind::market;
                break;
            case 1:
                ask_for.kind = OrderKind::market;
                ask_for.remainder = Remainder::rest;
                break;
            case 2:
                ask_for.time_in_force = TimeInForce::immediate_or_cancel;
                break;
            case 3:
                ask_for.time_in_force = TimeInForce::fill_or_kill;
                break;
            case 4:
                ask_for.post_only = PostOnly::reject;
                break;
            case 5:
                ask_for.post_only = PostOnly::reprice;
                break;
            case 6:
                ask_for.time_in_force = TimeInForce::good_till_cancel;
                break;
            default:
                break;
        }
        ask(ask_for);
        return naive_.enter({order, price, quantity, 0, owner, side}, ask_for.kind,
                            ask_for.time_in_force, ask_for.post_only, ask_for.remainder);
    }

    void compare_trades() {
        std::size_t count = 0;
        for (const Event& event : desk_.events()) {
            NaiveTrade trade{};
            if (const auto* t = std::get_if<Traded>(&event))
                trade = t->aggressor == Side::buy
                            ? NaiveTrade{t->taker, t->maker, t->price, t->quantity, 'B'}
                            : NaiveTrade{t->maker, t->taker, t->price, t->quantity, 'S'};
            else if (const auto* a = std::get_if<AuctionTraded>(&event))
                trade = {a->buy, a->sell, a->price, a->quantity, '0'};
            else
                continue;
            ASSERT_LT(count, naive_.trades.size());
            ASSERT_TRUE(trade == naive_.trades[count]) << "trade " << count;
            ++count;
        }
        ASSERT_EQ(count, naive_.trades.size());
        trades_ += count;
    }

    void compare_books() {
        const Book& book = desk_.book();
        ASSERT_EQ(book.open_orders(), naive_.where.size());
        for (const Side side : {Side::buy, Side::sell}) {
            auto level = naive_.of(side).begin();
            std::size_t at = 0;
            bool same = true;
            book.for_each_order(side, [&](const OpenOrder& order) {
                if (!same || level == naive_.of(side).end()) return void(same = false);
                const NaiveOrder& other = level->second[at];
                same = order.order == other.id && order.price == other.price &&
                       order.open == other.open && order.filled == other.filled &&
                       order.owner == other.owner && order.post_only == other.post_only;
                if (++at == level->second.size()) {
                    ++level;
                    at = 0;
                }
            });
            ASSERT_TRUE(same && level == naive_.of(side).end());
            const auto best = book.best(side);
            ASSERT_EQ(best.has_value(), !naive_.of(side).empty());
            if (!best) continue;
            Quantity sum = 0;
            for (const NaiveOrder& order : naive_.of(side).begin()->second) sum += order.open;
            ASSERT_EQ(best->quantity, sum);
        }
        if (book.phase() == Phase::auction) {
            const auto mine = book.indicative();
            const auto theirs = naive_.auction();
            ASSERT_EQ(mine.has_value(), theirs.has_value());
            if (mine) {
                ASSERT_EQ((std::pair{mine->price, mine->volume}), *theirs);
            }
        }
    }

    World world_;
    Desk desk_;
    NaiveBook naive_;
    bool accepted_ = false;
    std::uint64_t steps_ = 0;
    std::size_t trades_ = 0;
};

// A long walk of random steps; `spread` is how far orders stand from the middle, `stride` how far
// it moves.
void walk(std::uint64_t seed, World world, std::uint64_t steps, unsigned spread, unsigned stride) {
    std::mt19937_64 chance(seed);
    Duel duel(world);
    for (std::uint64_t i = 0; i < steps; ++i) {
        const std::uint64_t a = chance();
        const std::uint64_t b = chance();
        Step step{static_cast<unsigned>(a % 1000) / 10,
                  static_cast<unsigned>(a >> 32),
                  static_cast<int>(b % (2 * spread + 1)) - static_cast<int>(spread),
                  static_cast<unsigned>(b >> 40),
                  static_cast<unsigned>(b >> 20) & 0xFFFF,
                  (a >> 20 & 1) != 0};
        if (world.auctions) {  // mostly continuous, and an auction now and then
            const std::uint64_t time = i % 512;
            step.what = time == 448 ? 98 : time == 510 ? 97 : time == 511 ? 99 : step.what % 97;
        }
        duel.play(step);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "seed " << seed << ", step " << i;
        if (i % 64 == 0)
            duel.move_middle(static_cast<Price>(chance() % (2 * stride + 1)) - Price{stride});
    }
    EXPECT_GT(duel.trades(), steps / 20);
}

TEST(AgainstTheNaiveBook, a_small_busy_book_trades_alike) {
    walk(1, {.order_numbers = 40}, operations_in_all / 3, 6, 2);
}
TEST(AgainstTheNaiveBook, a_deep_book_around_a_wandering_market_trades_alike) {
    walk(2, {.order_numbers = 3'000, .auctions = false}, operations_in_all / 3, 300, 2'000);
}
TEST(AgainstTheNaiveBook, far_prices_and_jumping_markets_trade_alike) {
    walk(3, {.order_numbers = 60}, operations_in_all / 6, 9'000, 60'000);
}
TEST(AgainstTheNaiveBook, auctions_with_a_reference_price_trade_alike) {
    walk(4, {.middle = 1'000, .order_numbers = 50, .reference = 1'002}, operations_in_all / 6, 8,
         0);
}

// The same in short stories that rapidcheck can shorten when they fail.
TEST(AgainstTheNaiveBook, no_short_story_ends_differently) {
    rc::check([] {
        const auto step = rc::gen::build<Step>(
            rc::gen::set(&Step::what, rc::gen::inRange(0U, 100U)),
            rc::gen::set(&Step::order, rc::gen::inRange(0U, 12U)),
            rc::gen::set(&Step::distance, rc::gen::inRange(-4, 5)),
            rc::gen::set(&Step::quantity, rc::gen::inRange(0U, 50U)),
            rc::gen::set(&Step::flavour, rc::gen::inRange(0U, 64U)), rc::gen::set(&Step::sells));
        const auto story = *rc::gen::container<std::vector<Step>>(step);
        Duel duel({.order_numbers = 12});
        for (const Step& one : story) {
            duel.play(one);
            RC_ASSERT(!::testing::Test::HasFatalFailure());
        }
    });
}

}  // namespace
}  // namespace pawl::matching::test

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i)
        if (std::strncmp(argv[i], "--operations=", 13) == 0)
            pawl::matching::test::operations_in_all = std::strtoull(argv[i] + 13, nullptr, 10);
    const auto begin = std::chrono::steady_clock::now();
    const int result = RUN_ALL_TESTS();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("%llu operations against the naive book in %.1f s\n",
                static_cast<unsigned long long>(pawl::matching::test::operations_in_all),
                seconds.count());
    return result;
}
