// Where each epoch of one stream begins: what two copies of it compare to find where they parted.
// Knows positions and epoch records; not files, not peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pawl/detail/record.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// An epoch record of the stream: whoever has it at `begin` has the same bytes below.
struct EpochStart {
    std::uint64_t epoch = 0;
    Position begin;
    friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

// The newest so many are kept: a page of a snapshot holds them.
inline constexpr std::size_t epoch_starts_max = 192;

// The epochs of one stream, oldest first, rising strictly in epoch and position. A value.
class EpochLog {
public:
    EpochLog() = default;
    // As it was kept. A start that does not rise ends it: what stands before it is forgotten.
    explicit EpochLog(const std::vector<EpochStart>& starts);

    // True: no epoch of the stream is missing. Its first record begins one, at position 0.
    bool whole() const noexcept { return !starts_.empty() && starts_.front().begin == Position{0}; }
    const std::vector<EpochStart>& starts() const noexcept { return starts_; }
    std::uint64_t last_epoch() const noexcept { return starts_.empty() ? 0 : starts_.back().epoch; }

    // Takes note of the stream's next record when it begins an epoch. False: its epoch is not
    // higher than the last one, or it is too short to say one; nothing is noted then.
    bool note(const detail::RecordView& record, Position position) {
        return record.header().kind() != detail::RecordKind::epoch || note_epoch(record, position);
    }
    // Forgets what begins at or above `end`.
    void cut(Position end);

    friend bool operator==(const EpochLog&, const EpochLog&) = default;

private:
    bool note_epoch(const detail::RecordView& record, Position position);
    bool add(const EpochStart& start);

    std::vector<EpochStart> starts_;
};

// Up to where two copies of one stream (same directory identity, same shard) are equal: the highest
// position that both have and that their epochs prove. Nothing: the logs have no epoch in common
// and are not whole, so nothing is proved. One writer per epoch is assumed.
std::optional<Position> part_point(const EpochLog& mine, Position my_end, const EpochLog& theirs,
                                   Position their_end);

}  // namespace pawl::journal
