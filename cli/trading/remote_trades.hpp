// What a session's commands have done, read back from whichever node is primary. Knows events; not
// who sent the commands.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/trading/client_feed.hpp"
#include "cli/trading/journal_report.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

struct RemoteDay {
    std::vector<TradeRow> trades;  // in the order of the input
    std::uint64_t records = 0;     // of the session's commands
    std::uint64_t doubled = 0;     // numbers that acted more than once
    std::uint64_t lost = 0;        // acknowledged, and not in the journal
};

// Tries every server until one is primary and the whole history has come, at most `patience`. To be
// called when everything is answered: from then on every primary has the same.
Result<RemoteDay> read_remote_day(const std::vector<std::string>& servers,
                                  const std::string& secret, const std::string& session,
                                  const Acknowledged& acknowledged, std::chrono::seconds patience);

}  // namespace pawl::cli
