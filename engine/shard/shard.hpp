// One core's duty cycle: take a batch, decide it, seal its records, publish, answer. Knows rings,
// machine and head; not threads, not files, not sockets.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/platform/clock.hpp"
#include "engine/shard/arrivals.hpp"
#include "engine/shard/counters.hpp"
#include "engine/shard/gate.hpp"
#include "engine/shard/inspection.hpp"
#include "engine/shard/port.hpp"
#include "engine/shard/sessions.hpp"
#include "journal/head.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

struct ShardOptions {
    std::uint32_t index = 0;
    std::size_t record_bytes_max = 0;
    std::uint64_t random_seed = 0;
    bool halt_when_decide_throws = false;
    // A state record is written when states have changed and so much time has passed since the
    // last, or state_record_events have happened. 0: none ever. The machine carries its hash then.
    std::int64_t hash_every_ns = 0;
};
inline constexpr std::uint64_t state_record_events = 65'536;

// Where the stream goes on.
struct StreamEnd {
    Position position;
    std::uint32_t checksum = 0;
    Sequence last_sequence;
    Time last_time;
};

class Shard {
public:
    // Everything it is given outlives it. `sessions` is what a Replayer has filled.
    Shard(const ShardOptions& options, Machine& machine, Sessions& sessions, journal::Head& head,
          Gate gate, Clock& clock, ShardCounters& counters);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    // ---- before the thread runs ----
    void go_on_at(const StreamEnd& end) noexcept;
    void add_shared_port(SharedQueue& queue, SingleRing<RawReply>& answers,
                         std::size_t reply_capacity, Bell* reader);
    // Writes a record that is nobody's command (epoch, schema) and publishes it. False: no room.
    bool write_note(RecordKind kind, const void* body, std::size_t bytes, std::string_view text);

    // ---- any thread ----
    void attach(std::shared_ptr<Lane> lane) { new_lanes_.add(std::move(lane)); }
    // Take nothing more; what is not yet as safe as it asked is answered engine_failed. Final.
    void stop() noexcept { stopped_.store(true, std::memory_order_release); }
    bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }
    // Decide nothing until go_on(): what comes waits where it is. One caller at a time.
    void hold() noexcept { hold_.store(++holds_, std::memory_order_release); }
    void go_on() noexcept { hold_.store(0, std::memory_order_release); }
    // The shard has obeyed the last hold(): nothing is committed until go_on().
    bool held() const noexcept { return held_.load(std::memory_order_acquire) == holds_; }

    // ---- the shard's thread ----
    // One pass over all ways in. Returns messages decided plus replies delivered. May throw
    // std::bad_alloc: what is published is whole then, what is in memory is not, and it has
    // stopped.
    std::size_t do_work();
    // Nothing waits to be decided or delivered.
    bool idle();
    // Answers everything that still waits. After the last do_work. False: once more, when the
    // reader of the shared port has made room.
    bool abandon();

    // Only the shard's thread, or after it has ended.
    StreamEnd end() const noexcept {
        return {committed_, checksum_, last_sequence_, recorded_time_};
    }
    ShardFacts facts() const noexcept {
        return {machine_, sessions_, committed_, last_sequence_, last_time_};
    }

private:
    static constexpr std::size_t batch_max = 64;
    static constexpr std::size_t lines_ahead = 8;  // fetched before they are looked at
    // What one batch adds to the counters: they are shared memory and touched once per batch.
    struct Tally {
        std::uint64_t commands = 0;
        std::uint64_t by_outcome[4] = {};
        std::uint64_t repeats = 0;
        std::uint64_t events = 0;
        std::uint64_t threw = 0;
        std::uint64_t gate_waits = 0;
        std::uint64_t records = 0;
        std::size_t bucket = 0;  // of the last command's wait; most of a batch waited about as long
        std::uint64_t in_bucket = 0;
    };
    // Where an outcome's record lies, or what it stands on when it has none.
    struct Place {
        std::uint64_t position = RawReply::no_record;
        std::uint64_t end = 0;
    };

    std::size_t pass();
    void note_states();
    std::size_t turn(Port& port);
    std::size_t run_batch(Port& port, std::size_t& lines_done);
    void refuse(Port& port, const MessageHeader& header, Refusal refusal) noexcept;
    bool refuse_for_want_of_disk(Port& port) noexcept;
    bool take_note(const Port& port, const MessageView& message);
    void answer_directly(Port& port, const MessageView& message);
    static void begin(Work& work, const MessageView& message, Time now) noexcept {
        work.begin(message, now);
        const MessageHeader& header = message.header();
        if (header.captured_ns > now.ns)  // two cores' clocks may differ by nanoseconds
            const_cast<MessageHeader&>(header).captured_ns = now.ns;
    }
    bool prepare(Work& work, const MessageView& message, const Lane* lane, std::uint16_t place,
                 Stage& stage);
    std::uint32_t session_index(SessionId id, std::string_view name, Stage& stage);
    void undo_claims(std::size_t from, std::size_t to) noexcept;
    void finish(Port& port, std::size_t count, const Stage& stage) noexcept;
    void settle(const Work& work, const Place& place) noexcept;
    void reply(Port& port, const Work& work, const Place& place, Demand& demand) const noexcept;
    void write_reply(RawReply& reply, const Work& work, const Place& place) const noexcept;
    RawReply try_out(const MessageView& message);
    RawReply status_of(const MessageView& message) const;
    Stage open_stage() noexcept;
    std::byte* write_record(std::byte* at, RecordKind kind, std::uint32_t session, const void* body,
                            std::size_t bytes, std::string_view text) noexcept;
    std::byte* seal_up_to(std::byte* from, const std::byte* end, Tally& tally) noexcept;
    void publish(Position begin) noexcept;
    std::size_t deliver(Port& port);
    bool ready_to_leave(RawReply& reply) const noexcept;
    void take_new_lanes();
    void count(const Work& work, Tally& tally) noexcept;
    void show(const Tally& tally) noexcept;

    const ShardOptions options_;
    Machine& machine_;
    journal::Head& head_;
    Gate gate_;
    Clock& clock_;
    ShardCounters& counters_;
    Sessions& sessions_;

    Position committed_;
    std::uint32_t checksum_ = 0;
    Sequence last_sequence_;
    Time last_time_;
    Time recorded_time_;                // of the last record
    std::byte* stage_begin_ = nullptr;  // of the last batch
    Sequence hashed_at_;                // last event below the last state record
    std::int64_t hash_due_ns_ = 0;      // of the next one; monotonic

    std::vector<std::unique_ptr<Port>> ports_;
    std::size_t first_port_ = 0;
    std::unique_ptr<Work[]> work_;
    std::vector<std::byte> scratch_;  // where trials stage their events; made for the first one

    Arrivals<std::shared_ptr<Lane>> new_lanes_;
    std::atomic<bool> stopped_{false};
    std::uint64_t holds_ = 0;             // the caller's: counted, so that an old answer is none
    std::atomic<std::uint64_t> hold_{0};  // 0: none
    std::atomic<std::uint64_t> held_{0};
    bool holding_ = false;  // the shard's thread: in this pass
    bool torn_ = false;     // the shard's thread: a pass has thrown
};

inline void Shard::write_reply(RawReply& reply, const Work& work,
                               const Place& place) const noexcept {
    const MessageHeader& header = work.message.header();
    reply.token = header.token;
    reply.number = header.number;
    reply.version = work.version.value;
    reply.sequence = work.sequence.value;
    reply.position = place.position;
    reply.end = place.end;
    reply.shard = options_.index;
    reply.reason = work.reason;
    reply.event_count = work.event_count;
    reply.outcome = work.outcome;
    reply.durability = static_cast<Durability>(header.durability);
    reply.repeat = false;
    reply.status = raw_status_unknown;
    reply.spare = 0;
}

}  // namespace pawl::detail
