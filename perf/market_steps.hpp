// Order flow in memory, compact, ready to be played: one step is one command. Knows the commands of
// the matching core and where they may come from; no engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/order_book_stream.hpp"
#include "pawl/matching/commands.hpp"
#include "pawl/result.hpp"

namespace pawl::perf {

struct MarketStep {
    enum Kind : std::uint8_t { add, take, market, cancel, replace, phase, uncross };
    std::uint64_t order = 0;
    std::uint64_t new_order = 0;
    std::int32_t price = 0;      // in ticks of 100; a phase's number
    std::uint32_t quantity = 0;  // of a replacement: its total
    std::uint16_t instrument = 0;
    Kind kind = add;
    bool sells = false;
};

struct Market {
    std::uint32_t instruments = 0;
    matching::Phase first_phase = matching::Phase::pre_open;
    matching::Price collar = 0;
    std::vector<MarketStep> steps;
};

// A generated day of eight instruments.
Result<Market> generated_market(std::uint64_t commands);
// Order flow of one day from files, an instrument each, in the format sse.
Result<Market> market_of_files(const std::vector<std::string>& files);

inline MarketStep step_of(const bench::Order& order) {
    constexpr MarketStep::Kind kinds[] = {MarketStep::add, MarketStep::cancel, MarketStep::replace,
                                          MarketStep::take};
    const bool replaces = order.kind == bench::Order::replace;
    return {order.id,   order.new_id,      order.price, replaces ? order.total : order.quantity,
            order.book, kinds[order.kind], order.sells};
}

// The mix that order books are compared with.
inline Market mixed_market(const std::vector<bench::Order>& orders, std::uint32_t instruments) {
    Market market;
    market.instruments = instruments;
    market.first_phase = matching::Phase::continuous;
    market.steps.reserve(orders.size());
    for (const bench::Order& order : orders) market.steps.push_back(step_of(order));
    return market;
}

inline matching::AddInstrument terms_of(const Market& market) {
    return {.price_min = 0,
            .price_max = std::int64_t{bench::price_end} * 100 * 64,
            .quantity_max = 100'000'000,
            .collar = market.collar,
            .tick = 100,
            .phase = market.first_phase};
}

// Calls sink(instrument, command) with the typed command of a step.
template <class Sink>
auto with_command(const MarketStep& step, Sink&& sink) {
    using namespace matching;
    const Side side = step.sells ? Side::sell : Side::buy;
    const Price price = Price{step.price} * 100;
    switch (step.kind) {
        case MarketStep::cancel:
            return sink(step.instrument, CancelOrder{.order = step.order, .owner = 1});
        case MarketStep::replace:
            return sink(step.instrument, ReplaceOrder{.order = step.order,
                                                      .new_order = step.new_order,
                                                      .price = price,
                                                      .quantity = step.quantity,
                                                      .owner = 1});
        case MarketStep::phase:
            return sink(step.instrument, SetPhase{static_cast<Phase>(step.price)});
        case MarketStep::uncross:
            return sink(step.instrument, Uncross{});
        case MarketStep::add:
        case MarketStep::take:
        case MarketStep::market:
            break;
    }
    return sink(
        step.instrument,
        NewOrder{.order = step.order,
                 .price = price,
                 .quantity = step.quantity,
                 .owner = 1,
                 .side = side,
                 .kind = step.kind == MarketStep::market ? OrderKind::market : OrderKind::limit,
                 .time_in_force = step.kind == MarketStep::take ? TimeInForce::immediate_or_cancel
                                                                : TimeInForce::day});
}

}  // namespace pawl::perf
