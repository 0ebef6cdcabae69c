// A journal read again: state at any cut, step by step, and what happened to one aggregate. Knows
// the user's types; everything else is behind a handle.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pawl/detail/replay_core.hpp"
#include "pawl/engine.hpp"

namespace pawl {

// Reads a directory and writes nothing: no lock, no socket, no side effect but memory. One thread
// at a time. What an engine that runs on the directory does after open() is not seen.
template <class... As>
class Replay {
    using Lists = detail::Lists<As...>;

public:
    // Builds the state at options.until. An error: the directory cannot be read, was written by
    // another domain, is damaged below the cut, or has no such mark.
    static Result<Replay> open(const ReplayOptions& options) {
        auto core = detail::open_replay(options, Engine<As...>::domain());
        if (!core) return core.error();
        return Replay(std::move(core).value());
    }

    // Null when nothing had happened to it. Lives until step() or advance().
    template <class A>
    const A* state(Id id) const noexcept {
        return static_cast<const A*>(look<A>(id).state);
    }
    template <class A>
    Version version(Id id) const noexcept {
        return look<A>(id).version;
    }
    // Equal to Engine::state_hash() at the same place.
    std::uint64_t state_hash() const noexcept {
        std::uint64_t hash = 0;
        for (std::uint32_t shard = 0; shard < core_->shard_count(); ++shard)
            hash += core_->machine(shard).state_hash();
        return hash;
    }
    std::uint64_t aggregate_count() const noexcept {
        std::uint64_t count = 0;
        for (std::uint32_t shard = 0; shard < core_->shard_count(); ++shard)
            count += core_->machine(shard).aggregate_count();
        return count;
    }

    // Applies the next record, beyond the cut as well: the shards' streams merged by journal time,
    // lower shard first. false: nothing is left. handler(const JournaledEvent<As...>&) sees its
    // events, when the states have them already.
    Result<bool> step() {
        return step([](const auto&) {});
    }
    template <class Handler>
    Result<bool> step(Handler&& handler) {
        detail::StreamRecord record;
        Result<bool> found = core_->step(record);
        if (found && *found) detail::for_each_journaled_event<As...>(record, handler);
        return found;
    }
    // Goes on to a later cut; to an earlier one it does nothing: open another replay.
    Status advance(const Until& until) { return core_->advance(until); }

    // Every event that is kept of this aggregate, up to the present place, in order. Reads its
    // shard's journal from the first segment that is kept. Returns how many.
    template <class A, class Handler>
    Result<std::uint64_t> history(Id id, Handler&& handler) const {
        std::uint64_t count = 0;
        const auto visit = [&](const detail::StreamRecord& record) {
            detail::for_each_journaled_event<As...>(record, [&](const auto& event) {
                if (event.aggregate_type() != Lists::template aggregate<A> || event.id() != id)
                    return;
                ++count;
                handler(event);
            });
        };
        const Status read = core_->scan(shard_of<A>(id), visit);
        if (!read) return read.error();
        return count;
    }

    // Of the last record that was applied.
    Time time() const noexcept { return core_->time(); }
    // Records applied since open() began, without those that a snapshot stood for.
    std::uint64_t records() const noexcept { return core_->records(); }
    // Per shard: everything below is applied.
    std::vector<Position> positions() const { return core_->positions(); }
    // Which snapshots were used or passed over, and anything else that is not ordinary.
    const std::vector<std::string>& sentences() const noexcept { return core_->sentences(); }

private:
    explicit Replay(std::unique_ptr<detail::ReplayCore> core) : core_(std::move(core)) {}

    struct Look final : detail::Question {
        const void* state = nullptr;
        Version version;
        void answer(const void* found, Version at) noexcept override {
            state = found;
            version = at;
        }
    };
    template <class A>
    std::uint32_t shard_of(Id id) const noexcept {
        return detail::shard_of(route<A>(id), core_->shard_count());
    }
    template <class A>
    Look look(Id id) const noexcept {
        static_assert(Lists::template aggregate<A> < sizeof...(As),
                      "a replay shows states of its own aggregate types");
        Look look;
        core_->machine(shard_of<A>(id)).ask(Lists::template aggregate<A>, id, look);
        return look;
    }

    std::unique_ptr<detail::ReplayCore> core_;
};

}  // namespace pawl
