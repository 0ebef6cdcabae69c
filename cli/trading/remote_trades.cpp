// Reads from the beginning each time: what a lost connection has told so far is forgotten.
#include "cli/trading/remote_trades.hpp"

#include <thread>
#include <unordered_set>

#include "pawl/operator.hpp"

namespace pawl::cli {

namespace {

constexpr std::chrono::milliseconds call_patience{300};
constexpr std::chrono::seconds answer_patience{10};

Result<RemoteDay> read_from(const OperatorOptions& options, SessionId session,
                            const Acknowledged& acknowledged) {
    Result<Operator> node = Operator::open(options);
    if (!node) return node.error();
    RemoteDay day;
    std::unordered_set<std::uint64_t> numbers;
    const auto take = [&](const JournaledEvent<matching::Book>& event) {
        if (event.is_rejection() || event.first_of_command()) {
            ++day.records;
            if (!numbers.insert(event.number().value).second) ++day.doubled;
        }
        std::optional<TradeRow> row = trade_of(event, SessionId{0});
        if (!row) return;
        row->place = day.trades.size();
        day.trades.push_back(*row);
    };
    if (Status read = node->read<matching::Book>(session, take); !read) return read.error();
    for (const auto& [number, answer] : acknowledged.answers())
        if (answer.journaled && numbers.count(number) == 0) ++day.lost;
    sort_trades(day.trades);
    return day;
}

}  // namespace

Result<RemoteDay> read_remote_day(const std::vector<std::string>& servers,
                                  const std::string& secret, const std::string& session,
                                  const Acknowledged& acknowledged, std::chrono::seconds patience) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    Error why{ErrorCode::usage, "no server is named"};
    do {
        for (const std::string& server : servers) {
            OperatorOptions options;
            options.address = server;
            options.secret = secret;
            options.open_within = call_patience;
            options.patience = answer_patience;
            Result<RemoteDay> day = read_from(options, session_id(session), acknowledged);
            if (day) return day;
            why = day.error();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (std::chrono::steady_clock::now() < give_up);
    return why;
}

}  // namespace pawl::cli
