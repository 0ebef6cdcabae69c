// What an engine that is open has counted, by name. Knows the counters' page.
#pragma once

#include <string>

#include "pawl/counters.hpp"

namespace pawl::perf {

// 0: nobody counts under this name there.
inline double counted(const std::string& directory, const std::string& name) {
    const auto counters = read_counters(directory);
    if (!counters) return 0;
    for (const NamedCounter& one : *counters)
        if (one.name == name) return static_cast<double>(one.value);
    return 0;
}

}  // namespace pawl::perf
