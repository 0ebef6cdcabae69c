// A read model: rows folded from events, each with its version, all with one age. Knows a
// subscription; not where it reads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "pawl/subscription.hpp"

namespace pawl {

// What a projection says of one row.
template <class Row>
struct Projected {
    Row row{};
    Version version;               // of the aggregate whose event changed the row last
    Sequence sequence;             // of that event, in its shard
    std::uint32_t shard = 0;       // of that event
    Time time;                     // journal time of that event
    std::chrono::nanoseconds age;  // how old the projection is at most; below 0: not known
};

// Rows by id, each made by the first event that names it. `Fold` is called as
//
//   fold(rows, event)      // rows(id) is a Row&; event is a const JournaledEvent<As...>&
//
// and is as pure as apply(): what it makes of the same events is the same on every node. One thread
// polls; find() and size() are for any thread. A projection of a standby goes on when that becomes
// primary. It is kept nowhere: it begins at the subscription's cursor, with no rows. Stays where it
// is.
template <class Row, class Fold, class... As>
class Projection {
public:
    Projection(Subscription<As...> events, Fold fold)
        : events_(std::move(events)), fold_(std::move(fold)) {}

    // Folds up to `limit` events. How many; 0: nothing new at present. Errors as
    // Subscription::poll().
    Result<std::size_t> poll(std::size_t limit) {
        const std::lock_guard lock(mutex_);
        const Result<std::size_t> folded = events_.poll(
            [&](const JournaledEvent<As...>& event) {
                const auto row_of = [&](Id id) -> Row& {
                    Kept& kept = rows_[id];
                    // An event of another aggregate than its command's has no version of its own.
                    if (event.version().value != 0) kept.version = event.version();
                    kept.sequence = event.sequence();
                    kept.shard = event.shard();
                    kept.time = event.time();
                    return kept.row;
                };
                fold_(row_of, event);
            },
            limit);
        age_ = events_.age();
        polled_ = std::chrono::steady_clock::now();
        return folded;
    }

    // A copy of a row; nothing: no event has named it. Waits while another thread polls.
    std::optional<Projected<Row>> find(Id id) const {
        const std::lock_guard lock(mutex_);
        const auto found = rows_.find(id);
        if (found == rows_.end()) return std::nullopt;
        const Kept& kept = found->second;
        return Projected<Row>{kept.row,   kept.version, kept.sequence,
                              kept.shard, kept.time,    age_now()};
    }
    // As Projected::age.
    std::chrono::nanoseconds age() const {
        const std::lock_guard lock(mutex_);
        return age_now();
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return rows_.size();
    }
    // To be kept with what was made of the rows. The thread that polls.
    Cursor cursor() const { return events_.cursor(); }

private:
    struct Kept {
        Row row{};
        Version version;
        Sequence sequence;
        std::uint32_t shard = 0;
        Time time;
    };
    std::chrono::nanoseconds age_now() const {
        return age_.count() < 0 ? age_ : age_ + (std::chrono::steady_clock::now() - polled_);
    }

    Subscription<As...> events_;
    Fold fold_;
    mutable std::mutex mutex_;  // guards what follows, and a poll
    std::unordered_map<Id, Kept> rows_;
    std::chrono::nanoseconds age_{-1};
    std::chrono::steady_clock::time_point polled_;
};

// The row's type cannot be deduced: project<Balance>(standby.subscribe(), fold).
template <class Row, class Fold, class... As>
Projection<Row, std::decay_t<Fold>, As...> project(Subscription<As...> events, Fold&& fold) {
    return Projection<Row, std::decay_t<Fold>, As...>(std::move(events), std::forward<Fold>(fold));
}

}  // namespace pawl
