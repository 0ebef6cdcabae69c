// Says whether a position is as safe as a reply asked for. Knows positions; not who moves them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "engine/platform/bell.hpp"
#include "journal/head.hpp"
#include "journal/journaler.hpp"
#include "journal/replicated_positions.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

using journal::ReplicatedPositions;

class Gate {
public:
    // `journaler` and `replicated` may be null: then their levels are never reached. `writer` is
    // rung when the journaler has to hurry.
    Gate(const journal::Head& head, journal::Journaler* journaler, ReplicatedPositions* replicated,
         Bell& writer) noexcept
        : head_(&head), journaler_(journaler), replicated_(replicated), writer_(&writer) {}

    // The shard asks after it has published `end`.
    bool reached(Durability level, Position end) const noexcept {
        switch (level) {
            case Durability::decided:
            case Durability::journaled:
                return true;
            case Durability::synced:
                return journaler_ != nullptr && head_->synced() >= end;
            case Durability::replicated:
                return replicated_ != nullptr &&
                       replicated_->received.load(std::memory_order_acquire) >= end.value;
            case Durability::replicated_synced:
                return replicated_ != nullptr && head_->synced() >= end &&
                       replicated_->synced.load(std::memory_order_acquire) >= end.value;
        }
        return false;
    }
    // A reply waits for `end`: whoever makes it safe should hurry.
    void demand(Durability level, Position end) const noexcept {
        if (journaler_ == nullptr) return;
        const bool alone =
            replicated_ != nullptr && replicated_->alone.load(std::memory_order_relaxed);
        if (level == Durability::synced || level == Durability::replicated_synced ||
            (level == Durability::replicated && alone)) {
            journaler_->demand(end);
            writer_->ring();
        }
        if (level != Durability::replicated_synced || replicated_ == nullptr) return;
        // this thread alone writes it while anybody reads it
        auto& wanted = replicated_->disk_wanted;
        if (wanted.load(std::memory_order_relaxed) < end.value)
            wanted.store(end.value, std::memory_order_relaxed);
    }
    // The journal stands still because there is no room for another segment.
    bool disk_full() const noexcept { return journaler_ != nullptr && journaler_->disk_full(); }
    // The strongest level that a position has reached, of those a single node knows.
    Durability level_of(Position end) const noexcept {
        return journaler_ != nullptr && head_->synced() >= end ? Durability::synced
                                                               : Durability::journaled;
    }

private:
    const journal::Head* head_;
    journal::Journaler* journaler_;
    ReplicatedPositions* replicated_;
    Bell* writer_;
};

// What the replies of one batch wait for, told once.
class Demand {
public:
    void add(Durability level, std::uint64_t end) noexcept {
        ++count_;
        Asked& asked = level == Durability::replicated ? received_ : synced_;
        asked.level = std::max(asked.level, level);
        asked.end = std::max(asked.end, end);
    }
    std::uint64_t count() const noexcept { return count_; }
    // When everything below is committed.
    void tell(const Gate& gate) const noexcept {
        if (received_.end != 0) gate.demand(received_.level, Position{received_.end});
        if (synced_.end != 0) gate.demand(synced_.level, Position{synced_.end});
    }

private:
    struct Asked {
        Durability level{};
        std::uint64_t end = 0;
    };
    Asked synced_;    // by this node's disk, whatever else
    Asked received_;  // by a standby; by the disk only while there is none
    std::uint64_t count_ = 0;
};

}  // namespace pawl::detail
