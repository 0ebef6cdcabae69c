// From a line of an input to a command of the matching core. Knows both; no file, no engine.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "cli/input/instruction.hpp"
#include "cli/input/open_input.hpp"
#include "pawl/matching/commands.hpp"

namespace pawl::cli {

using OrderCommand = std::variant<matching::NewOrder, matching::CancelOrder, matching::SetPhase,
                                  matching::Uncross, matching::Follow>;

// The command that an instruction asks for; nothing for those that change no book.
std::optional<OrderCommand> translate(const Instruction& instruction);

// The terms of an instrument whose flow comes in this format. Every input's prices are in 1/10,000
// of the currency.
matching::AddInstrument terms_for(Format format);

}  // namespace pawl::cli
