// A trading day made from a seed. Knows the statistics of a real day and its own live orders; not
// the matching core.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>

#include "cli/input/instruction.hpp"

namespace pawl::cli {

// The same options give the same instructions on every machine and compiler: integer arithmetic
// only.
struct GeneratedDayOptions {
    std::uint64_t commands = 1'000'000;  // instructions in all, exactly; at least 8 per instrument
    std::uint32_t instruments = 8;       // 1 … 4096
    std::uint64_t seed = 1;
};

// A whole day: opening auction, continuous trading, closing auction, for every instrument. Kinds:
// add, cancel, phase, uncross. `number` counts from 1 within each instrument, `line` from 1 over
// all; orders are unique per instrument, prices on a tick of 100. Error (usage) if the options are
// out of range. progress() counts instructions.
Result<std::unique_ptr<InstructionSource>> generate_day(const GeneratedDayOptions& options);

// Writes every remaining instruction in the csv format (docs/input-formats.md) and returns how
// many. Reading it back gives the same instructions. Error (io) if the stream fails.
Result<std::uint64_t> write_csv(InstructionSource& source, std::ostream& out);

}  // namespace pawl::cli
