// A node's status for people and programs. Knows words and units.
#pragma once

#include <chrono>
#include <string>

#include "pawl/operator.hpp"

namespace pawl::cli {

std::string status_json(const NodeStatus& status);
std::string status_text(const NodeStatus& status);

// An operator's connection to any of these that answers, or why none does.
Result<Operator> call_operator(const std::string& address, const std::string& secret,
                               std::chrono::milliseconds patience);

}  // namespace pawl::cli
