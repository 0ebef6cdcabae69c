// Splits a day over its instruments and merges their flows by time.
#include "cli/input/generated_day.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/input/generated_flow.hpp"
#include "cli/input/merge.hpp"

namespace pawl::cli {

namespace {

constexpr std::uint32_t instruments_max = 4'096;
constexpr std::uint64_t commands_max = 100'000'000'000;

}  // namespace

Result<std::unique_ptr<InstructionSource>> generate_day(const GeneratedDayOptions& options) {
    if (options.instruments < 1 || options.instruments > instruments_max) {
        return Error{ErrorCode::usage, fmt::format("a day of {} instruments: choose from 1 to {}",
                                                   options.instruments, instruments_max)};
    }
    const std::uint64_t commands_min = GeneratedFlow::commands_min * options.instruments;
    if (options.commands < commands_min || options.commands > commands_max) {
        return Error{
            ErrorCode::usage,
            fmt::format("a day of {} commands over {} instruments: choose from {} to {}",
                        options.commands, options.instruments, commands_min, commands_max)};
    }
    // Some stocks are busier than others: the real three differ by a factor of two.
    Chance chance(options.seed);
    std::vector<std::uint64_t> weights(options.instruments);
    std::uint64_t weight_sum = 0;
    for (std::uint64_t& weight : weights) weight_sum += weight = 4 + chance.below(5);

    const std::uint64_t to_share = options.commands - commands_min;
    std::uint64_t weight_before = 0;
    std::uint64_t given = 0;
    std::vector<std::unique_ptr<InstructionSource>> flows;
    for (const std::uint64_t weight : weights) {
        weight_before += weight;
        const std::uint64_t until = to_share * weight_before / weight_sum;
        flows.push_back(std::make_unique<GeneratedFlow>(
            chance.draw(), GeneratedFlow::commands_min + until - given));
        given = until;
    }
    PAWL_ASSERT(given == to_share);
    return merge(std::move(flows), {.source_is_instrument = true, .count_lines = true});
}

}  // namespace pawl::cli
