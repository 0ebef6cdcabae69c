// A day's figures as a person or a program reads them. Knows words and columns; measures nothing.
#pragma once

#include <string>

#include "cli/trading/day_run.hpp"

namespace pawl::cli {

struct SummaryContext {
    std::string directory;
    Durability durability = Durability::journaled;
    std::uint32_t shards = 1;
    std::uint32_t in_flight_max = 0;
    std::uint64_t commands_per_second = 0;  // asked for; 0: as fast as possible
    bool terminal = false;
};

std::string summary_text(const DayFigures& figures, const SummaryContext& context);
// One JSON object on one line.
std::string summary_json(const DayFigures& figures, const SummaryContext& context);
std::string hash_text(std::uint64_t hash);  // 16 hexadecimal digits

}  // namespace pawl::cli
