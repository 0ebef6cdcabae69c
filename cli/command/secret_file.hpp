// A shared secret out of a file. Knows no connection.
#pragma once

#include <string>

#include "pawl/result.hpp"

namespace pawl::cli {

// Without the line end behind it. An empty path: no secret.
Result<std::string> read_secret(const std::string& path);

}  // namespace pawl::cli
