// A node of the matching core: follows, reigns, follows again. Knows signals; no flag.
#pragma once

#include "pawl/options.hpp"

namespace pawl::cli {

// Until SIGINT or SIGTERM, or a failure that is more than a lost role. A primary that is asked to
// end hands over first, when a peer is in sync. Each change of role is one line on standard output.
// `accept_loss`: Standby::accept_loss() at its beginning. Returns the exit code.
int run_node(const EngineOptions& options, bool accept_loss);

}  // namespace pawl::cli
