// What goes into an open engine and what is asked of it: messages from any thread, questions to
// whole shards.
#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "engine/ring/idle.hpp"
#include "engine/runtime/at_risk.hpp"
#include "engine/runtime/engine_core.hpp"
#include "engine/runtime/patience.hpp"
#include "engine/runtime/producer_link.hpp"
#include "engine/runtime/stream_follower.hpp"
#include "engine/shard/note.hpp"

namespace pawl::detail {

Offer EngineCore::admit(std::uint32_t shard, Durability durability) const noexcept {
    PAWL_ASSERT(shard < parts_.size());
    if (!door_.open()) return Offer::closed;
    // A failed engine takes no more commands but can still be looked at.
    if (failed()) return node_ != nullptr && node_->is_over() ? Offer::not_primary : Offer::closed;
    if (durability >= Durability::replicated && node_ == nullptr) return Offer::unavailable;
    if (directory_ == nullptr)
        return durability > Durability::journaled ? Offer::unavailable : Offer::accepted;
    if (directory_->preparer(shard).disk_full()) return Offer::disk_full;
    return Offer::accepted;
}

Offer EngineCore::admit(std::uint32_t shard, const MessageBuffer& message) const noexcept {
    const MessageHeader& header = MessageView(message.lines()->bytes).header();
    if (header.kind == MessageKind::command || header.kind == MessageKind::fact)
        return admit(shard, static_cast<Durability>(header.durability));
    return door_.open() ? Offer::accepted : Offer::closed;
}

bool EngineCore::disk_full() const noexcept {
    if (directory_ == nullptr) return false;
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard)
        if (directory_->preparer(shard).disk_full()) return true;
    return false;
}

Offer EngineCore::try_send(std::uint32_t shard, const MessageBuffer& message) {
    door_.enter();
    Offer offer = admit(shard, message);
    if (offer == Offer::accepted &&
        !parts_[shard]->queue.try_push(message.lines(), message.line_count()))
        offer = Offer::back_pressured;
    door_.go_out();
    if (offer == Offer::accepted)
        sent(shard);
    else
        refused(shard);
    return offer;
}

Offer EngineCore::send(std::uint32_t shard, const MessageBuffer& message,
                       std::chrono::nanoseconds patience) {
    return send_patiently(*this, patience, [&] { return try_send(shard, message); });
}

void EngineCore::sent(std::uint32_t shard) noexcept {
    if (options_.threading == Threading::none)
        bell_->ring();  // the host may sleep for as long as it likes
    else
        (bell_ != nullptr ? *bell_ : parts_[shard]->bell).ring_who_sleeps();
}

namespace {
struct PollingEnds {
    std::atomic<bool>& polling;
    // release: pairs with the acquire of the next one
    ~PollingEnds() { polling.store(false, std::memory_order_release); }
};
}  // namespace

std::size_t EngineCore::poll() {
    PAWL_ASSERT(options_.threading == Threading::none &&
                "only an engine opened with Threading::none is polled");
    if (polling_.exchange(true, std::memory_order_acquire)) return 0;
    const PollingEnds ends{polling_};
    if (closed()) return 0;
    bell_->awake();
    const auto pass = [this] {
        std::size_t work = 0;
        for (std::uint32_t shard = 0; shard < options_.shards; ++shard) work += shard_work(shard);
        return work + other_work();
    };
    std::size_t work = pass();
    if (work != 0) return work;
    bell_->before_sleep();
    work = pass();
    if (work != 0) bell_->stays_awake();
    return work;
}

int EngineCore::poll_timeout_ms() {
    if (!listen_address_.empty()) return 1;  // sockets do not ring
    if (disk_full()) return 100;             // nobody but poll() looks whether there is room again
    for (const auto& part : parts_)
        if (part->journaler != nullptr && part->head->committed() != part->head->synced())
            return static_cast<int>(
                std::max<std::int64_t>(1, options_.flush_interval.count() / 1'000'000));
    std::int64_t due_ns = -1;
    for (const auto& part : parts_) {
        const std::int64_t due = part->snapshotter != nullptr ? part->snapshotter->due_ns() : -1;
        if (due >= 0 && (due_ns < 0 || due < due_ns)) due_ns = due;
    }
    if (due_ns < 0) return -1;
    const std::int64_t wait_ms = (due_ns - environment_.clock.monotonic_ns()) / 1'000'000 + 1;
    return static_cast<int>(std::clamp<std::int64_t>(wait_ms, 0, 1'000'000));
}

bool EngineCore::poll_while_waiting() {
    if (options_.threading != Threading::none) return false;
    if (poll() == 0) {
        IdleStrategy idle(Idle::yield);
        idle.idle(0);
        cpu_relax();
    }
    return true;
}

std::unique_ptr<ProducerLink> EngineCore::make_producer(const ProducerOptions& options) {
    return std::make_unique<LaneProducer>(shared_from_this(), *this, options, Numbering::goes_on);
}

std::unique_ptr<ProducerLink> EngineCore::make_lanes(const ProducerOptions& options) {
    return std::make_unique<LaneProducer>(shared_from_this(), *this, options, Numbering::callers,
                                          &gateway_bell_);
}

std::unique_ptr<StreamFollower> EngineCore::follow(const FollowOptions& options) {
    return std::make_unique<JournalFollower>(shared_from_this(), *this, options);
}

Status EngineCore::read_record(std::uint32_t shard, std::uint64_t position,
                               std::vector<std::byte>& bytes) {
    PAWL_ASSERT(shard < parts_.size());
    ShardPart& part = *parts_[shard];
    bytes.resize(sizeof(RecordHeader));
    if (part.head->copy(Position{position}, bytes)) {
        RecordHeader header{};
        std::memcpy(&header, bytes.data(), sizeof header);
        if (header.length >= sizeof header && header.length <= part.head->capacity_bytes()) {
            bytes.resize(header.length);
            if (part.head->copy(Position{position}, bytes)) return Done{};
        }
    }
    if (directory_ == nullptr)
        return Error{ErrorCode::io,
                     "transient engine: the record at position " + std::to_string(position) +
                         " is no longer in memory: raise head_bytes, or use a journal"};
    const std::lock_guard lock(part.reader_mutex);
    if (part.reader == nullptr) part.reader = directory_->reader(shard);
    return part.reader->read_record(Position{position}, bytes);
}

Status EngineCore::hand_over(const std::string& peer, AfterHandOver then) {
    if (node_ == nullptr)
        return Error{ErrorCode::usage, "switchover to " + peer +
                                           ": the engine is not replicated: open it as a Standby"};
    return node_->hand_over(peer, then);
}

NodeStatus EngineCore::node_status() {
    NodeStatus status;
    if (node_ != nullptr) {
        status = node_->status();
    } else {
        status.role = Role::primary;
        status.epoch = directory_ != nullptr ? directory_->epoch() : 0;
        status.why = "it is not replicated";
    }
    if (leads(status.role)) count_risk(status);
    return status;
}

// Of the heads and the journal; the shards are not asked.
void EngineCore::count_risk(NodeStatus& status) {
    if (directory_ == nullptr || closed()) return;
    status.commands_at_risk = 0;
    const std::int64_t now_ns = environment_.clock.wall_ns();
    const auto waits_since = [&](std::int64_t oldest_ns) {
        const std::int64_t waits =
            oldest_ns < 0 ? 0 : std::max<std::int64_t>(now_ns - oldest_ns, 0);
        status.lag = std::max(status.lag, std::chrono::nanoseconds(waits));
    };
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        const Position safe = node_ != nullptr ? node_->safe(shard) : parts_[shard]->head->synced();
        const AtRisk risk = at_risk_from(*directory_, shard, safe);
        status.commands_at_risk += static_cast<std::int64_t>(risk.commands);
        if (node_ == nullptr) continue;
        const std::optional<Position> slowest = node_->slowest(shard);
        if (!slowest) continue;
        if (*slowest == safe)
            waits_since(risk.oldest_ns);
        else
            waits_since(at_risk_from(*directory_, shard, *slowest, 1).oldest_ns);
    }
}

// ---- questions to whole shards ----

namespace {

// Lives on the asker's stack until the shard, and then the reply agent, are done with it.
class Answered : public Completion {
public:
    void complete(const RawReply&) noexcept override {
        const std::lock_guard lock(mutex_);
        done_ = true;
        changed_.notify_all();
    }
    bool wait(bool block) {
        std::unique_lock lock(mutex_);
        if (block) changed_.wait(lock, [this] { return done_; });
        return done_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
};

class ShardQuery final : public Inspection {
public:
    explicit ShardQuery(const std::function<void(const ShardFacts&)>& visit) : visit_(visit) {}
    void inspect(const ShardFacts& facts) noexcept override { visit_(facts); }

private:
    const std::function<void(const ShardFacts&)>& visit_;
};

}  // namespace

// Sends a pointer to a shard, in order with what this thread has sent through the shared queue, and
// waits until it was there.
bool EngineCore::visit_shard(std::uint32_t shard, MessageKind kind, const void* pointer) {
    Answered answered;
    MessageParts parts;
    parts.header.kind = kind;
    parts.header.flags = message_wants_reply;
    parts.header.token = reinterpret_cast<std::uint64_t>(static_cast<Completion*>(&answered));
    parts.header.payload_bytes = sizeof pointer;
    parts.payload = &pointer;
    if (send(shard, MessageBuffer(parts), std::chrono::nanoseconds::max()) != Offer::accepted)
        return false;
    while (!answered.wait(options_.threading != Threading::none)) poll_while_waiting();
    return true;
}

// When the engine is closed there is nobody to race with: the shard is read directly. When it has
// stepped down its states are somebody else's.
void EngineCore::inspect_all(const std::function<void(const ShardFacts&)>& visit) {
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        ShardQuery query(visit);
        if (visit_shard(shard, MessageKind::inspection, static_cast<Inspection*>(&query))) continue;
        const std::lock_guard lock(closing_);
        PAWL_ASSERT(closed_);
        if (parts_[shard]->fold != nullptr) visit(parts_[shard]->shard->facts());
    }
}

std::uint64_t EngineCore::state_hash() {
    std::uint64_t hash = 0;
    inspect_all([&](const ShardFacts& facts) { hash += facts.machine.state_hash(); });
    return hash;
}

std::uint64_t EngineCore::aggregate_count() {
    std::uint64_t count = 0;
    inspect_all([&](const ShardFacts& facts) { count += facts.machine.aggregate_count(); });
    return count;
}

std::vector<std::uint64_t> EngineCore::highest_numbers(SessionId session) {
    std::vector<std::uint64_t> numbers;
    inspect_all([&](const ShardFacts& facts) {
        const std::uint32_t index = facts.sessions.find(session);
        numbers.push_back(index != 0 ? facts.sessions.highest(index) : 0);
    });
    return numbers;
}

std::vector<std::vector<std::uint64_t>> EngineCore::session_ids() {
    std::vector<std::vector<std::uint64_t>> shards;
    inspect_all([&](const ShardFacts& facts) { shards.push_back(facts.sessions.ids()); });
    if (shards.size() == options_.shards) return shards;
    const std::lock_guard lock(closing_);
    return kept_session_ids_;
}

// Between two commands of every shard. What was answered before is before it in each of them.
Status EngineCore::mark(std::string_view name) {
    const auto no = [&](ErrorCode code, const std::string& why) {
        return Error{code, "mark '" + std::string(name) + "': " + why};
    };
    if (name.empty() || name.size() > mark_name_bytes_max)
        return no(ErrorCode::usage, "a name has 1 to 255 bytes, this one has " +
                                        std::to_string(name.size()) + ": choose another");
    if (directory_ == nullptr)
        return no(ErrorCode::usage, "a transient engine has no journal to mark: open a directory");
    const MarkRecord body{(epoch_ << 32) + ++marks_, static_cast<std::uint32_t>(name.size()), 0};
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        Note note{RecordKind::mark, &body, sizeof body, name};
        const bool there = visit_shard(shard, MessageKind::note, &note);
        if (there && note.written) continue;
        return no(there && !failed() ? ErrorCode::disk_full : ErrorCode::stopped,
                  "shard " + std::to_string(shard) +
                      " takes nothing more (closed, stopped, or its disk is full): it is not in "
                      "every shard, so it does not count");
    }
    return Done{};
}

}  // namespace pawl::detail
