// A directory whose opening was refused because of damage is healed from the other nodes. Knows who
// they are; not what a block is.
#pragma once

#include "pawl/journal.hpp"
#include "pawl/options.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// Asks each peer whose clients' address is known until nothing is left. Says each block that was
// put back to options.on_notice. The directory is not open. An error as of journal_heal.
Result<HealReport> heal_from_peers(const EngineOptions& options);

// What to add to the sentence that refused the opening.
std::string why_not_healed(const EngineOptions& options, const Result<HealReport>& tried);

}  // namespace pawl::detail
