// The order book of one instrument as a pawl aggregate: what it decides, what its events change,
// what one may read. Knows the public headers only; no engine, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"
#include "pawl/matching/commands.hpp"
#include "pawl/matching/detail/exact_divisor.hpp"
#include "pawl/matching/detail/queues.hpp"
#include "pawl/matching/events.hpp"
#include "pawl/matching/phases.hpp"
#include "pawl/matching/reason.hpp"
#include "pawl/matching/types.hpp"
#include "pawl/verdict.hpp"

namespace pawl::matching {

// What stands at one price.
struct PriceLevel {
    Price price = 0;
    Quantity quantity = 0;     // with the anonymous part
    Quantity anonymous = 0;    // from a feed's seed
    std::uint32_t orders = 0;  // named ones
};

// One open order.
struct OpenOrder {
    OrderId order = 0;
    Price price = 0;
    Quantity open = 0;
    Quantity filled = 0;
    Owner owner = 0;
    Side side = Side::buy;
    bool post_only = false;
    bool good_till_cancel = false;
};

// What Uncross would do now.
struct Indicative {
    Price price = 0;
    Quantity volume = 0;
    Quantity imbalance =
        0;  // buy quantity at this price or better, minus sell quantity; what is left over
};

// One order book: Engine<Book>, the id is the instrument's number. Price-time priority. All prices
// and quantities are integers in the instrument's units; overflow is rejected. Only the thread that
// owns it may call anything here; in an engine that means: inside query(). A decision checks
// everything before its first event.
class Book {
public:
    using Commands =
        pawl::Commands<AddInstrument, ChangeInstrument, SuspendInstrument, ResumeInstrument,
                       SetPhase, Uncross, NewOrder, CancelOrder, AmendOrder, ReplaceOrder, Follow>;
    using Events =
        pawl::Events<InstrumentAdded, InstrumentChanged, InstrumentSuspended, InstrumentResumed,
                     PhaseChanged, OrderRested, OrderTook, Traded, OrderRemained, AuctionTraded,
                     Uncrossed, OrderCancelled, OrderAmended, OrderReplaced, AnonymousSeeded,
                     AnonymousReduced, OrderExecuted>;
    using Reason = pawl::matching::Reason;

    // `memory` outlives the book; it is asked when the book grows, never in steady state.
    explicit Book(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
        : queues_(memory) {}

    // Whether a command is well-formed in itself. Any thread.
    static bool validate(const AddInstrument& ask) noexcept;
    static bool validate(const SetPhase& ask) noexcept;
    static bool validate(const NewOrder& ask) noexcept;
    static bool validate(const CancelOrder& ask) noexcept { return ask.order != 0; }
    static bool validate(const AmendOrder& ask) noexcept {
        return ask.order != 0 && ask.quantity > 0;
    }
    static bool validate(const ReplaceOrder& ask) noexcept {
        return ask.order != 0 && ask.new_order != 0 && ask.quantity > 0;
    }
    static bool validate(const Follow& ask) noexcept;

    // `Ctx` is pawl::Context<Book>, or anything with emit(event): tests and benchmarks need no
    // engine.
    template <class Ctx>
    Verdict decide(const AddInstrument& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const ChangeInstrument& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const SuspendInstrument& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const ResumeInstrument& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const SetPhase& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const Uncross& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const NewOrder& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const CancelOrder& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const AmendOrder& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const ReplaceOrder& ask, Ctx& ctx) const;
    template <class Ctx>
    Verdict decide(const Follow& ask, Ctx& ctx) const;

    // The command is decided after some others: fetches what it will read.
    void expect(const NewOrder& ask, Comes when) const noexcept;
    void expect(const CancelOrder& ask, Comes when) const noexcept;
    void expect(const ReplaceOrder& ask, Comes when) const noexcept;

    // Total: an event about an order that is not here (history with an event left out) changes
    // nothing.
    void apply(const InstrumentAdded& event) noexcept;
    void apply(const InstrumentChanged& event) noexcept;
    void apply(const InstrumentSuspended&) noexcept;
    void apply(const InstrumentResumed&) noexcept;
    void apply(const PhaseChanged& event) noexcept;
    void apply(const OrderRested& event) noexcept;
    void apply(const OrderTook&) noexcept {}
    void apply(const Traded& event) noexcept;
    void apply(const OrderRemained& event) noexcept;
    void apply(const AuctionTraded& event) noexcept;
    void apply(const Uncrossed&) noexcept {}
    void apply(const OrderCancelled& event) noexcept;
    void apply(const OrderAmended& event) noexcept;
    void apply(const OrderReplaced& event) noexcept;
    void apply(const AnonymousSeeded& event) noexcept;
    void apply(const AnonymousReduced& event) noexcept;
    void apply(const OrderExecuted& event) noexcept;

    // Reading. Prices and quantities in the instrument's units.
    bool added() const noexcept { return added_; }
    bool suspended() const noexcept { return suspended_; }
    Phase phase() const noexcept { return phase_; }
    Mode mode() const noexcept { return terms_.mode; }
    const InstrumentAdded& terms() const noexcept { return terms_; }  // as last changed
    std::size_t open_orders() const noexcept { return queues_.order_count(); }
    std::optional<PriceLevel> best_bid() const noexcept { return best(Side::buy); }
    std::optional<PriceLevel> best_ask() const noexcept { return best(Side::sell); }
    std::optional<PriceLevel> best(Side side) const noexcept;
    // The best `levels` prices of a side, best first.
    std::vector<PriceLevel> depth(Side side, std::size_t levels) const;
    std::optional<OpenOrder> find(OrderId order) const noexcept;
    // Nothing while the book is not crossed.
    std::optional<Indicative> indicative() const noexcept;
    bool crossed() const noexcept;
    // Calls visit(const OpenOrder&) for each order of a side, best price first, oldest first.
    template <class Visit>
    void for_each_order(Side side, Visit&& visit) const;
    // Bytes an open order costs now, its index included, without spare room in the pool.
    std::size_t bytes_per_order() const noexcept { return queues_.bytes_per_order(); }

    // Canonical: prices best first, orders oldest first. Equal books show equal content.
    template <class Archive>
    void snapshot(Archive& archive);

private:
    struct Incoming;  // what an order that may trade needs to know of itself
    struct Terms;     // what price and quantity are checked against

    static Verdict check_terms(const AddInstrument& terms) noexcept;
    static bool takes_only(const NewOrder& ask) noexcept;
    static Action action_of(const NewOrder& ask) noexcept;
    // What is not open now, and why; of a book that is ready: accept.
    Verdict ready_for(Action action, Mode mode) const noexcept;
    bool open_to(Action action) const noexcept {
        return (open_to_ >> static_cast<unsigned>(action) & 1U) != 0;
    }
    void note_terms() noexcept;  // after terms, phase or suspension have changed
    bool fits(Price price, Quantity quantity) const noexcept;
    bool notional_fits(Price price, Quantity quantity) const noexcept;
    Verdict check_price_and_quantity(Price price, Quantity quantity) const noexcept;  // why not
    detail::Slot own(OrderId order, Owner owner) const noexcept;
    bool reaches(Side side, std::int32_t limit, std::int32_t opposite_tick) const noexcept {
        return side == Side::buy ? opposite_tick <= limit : opposite_tick >= limit;
    }
    bool would_take(Side side, std::int32_t limit) const noexcept {
        return queues_.best_is_within(opposite(side), limit);
    }
    bool can_fill(Side side, std::int32_t limit, std::uint64_t lots) const noexcept;
    std::int32_t collar_tick(Side side, std::int32_t best) const noexcept;
    detail::Slot head_or_find(Side side, OrderId order) const noexcept;
    OpenOrder describe(detail::Slot slot) const noexcept;
    PriceLevel describe_level(const detail::Level& level) const noexcept;

    template <class Ctx>
    Verdict enter_market(const NewOrder& ask, Ctx& ctx) const;
    template <class Ctx>
    void take(const Incoming& incoming, Ctx& ctx) const;
    template <class Ctx>
    Verdict follow_known(const Follow& ask, detail::Slot slot, Ctx& ctx) const;
    template <class Ctx>
    Verdict follow_anonymous(const Follow& ask, Ctx& ctx) const;

    std::int32_t tick_of(Price price) const noexcept {
        return static_cast<std::int32_t>(tick_.quotient(price));
    }
    std::uint32_t lots_of(Quantity quantity) const noexcept {
        return static_cast<std::uint32_t>(lot_.quotient(quantity));
    }
    Price price_of(std::int32_t tick) const noexcept {
        return std::int64_t{tick} * std::int64_t{tick_.divisor()};
    }
    Quantity quantity_of(std::uint64_t lots) const noexcept {
        return static_cast<Quantity>(lots * lot_.divisor());
    }

    // What nearly every order is checked against stands first, and together.
    detail::ExactDivisor tick_;
    detail::ExactDivisor lot_;
    InstrumentAdded terms_{};
    Phase phase_ = Phase::closed;
    bool added_ = false;
    bool suspended_ = false;
    std::uint8_t open_to_ = 0;    // a bit per Action: what phase, mode and suspension allow
    bool notional_binds_ = true;  // there are a price and a quantity within their limits beyond it
    detail::Queues queues_;
};

}  // namespace pawl::matching

#include "pawl/matching/detail/apply.hpp"
#include "pawl/matching/detail/decide.hpp"
#include "pawl/matching/detail/decide_auction.hpp"
#include "pawl/matching/detail/decide_follow.hpp"
#include "pawl/matching/detail/decide_instrument.hpp"
#include "pawl/matching/detail/expect.hpp"
#include "pawl/matching/detail/snapshot.hpp"
