// Points in time as people and programs write them. Knows the calendar; no clock.
#pragma once

#include <string>
#include <string_view>

#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::cli {

// RFC 3339 ("2026-03-02T09:30:00.25Z", "2026-03-02 10:30:00+01:00"), or nanoseconds since 1970 as a
// whole number. From 1678 to 2262: what nanoseconds in 64 bits can say.
Result<Time> time_from(std::string_view text);

// RFC 3339 in UTC with nine digits, "2026-03-02T09:30:00.250000000Z".
std::string time_text(Time time);

}  // namespace pawl::cli
