// pawl match --listen: the matching core for clients over the network. Knows signals.
#pragma once

#include <string>

#include "pawl/options.hpp"

namespace pawl::cli {

// Until SIGINT or SIGTERM, or a failure. Returns the exit code.
int run_listen(EngineOptions options, const std::string& address, const std::string& secret_file);

}  // namespace pawl::cli
