// The duty cycle of one shard.
#include "engine/shard/shard.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <span>

#include "pawl/detail/assert.hpp"

namespace pawl::detail {

Shard::Shard(const ShardOptions& options, Machine& machine, Sessions& sessions, journal::Head& head,
             Gate gate, Clock& clock, ShardCounters& counters)
    : options_(options),
      machine_(machine),
      head_(head),
      gate_(gate),
      clock_(clock),
      counters_(counters),
      sessions_(sessions),
      work_(std::make_unique<Work[]>(batch_max)) {
    PAWL_ASSERT(options.record_bytes_max >= 4096);
    PAWL_ASSERT(options.record_bytes_max * 4 <= head.capacity_bytes());
    PAWL_ASSERT(options.hash_every_ns == 0 || machine.carried_hash() != nullptr);
}

void Shard::go_on_at(const StreamEnd& end) noexcept {
    PAWL_ASSERT(end.position == head_.committed());
    committed_ = end.position;
    checksum_ = end.checksum;
    last_sequence_ = end.last_sequence;
    last_time_ = recorded_time_ = end.last_time;
    hashed_at_ = end.last_sequence;
    if (options_.hash_every_ns == 0) return;
    // The first state record is about this reign alone: who begins with a snapshot of this place
    // has put nothing off and come no way.
    static_cast<void>(machine_.settled_hash());
    static_cast<void>(machine_.carried_hash()->take_way());
}

void Shard::add_shared_port(SharedQueue& queue, SingleRing<RawReply>& answers,
                            std::size_t reply_capacity, Bell* reader) {
    ports_.push_back(std::make_unique<Port>(queue, answers, reply_capacity, reader));
}

void Shard::take_new_lanes() {
    new_lanes_.take([this](const std::shared_ptr<Lane>& lane) {
        ports_.push_back(std::make_unique<Port>(lane));
    });
}

std::size_t Shard::do_work() {
    try {
        return pass();
    } catch (const std::bad_alloc&) {
        torn_ = true;
        stop();
        throw;
    }
}

std::size_t Shard::pass() {
    take_new_lanes();
    // Before the pass: what an earlier pass has committed is visible to who reads the answer.
    const std::uint64_t hold = hold_.load(std::memory_order_acquire);
    holding_ = hold != 0;
    held_.store(hold, std::memory_order_release);
    std::size_t work = 0;
    const std::size_t count = ports_.size();
    for (std::size_t i = 0; i < count; ++i) {
        Port& port = *ports_[(first_port_ + i) % count];
        work += deliver(port);
        work += turn(port);
    }
    if (options_.hash_every_ns != 0 && last_sequence_ != hashed_at_) note_states();
    // Another port goes first next time: no producer starves the others.
    if (count != 0) first_port_ = (first_port_ + 1) % count;
    std::erase_if(ports_, [](const std::unique_ptr<Port>& port) {
        return port->abandoned() && port->input_empty();
    });
    std::size_t waiting = 0;
    for (const std::unique_ptr<Port>& port : ports_) waiting += port->waiting();
    counters_.gate_waiting.store(waiting, std::memory_order_relaxed);
    counters_.lag_bytes.store(committed_.value - head_.synced().value, std::memory_order_relaxed);
    return work;
}

// ---- in ----

std::size_t Shard::turn(Port& port) {
    port.fill();
    std::size_t done = 0;
    while (const std::byte* bytes = port.peek(0)) {
        if (port.reply_room() == 0) break;
        const MessageView message(bytes);
        const MessageKind kind = message.header().kind;
        const bool to_decide = kind == MessageKind::command || kind == MessageKind::fact;
        if (holding_ && !stopped() && (to_decide || kind == MessageKind::note)) break;
        if (to_decide && stopped()) {
            // A torn batch may have been published before it was answered.
            refuse(port, message.header(), torn_ ? Refusal::engine_failed : Refusal::closed);
            port.consume(message.header().lines);
            ++done;
        } else if (to_decide) {
            std::size_t lines = 0;
            const std::size_t decided = run_batch(port, lines);
            port.consume(lines);
            done += decided;
            if (decided == 0 && !refuse_for_want_of_disk(port)) break;  // back pressure
            if (decided == 0) ++done;
            if (done >= batch_max) break;
        } else {
            if (kind == MessageKind::note && !take_note(port, message)) break;  // back pressure
            const std::size_t lines = message.header().lines;
            answer_directly(port, message);
            port.consume(lines);
            ++done;
        }
    }
    if (done != 0) done += deliver(port);
    return done;
}

// ---- what others compare ----

void Shard::note_states() {
    if (holding_ || stopped()) return;
    const std::int64_t now_ns = clock_.monotonic_ns();
    if (hash_due_ns_ == 0) hash_due_ns_ = now_ns + options_.hash_every_ns;
    const bool many = last_sequence_.value - hashed_at_.value >= state_record_events;
    if (now_ns < hash_due_ns_ && !many) return;
    // All or nothing: what is settled cannot be settled again.
    if (head_.writable_end().value - committed_.value < options_.record_bytes_max) return;
    const std::uint64_t hash = machine_.settled_hash();
    const StateRecord state{hash, machine_.carried_hash()->take_way(), hashed_at_.value};
    const std::int64_t took_ns = clock_.monotonic_ns() - now_ns;
    const bool written = write_note(RecordKind::state, &state, sizeof state, {});
    PAWL_ASSERT(written);
    hashed_at_ = last_sequence_;
    // Large states are hashed now and not with their events: a hundredth of the time at most.
    hash_due_ns_ = took_ns * 100 > options_.hash_every_ns ? now_ns + took_ns * 100 : 0;
}

// ---- out ----

std::size_t Shard::deliver(Port& port) {
    if (port.waiting() == 0) return 0;
    if (port.abandoned()) {
        port.forget_replies();
        return 0;
    }
    std::size_t delivered = 0;
    for (;;) {
        const std::span<RawReply> run = port.oldest();
        std::size_t ready = 0;
        while (ready < run.size() && ready_to_leave(run[ready])) ++ready;
        if (ready == 0) break;
        const std::size_t handed_over = port.deliver_oldest(ready);
        delivered += handed_over;
        if (handed_over < run.size()) break;
    }
    return delivered;
}

bool Shard::ready_to_leave(RawReply& reply) const noexcept {
    if (reply.end == 0 || gate_.reached(reply.durability, Position{reply.end})) return true;
    if (!stopped()) return false;
    // It happened in memory, but nobody can promise that it stays.
    reply.outcome = Outcome::refused;
    reply.reason = static_cast<std::uint16_t>(Refusal::engine_failed);
    return true;
}

bool Shard::idle() {
    if (!new_lanes_.empty()) return false;
    return std::all_of(ports_.begin(), ports_.end(), [](const std::unique_ptr<Port>& port) {
        return port->input_empty() &&
               (port->waiting() == 0 || port->reader_is_full() || port->abandoned());
    });
}

bool Shard::abandon() {
    stop();
    take_new_lanes();
    bool nothing_left = true;
    for (const std::unique_ptr<Port>& port : ports_) {
        do {
            deliver(*port);
            port->leave_replies();
        } while (turn(*port) != 0);
        nothing_left = nothing_left && port->waiting() == 0 && port->input_empty();
    }
    return nothing_left;
}

}  // namespace pawl::detail
