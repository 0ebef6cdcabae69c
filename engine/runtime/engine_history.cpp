// Snapshots and durable cursors of an open engine. Knows the agents that make and keep them.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/ring/idle.hpp"
#include "engine/runtime/engine_core.hpp"
#include "engine/runtime/patience.hpp"

namespace pawl::detail {

namespace {

journal::Retention to_journal(Retention retention) noexcept {
    switch (retention) {
        case Retention::keep:
            break;
        case Retention::archive:
            return journal::Retention::archive;
        case Retention::remove:
            return journal::Retention::remove;
    }
    return journal::Retention::keep;
}

void show(const HistoryCounters& from, ShardCounters& to) noexcept {
    const auto copy = [](const Counter& source, Counter& target) {
        target.store(source.load(std::memory_order_relaxed), std::memory_order_relaxed);
    };
    copy(from.snapshots, to.snapshots);
    copy(from.bytes, to.snapshot_bytes);
    copy(from.ns, to.snapshot_ns);
    copy(from.position, to.snapshot_position);
    copy(from.failures, to.snapshots_failed);
    copy(from.segments_gone, to.segments_gone);
}

Error transient(const char* what) {
    return Error{ErrorCode::usage,
                 std::string("transient engine: without a journal there are no ") + what +
                     ": open a directory"};
}

}  // namespace

void EngineCore::make_history() {
    cursors_ = std::make_unique<Cursors>(environment_.storage, options_.directory,
                                         directory_->manifest().identity, options_.shards);
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        SnapshotterOptions options;
        options.fold = {domain_.get(), shard, options_.shards, options_.session_window,
                        options_.sessions_max};
        options.every_bytes = options_.snapshot_every_bytes;
        options.every_ns = options_.snapshot_every.count();
        if (options_.threading != Threading::own) options.slice_bytes = std::size_t{256} << 10;
        options.retention = {to_journal(options_.retention), options_.snapshots_kept};
        if (node_ != nullptr) options.needed = [this, shard] { return node_->needed(shard); };
        options.last = directory_->report().shards[shard].snapshot_position;
        parts_[shard]->snapshotter = std::make_unique<Snapshotter>(
            environment_.storage, *directory_, *cursors_, options,
            [this, shard](bool failed, std::string sentence) {
                notify(failed ? Notice::Kind::snapshot_failed : Notice::Kind::snapshot, shard,
                       std::move(sentence));
            });
        show(parts_[shard]->snapshotter->counters(), *parts_[shard]->counters);
    }
}

// One shard at a time: a second set of states in memory is enough.
std::size_t EngineCore::history_work() {
    if (directory_ == nullptr) return 0;
    const std::int64_t now = environment_.clock.monotonic_ns();
    const auto work_on = [&](ShardPart& part) {
        const std::size_t work = part.snapshotter->do_work(now);
        if (work != 0) show(part.snapshotter->counters(), *part.counters);
        return work;
    };
    for (const auto& part : parts_)
        if (part->snapshotter->busy()) return work_on(*part);
    for (const auto& part : parts_)
        if (const std::size_t work = work_on(*part); work != 0) return work;
    return 0;
}

Status EngineCore::snapshot(std::chrono::nanoseconds patience) {
    if (directory_ == nullptr) return transient("snapshots");
    const auto give_up = end_of(patience);
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard)
        if (const Status synced = sync_shard(shard, parts_[shard]->head->committed(), give_up);
            !synced)
            return synced;
    std::vector<std::uint64_t> asked;
    for (const auto& part : parts_) asked.push_back(part->snapshotter->ask());
    Status result{Done{}};
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        Status outcome{Done{}};
        IdleStrategy idle(Idle::park);
        while (!parts_[shard]->snapshotter->served(asked[shard], outcome)) {
            if (closed())
                return Error{ErrorCode::stopped,
                             "snapshot of " + options_.directory + ": the engine was closed first"};
            if (std::chrono::steady_clock::now() >= give_up)
                return Error{ErrorCode::timeout, "snapshot of " + options_.directory + ": shard " +
                                                     std::to_string(shard) +
                                                     " is not done yet: it goes on beside the "
                                                     "engine; wait longer next time"};
            if (!poll_while_waiting()) idle.idle(0, 1'000'000);
        }
        if (!outcome && result.ok()) result = outcome;
    }
    return result;
}

Status EngineCore::sync_shard(std::uint32_t shard, Position target,
                              std::chrono::steady_clock::time_point give_up) {
    ShardPart& part = *parts_[shard];
    if (part.journaler == nullptr) return Done{};
    part.journaler->demand(target);
    IdleStrategy idle(Idle::park);
    while (part.head->synced() < target) {
        if (failed()) return Error{ErrorCode::stopped, failure_};
        if (closed())
            return Error{ErrorCode::stopped,
                         "engine " + options_.directory + ": it is closed: open it again"};
        if (std::chrono::steady_clock::now() >= give_up)
            return Error{ErrorCode::timeout,
                         "engine " + options_.directory + ": position " +
                             std::to_string(target.value) +
                             " is not on disk yet: wait longer, or look at the disk"};
        if (!poll_while_waiting()) idle.idle(0, 50'000);
    }
    return Done{};
}

Status EngineCore::sync(std::chrono::nanoseconds patience) {
    const auto give_up = end_of(patience);
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard)
        if (const Status synced = sync_shard(shard, parts_[shard]->head->committed(), give_up);
            !synced)
            return synced;
    return Done{};
}

Result<std::vector<NamedPlaces>> EngineCore::cursors() {
    if (cursors_ == nullptr) return transient("durable cursors");
    const Result<std::vector<journal::KeptCursor>> kept = cursors_->all();
    if (!kept) return kept.error();
    std::vector<NamedPlaces> named;
    for (const journal::KeptCursor& cursor : *kept) {
        NamedPlaces& one = named.emplace_back(NamedPlaces{cursor.name, {}});
        for (const journal::CursorPlace& place : cursor.places)
            one.places.push_back({place.position.value, place.events_done});
    }
    return named;
}

Status EngineCore::forget_cursor(const std::string& name) {
    if (cursors_ == nullptr) return transient("durable cursors");
    return cursors_->forget(name);
}

}  // namespace pawl::detail
