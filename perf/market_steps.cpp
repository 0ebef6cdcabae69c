// From instructions to steps.
#include "perf/market_steps.hpp"

#include "cli/input/generated_day.hpp"
#include "cli/input/open_input.hpp"
#include "cli/trading/translate.hpp"

namespace pawl::perf {
namespace {

// Only what a generated day and order flow in the format sse are made of.
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
        case Kind::market:
            step.kind = MarketStep::market;
            break;
        default:
            PAWL_ASSERT(instruction.kind == Kind::add);
            break;
    }
    return step;
}

Status read_steps(cli::InstructionSource& source, Market& market) {
    cli::Instruction instruction;
    for (;;) {
        const auto more = source.next(instruction);
        if (!more) return more.error();
        if (!more.value()) return Done{};
        if (instruction.kind != cli::Instruction::Kind::nothing)
            market.steps.push_back(step_of(instruction));
    }
}

}  // namespace

Result<Market> generated_market(std::uint64_t commands) {
    cli::GeneratedDayOptions options;
    options.commands = commands;
    const auto day = cli::generate_day(options);
    if (!day) return day.error();
    Market market;
    market.instruments = options.instruments;
    market.steps.reserve(commands);
    if (Status done = read_steps(**day, market); !done) return done.error();
    return market;
}

Result<Market> market_of_files(const std::vector<std::string>& files) {
    cli::InputOptions input;
    input.files = files;
    input.format = cli::Format::sse;
    const auto days = cli::open_input(input);
    if (!days) return days.error();
    Market market;
    market.instruments = static_cast<std::uint32_t>(files.size());
    const matching::AddInstrument terms = cli::terms_for(input.format);
    market.first_phase = terms.phase;
    market.collar = terms.collar;
    if (Status done = read_steps(**days, market); !done) return done.error();
    return market;
}

}  // namespace pawl::perf
