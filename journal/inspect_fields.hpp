// One line of our own JSON taken apart: every value with the path to it. Knows JSON; no record.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::journal {

// {"a":1,"b":[{"c":"x"}]} is a = 1, b[0].c = "x"; values as they are written. An empty object or
// array is a value. Of text that is not JSON: what could be read up to there.
std::vector<std::pair<std::string, std::string>> json_fields(std::string_view json);

}  // namespace pawl::journal
