// From a generated day to steps.
#include "perf/market_steps.hpp"

#include "cli/input/generated_day.hpp"

namespace pawl::perf {
namespace {

// Only what a generated day is made of.
MarketStep step_of(const cli::Instruction& instruction) {
    using Kind = cli::Instruction::Kind;
    MarketStep step;
    step.order = instruction.order;
    step.price = static_cast<std::int32_t>(instruction.price / 100);
    step.quantity = static_cast<std::uint32_t>(instruction.quantity);
    step.instrument = static_cast<std::uint16_t>(instruction.instrument);
    step.sells = instruction.side == 'S';
    switch (instruction.kind) {
        case Kind::cancel:
            step.kind = MarketStep::cancel;
            break;
        case Kind::uncross:
            step.kind = MarketStep::uncross;
            break;
        case Kind::phase:
            step.kind = MarketStep::phase;
            step.price = static_cast<std::int32_t>(instruction.phase);
            break;
        default:
            PAWL_ASSERT(instruction.kind == Kind::add);
            break;
    }
    return step;
}

}  // namespace

Result<Market> generated_market(std::uint64_t commands) {
    cli::GeneratedDayOptions options;
    options.commands = commands;
    auto day = cli::generate_day(options);
    if (!day) return day.error();
    Market market;
    market.instruments = options.instruments;
    market.steps.reserve(commands);
    cli::Instruction instruction;
    for (;;) {
        const auto more = (*day)->next(instruction);
        if (!more) return more.error();
        if (!more.value()) return market;
        market.steps.push_back(step_of(instruction));
    }
}

}  // namespace pawl::perf
