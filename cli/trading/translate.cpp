// Instructions in, commands out.
#include "cli/trading/translate.hpp"

namespace pawl::cli {

namespace {

using Kind = Instruction::Kind;

matching::Side side_of(const Instruction& instruction) {
    return instruction.side == 'S' ? matching::Side::sell : matching::Side::buy;
}

matching::TimeInForce time_in_force_of(TimeInForce time_in_force) {
    switch (time_in_force) {
        case TimeInForce::day:
            return matching::TimeInForce::day;
        case TimeInForce::ioc:
            return matching::TimeInForce::immediate_or_cancel;
        case TimeInForce::fok:
            return matching::TimeInForce::fill_or_kill;
    }
    return matching::TimeInForce::day;
}

matching::NewOrder new_order(const Instruction& instruction, matching::OrderKind kind) {
    return {.order = instruction.order,
            .price = instruction.price,
            .quantity = instruction.quantity,
            .side = side_of(instruction),
            .kind = kind,
            .time_in_force = time_in_force_of(instruction.time_in_force)};
}

matching::Follow follow(const Instruction& instruction, matching::FollowKind kind) {
    return {.order = instruction.order,
            .new_order = instruction.new_order,
            .price = instruction.price,
            .quantity = instruction.quantity,
            .kind = kind,
            .side = side_of(instruction)};
}

}  // namespace

std::optional<OrderCommand> translate(const Instruction& instruction) {
    switch (instruction.kind) {
        case Kind::add:
            return new_order(instruction, matching::OrderKind::limit);
        case Kind::market:
            return new_order(instruction, matching::OrderKind::market);
        case Kind::cancel:
            return matching::CancelOrder{.order = instruction.order};
        case Kind::phase:
            return matching::SetPhase{static_cast<matching::Phase>(instruction.phase)};
        case Kind::uncross:
            return matching::Uncross{};
        case Kind::follow_seed:
            return follow(instruction, matching::FollowKind::seed);
        case Kind::follow_add:
            return follow(instruction, matching::FollowKind::add);
        case Kind::follow_reduce:
            return follow(instruction, matching::FollowKind::reduce);
        case Kind::follow_remove:
            return follow(instruction, matching::FollowKind::remove);
        case Kind::follow_execute:
            return follow(instruction, matching::FollowKind::execute);
        case Kind::follow_replace:
            return follow(instruction, matching::FollowKind::replace);
        case Kind::follow_execute_hidden:
        case Kind::nothing:
            break;
    }
    return std::nullopt;
}
static_assert(static_cast<int>(Phase::closed) == static_cast<int>(matching::Phase::closed));
static_assert(static_cast<int>(Phase::auction) == static_cast<int>(matching::Phase::auction));

matching::AddInstrument terms_for(Format format) {
    matching::AddInstrument terms{.price_min = 1, .quantity_max = matching::quantity_lots_max};
    switch (format) {
        case Format::sse:
        case Format::csv:
            terms.tick = 100;
            terms.price_min = 100;
            terms.price_max = 100'000'000'000;
            terms.collar = 10'000;
            terms.phase = matching::Phase::continuous;
            break;
        case Format::lobster:
        case Format::itch:
            terms.price_max = matching::price_ticks_max;
            terms.mode = matching::Mode::following;
            terms.phase = matching::Phase::continuous;
            break;
    }
    return terms;
}

}  // namespace pawl::cli
