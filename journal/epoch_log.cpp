// Noting epochs, and comparing two lists of them.
#include "journal/epoch_log.hpp"

#include <algorithm>
#include <cstring>

namespace pawl::journal {

EpochLog::EpochLog(const std::vector<EpochStart>& starts) {
    for (const EpochStart& start : starts) {
        if (add(start)) continue;
        starts_.clear();
        starts_.push_back(start);
    }
}

bool EpochLog::add(const EpochStart& start) {
    if (!starts_.empty() &&
        (start.epoch <= starts_.back().epoch || start.begin <= starts_.back().begin))
        return false;
    if (starts_.size() == epoch_starts_max) starts_.erase(starts_.begin());
    starts_.push_back(start);
    return true;
}

bool EpochLog::note_epoch(const detail::RecordView& record, Position position) {
    detail::EpochRecord epoch{};
    if (record.body_bytes() < sizeof epoch) return false;
    std::memcpy(&epoch, record.body(), sizeof epoch);
    return add({epoch.epoch, position});
}

void EpochLog::cut(Position end) {
    while (!starts_.empty() && starts_.back().begin >= end) starts_.pop_back();
}

std::optional<Position> part_point(const EpochLog& mine, Position my_end, const EpochLog& theirs,
                                   Position their_end) {
    if (my_end == Position{0} || their_end == Position{0}) return Position{0};
    const auto end_of = [](const EpochLog& log, std::size_t i, Position end) {
        return i + 1 < log.starts().size() ? log.starts()[i + 1].begin : end;
    };
    for (std::size_t i = mine.starts().size(); i-- > 0;) {
        const auto& all = theirs.starts();
        const auto same = std::find(all.begin(), all.end(), mine.starts()[i]);
        if (same == all.end()) continue;
        const auto j = static_cast<std::size_t>(same - all.begin());
        return std::min(end_of(mine, i, my_end), end_of(theirs, j, their_end));
    }
    if (!mine.whole() || !theirs.whole()) return std::nullopt;
    return Position{0};
}

}  // namespace pawl::journal
