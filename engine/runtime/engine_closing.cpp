// How an engine ends: its journal is closed, or a standby goes on with it.
#include <algorithm>
#include <limits>
#include <utility>

#include "engine/ring/idle.hpp"
#include "engine/runtime/engine_core.hpp"
#include "engine/runtime/node_ways.hpp"
#include "engine/runtime/standby_core.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/detail/schema_hash.hpp"

namespace pawl::detail {

// After the agents have stopped: nobody waits for an answer for ever.
void EngineCore::answer_the_rest() {
    for (bool all = false; !all;) {
        all = true;
        for (const auto& part : parts_) all = part->shard->abandon() && all;
        all = reply_work() == 0 && all;
    }
}

bool EngineCore::drained() const {
    return std::all_of(parts_.begin(), parts_.end(), [](const auto& part) {
        return part->drained.load(std::memory_order_acquire);
    });
}

// Everything that was sent is decided and answered, unless it has failed or the time is over: then
// what is left is answered all the same. Nobody runs behind it. False: not in time.
bool EngineCore::end_agents(std::chrono::nanoseconds deadline, DiskCrew disk_crew) {
    door_.shut();
    for (const auto& part : parts_) {
        const std::lock_guard lanes(part->lanes_mutex);
        for (const std::weak_ptr<Lane>& known : part->lanes)
            if (const std::shared_ptr<Lane> lane = known.lock()) Door::wait_for(lane->sending);
    }

    const std::int64_t give_up = deadline.count() >= std::int64_t{1} << 62
                                     ? std::numeric_limits<std::int64_t>::max()
                                     : environment_.clock.monotonic_ns() + deadline.count();
    bool in_time = true;
    IdleStrategy idle(Idle::park);
    for (const auto& part : parts_) {
        part->drain.store(true, std::memory_order_release);
        part->bell.ring();
    }
    while (!failed() && !drained()) {
        if (environment_.clock.monotonic_ns() >= give_up) {
            in_time = false;
            break;
        }
        idle.idle(options_.threading == Threading::none ? poll() : 0);
    }
    if (crew_ != nullptr) crew_->stop();
    if (disk_crew_ != nullptr && disk_crew == DiskCrew::is_dismissed) disk_crew_->dismiss();
    if (disk_crew_ != nullptr && disk_crew == DiskCrew::ends) disk_crew_->stop();
    // A thread of the host may still be inside poll(). From here on nobody gets in.
    while (polling_.exchange(true, std::memory_order_acquire)) cpu_relax();
    gateway_.reset();  // it has us
    answer_the_rest();
    for (const auto& part : parts_)
        if (part->snapshotter != nullptr) part->snapshotter->abandon();
    return in_time;
}

// Otherwise the journal can be closed in order, whatever else stopped the engine. After a failed
// write, or out of memory, it is left as a killed process leaves it.
bool EngineCore::has_failed_writing() const {
    return out_of_memory_.load(std::memory_order_acquire) ||
           std::any_of(parts_.begin(), parts_.end(), [](const auto& part) {
               return part->journaler != nullptr &&
                      part->journaler->state() == journal::JournalerState::failed;
           });
}

Error EngineCore::had_stopped() const {
    return Error{ErrorCode::stopped, "engine " + options_.directory + ": it had stopped (" +
                                         failure_ + "): open it again to recover"};
}

Status EngineCore::close(std::chrono::nanoseconds deadline) {
    const std::lock_guard lock(closing_);
    if (closed_) return close_result_;
    closed_ = true;
    const bool in_time = end_agents(deadline, DiskCrew::ends);
    if (node_ != nullptr) node_->leave("engine " + options_.directory + " is closed");
    const bool was_failed = has_failed_writing();
    if (directory_ != nullptr && !was_failed) {
        if (Status closed = directory_->close(); !closed) close_result_ = closed;
    }
    remove_counters();
    if (was_failed && close_result_.ok()) close_result_ = had_stopped();
    if (!in_time && close_result_.ok())
        close_result_ =
            Error{ErrorCode::timeout, "engine " + options_.directory +
                                          ": not everything was decided and answered within " +
                                          std::to_string(deadline.count() / 1'000'000) +
                                          " ms; what was left was answered 'closed': give close() "
                                          "longer, or read the replies"};
    door_.finish();
    return close_result_;
}

// The shards have ended between two batches: their states are what their records amount to.
OpenedJournal EngineCore::keep_journal() {
    OpenedJournal kept;
    kept.directory = directory_;
    kept.told = true;
    // They have this engine's parts in their hands.
    if (disk_crew_ != nullptr)
        kept.writers =
            std::make_shared<Writers>([core = shared_from_this()] { core->disk_crew_->stop(); });
    const std::uint64_t schema = schema_hash(domain_->schema_text);
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        ShardPart& part = *parts_[shard];
        const StreamEnd end = part.shard->end();
        PAWL_ASSERT(end.position == part.head->committed());
        part.last_position.store(end.position.value, std::memory_order_release);
        kept.ends.push_back(
            {end.position, end.checksum, end.last_sequence, end.last_time.ns, epochs_[shard]});
        part.fold->went_on({kept.ends.back(),
                            part.counters->records.load(std::memory_order_relaxed),
                            part.counters->events.load(std::memory_order_relaxed), schema});
        kept_session_ids_.push_back(part.shard->facts().sessions.ids());
        kept.folds.push_back(std::move(part.fold));
    }
    return kept;
}

Result<std::unique_ptr<FollowerCore>> EngineCore::step_down() {
    return step_down([this](std::uint64_t boot) {
        return open_ways(options_.replication, boot, environment_.random, environment_.storage);
    });
}

Result<std::unique_ptr<FollowerCore>> EngineCore::step_down(const WaysOf& ways_of) {
    const std::lock_guard lock(closing_);
    const auto wrong = [this](const char* why) {
        return Error{ErrorCode::usage, "engine " + options_.directory + ": " + why};
    };
    if (node_ == nullptr) return wrong("it is not replicated: there is nobody to follow");
    if (closed_) return wrong("it is closed: open it as a Standby");
    if (!node_->is_over()) return wrong("this node is primary: hand_over() first, or close() it");
    if (const std::string other = node_->namesake(); !other.empty())
        return Error{ErrorCode::mismatch, "engine " + options_.directory + ": " + other};
    closed_ = true;
    static_cast<void>(end_agents(std::chrono::nanoseconds(0), DiskCrew::is_dismissed));
    node_->leave("engine " + options_.directory + " steps down");
    remove_counters();
    door_.finish();
    if (has_failed_writing()) {
        if (disk_crew_ != nullptr) disk_crew_->stop();
        close_result_ = had_stopped();
        return close_result_.error();
    }
    OpenedJournal kept = keep_journal();
    const std::uint64_t noted = node_->next_boot();
    const std::uint64_t boot = noted != 0 ? noted : environment_.random() | 1U;
    Result<NodeWays> ways = ways_of(boot);
    if (!ways.ok()) {
        kept.writers.reset();
        static_cast<void>(directory_->close());
        return ways.error();
    }
    EngineOptions options = options_;
    options.replication.may_begin = false;  // there was a first primary
    auto standby = StandbyCore::go_on(options, domain_, environment_, boot, std::move(*ways),
                                      environment_owner_, {std::move(kept), node_->known_reign()});
    if (!standby.ok()) static_cast<void>(directory_->close());
    return standby;
}

}  // namespace pawl::detail
