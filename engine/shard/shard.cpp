// The duty cycle of one shard.
#include "engine/shard/shard.hpp"

#include <algorithm>
#include <cstring>

#include "journal/seal.hpp"
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
}

Shard::~Shard() {
    NewLane* link = new_lanes_.load(std::memory_order_acquire);
    while (link != nullptr) delete std::exchange(link, link->next);
}

void Shard::go_on_at(const StreamEnd& end) noexcept {
    PAWL_ASSERT(end.position == head_.committed());
    committed_ = end.position;
    checksum_ = end.checksum;
    last_sequence_ = end.last_sequence;
    last_time_ = end.last_time;
}

void Shard::add_shared_port(SharedQueue& queue, SingleRing<RawReply>& answers,
                            std::size_t reply_capacity) {
    ports_.push_back(std::make_unique<Port>(queue, answers, reply_capacity));
}

void Shard::attach(std::shared_ptr<Lane> lane) {
    auto* link = new NewLane{std::move(lane), new_lanes_.load(std::memory_order_relaxed)};
    while (!new_lanes_.compare_exchange_weak(link->next, link, std::memory_order_release,
                                             std::memory_order_relaxed)) {
    }
}

void Shard::take_new_lanes() {
    if (new_lanes_.load(std::memory_order_relaxed) == nullptr) return;
    // acquire: pairs with the release in attach()
    NewLane* link = new_lanes_.exchange(nullptr, std::memory_order_acquire);
    while (link != nullptr) {
        ports_.push_back(std::make_unique<Port>(std::move(link->lane)));
        delete std::exchange(link, link->next);
    }
}

std::size_t Shard::do_work() {
    take_new_lanes();
    std::size_t work = 0;
    const std::size_t count = ports_.size();
    for (std::size_t i = 0; i < count; ++i) {
        Port& port = *ports_[(first_port_ + i) % count];
        work += deliver(port);
        work += turn(port);
    }
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

// ---- in
// ------------------------------------------------------------------------------------------------------------

std::size_t Shard::turn(Port& port) {
    port.fill();
    std::size_t done = 0;
    while (const std::byte* bytes = port.peek(0)) {
        if (port.reply_room() == 0) break;
        const MessageView message(bytes);
        const MessageKind kind = message.header().kind;
        const bool to_decide =
            kind == MessageKind::command || kind == MessageKind::fact || kind == MessageKind::trial;
        if (to_decide && stopped()) {
            refuse_closed(port, message.header());
            port.consume(message.header().lines);
            ++done;
        } else if (to_decide) {
            std::size_t lines = 0;
            const std::size_t decided = run_batch(port, lines);
            port.consume(lines);
            done += decided;
            if (decided == 0) break;  // no room in the head: back pressure
            if (done >= batch_max) break;
        } else {
            const std::size_t lines = message.header().lines;
            answer_directly(port, message);
            port.consume(lines);
            ++done;
        }
    }
    if (done != 0) done += deliver(port);
    return done;
}

Stage Shard::open_stage() noexcept {
    Stage stage;
    const std::uint64_t room =
        std::min(head_.writable_end().value - committed_.value, head_.capacity_bytes() / 2);
    head_.announce(Position{committed_.value + room});
    stage_begin_ = head_.at(committed_);
    stage.cursor = stage_begin_;
    stage.limit = stage_begin_ + room;
    stage.record_bytes_max = options_.record_bytes_max;
    stage.last_sequence = last_sequence_;
    // Journal time never goes back, whatever the machine's clock does.
    last_time_.ns = std::max(last_time_.ns, clock_.wall_ns());
    stage.now = last_time_;
    stage.random_seed = options_.random_seed;
    return stage;
}

// Decides messages from the front of the port until one of another kind, the end of the batch, or
// no room. Returns how many; `lines_done` is what they occupied.
std::size_t Shard::run_batch(Port& port, std::size_t& lines_done) {
    Stage stage = open_stage();
    sessions_.begin_batch();
    const std::size_t count_max = std::min(batch_max, port.reply_room());
    std::size_t count = 0;
    std::size_t lines = 0;
    while (count < count_max) {
        const std::byte* bytes = port.peek(lines);
        if (bytes == nullptr) break;
        const MessageView message(bytes);
        const MessageKind kind = message.header().kind;
        if (kind != MessageKind::command && kind != MessageKind::fact && kind != MessageKind::trial)
            break;
        if (!prepare(work_[count], message, port, static_cast<std::uint16_t>(count), stage)) break;
        lines += message.header().lines;
        ++count;
    }
    const std::size_t done = machine_.decide(work_.get(), count, stage);
    PAWL_ASSERT(done <= count);
    undo_claims(done, count);
    finish(port, done, stage);
    for (std::size_t i = 0; i < done; ++i) lines_done += work_[i].message.header().lines;
    if (done < count || count == 0) add(counters_.room_waits, 1);
    return done;
}

// Resolves the session and looks for a repeat. False: it needs room that is not there, or a batch
// of its own.
bool Shard::prepare(Work& work, const MessageView& message, const Port& port, std::uint16_t place,
                    Stage& stage) {
    work = Work{};
    work.message = message;
    const MessageHeader& header = message.header();
    work.long_wait = stage.now.ns - header.captured_ns >= std::int64_t{waited_ns_unknown};
    if (header.captured_ns > stage.now.ns)  // two cores' clocks may differ by nanoseconds
        const_cast<MessageHeader&>(header).captured_ns = stage.now.ns;
    if (header.kind == MessageKind::trial) return true;
    const bool own_session = message.has(message_has_session);
    work.session = own_session ? SessionId{message.session()}
                               : (port.lane() != nullptr ? port.lane()->session : SessionId{});
    if (work.session.value == 0 || header.number == 0) {
        work.session = SessionId{};
        return true;
    }
    work.session_index = sessions_.find(work.session);
    if (work.session_index == 0) {
        if (sessions_.full()) {
            work.refuse = Refusal::too_many_sessions;
            return true;
        }
        if (static_cast<std::size_t>(stage.limit - stage.cursor) < 2 * options_.record_bytes_max)
            return false;
        // Records stand in the order of their bytes: a session opens at the front of a batch only.
        if (place != 0) return false;
        work.session_index = session_index(
            work.session, own_session ? std::string_view() : port.lane()->session_name, stage);
    }
    const Sessions::Answer* answer = nullptr;
    const Sessions::Found found = sessions_.look(work.session_index, header.number, answer);
    if (found == Sessions::Found::forgotten) {
        work.refuse = Refusal::number_forgotten;
        work.session_index = 0;  // leaves no record: its number's own is older
        return true;
    }
    if (!sessions_.touch(work.session_index, header.number)) return false;
    if (found == Sessions::Found::fresh)
        sessions_.claim(work.session_index, header.number);
    else
        work.skip = true;
    return true;
}

std::uint32_t Shard::session_index(SessionId id, std::string_view name, Stage& stage) {
    const std::uint32_t index = sessions_.open(id);
    const SessionRecord body{id.value, index, static_cast<std::uint32_t>(name.size())};
    stage.cursor = write_record(stage.cursor, RecordKind::session, index, &body, sizeof body, name);
    return index;
}

void Shard::undo_claims(std::size_t from, std::size_t to) noexcept {
    for (std::size_t i = from; i < to; ++i) {
        const Work& work = work_[i];
        if (work.skip || work.session_index == 0 ||
            work.message.header().kind == MessageKind::trial)
            continue;
        sessions_.unclaim(work.session_index, work.message.header().number);
    }
}

void Shard::finish(Port& port, std::size_t count, const Stage& stage) {
    seal_and_publish(stage.cursor);
    last_sequence_ = stage.last_sequence;
    if (machine_.views_changed()) machine_.publish_views(last_time_);
    for (std::size_t i = 0; i < count; ++i) {
        const Work& work = work_[i];
        this->count(work);
        const MessageHeader& header = work.message.header();
        if (work.record != nullptr && work.session_index != 0) {
            settle(work, position_of(work));
        }
        if ((header.flags & message_wants_reply) == 0) continue;
        const RawReply reply = reply_for(work);
        if (reply.end != 0 && !gate_.reached(reply.durability, Position{reply.end})) {
            gate_.demand(reply.durability, Position{reply.end});
            add(counters_.gate_waits, 1);
        }
        port.queue_reply(reply);
    }
    add(counters_.batches, 1);
}

Position Shard::position_of(const Work& work) const noexcept {
    PAWL_ASSERT(work.record >= stage_begin_);
    return Position{committed_.value - batch_bytes_ +
                    static_cast<std::uint64_t>(work.record - stage_begin_)};
}

void Shard::settle(const Work& work, Position at) {
    Sessions::Answer answer;
    answer.number = work.message.header().number;
    answer.version = work.version.value;
    answer.sequence = work.sequence.value;
    answer.position = at.value;
    answer.end = at.value + RecordView(work.record).length();
    answer.reason = work.reason;
    answer.event_count = work.event_count;
    answer.outcome = work.outcome;
    sessions_.settle(work.session_index, answer);
}

RawReply Shard::reply_for(const Work& work) const {
    const MessageHeader& header = work.message.header();
    RawReply reply;
    reply.token = header.token;
    reply.number = header.number;
    reply.shard = options_.index;
    reply.durability = static_cast<Durability>(header.durability);
    reply.position = RawReply::no_record;
    if (work.skip) {
        const Sessions::Answer* answer = nullptr;
        const Sessions::Found found = sessions_.look(work.session_index, header.number, answer);
        PAWL_ASSERT(found == Sessions::Found::repeat);
        reply.repeat = true;
        reply.version = answer->version;
        reply.sequence = answer->sequence;
        reply.position = answer->position;
        reply.end = answer->end;
        reply.reason = answer->reason;
        reply.event_count = answer->event_count;
        reply.outcome = answer->outcome;
        return reply;
    }
    reply.version = work.version.value;
    reply.sequence = work.sequence.value;
    reply.reason = work.reason;
    reply.event_count = work.event_count;
    reply.outcome = work.outcome;
    // Without a record of its own an answer still waits for what it was decided on.
    reply.end = header.kind == MessageKind::trial ? 0 : committed_.value;
    if (work.record != nullptr) {
        reply.position = position_of(work).value;
        reply.end = reply.position + RecordView(work.record).length();
    }
    return reply;
}

void Shard::count(const Work& work) noexcept {
    if (work.message.header().kind == MessageKind::trial) {
        add(counters_.questions, 1);
        return;
    }
    if (work.skip) {
        add(counters_.repeats, 1);
        return;
    }
    add(counters_.commands, 1);
    add(work.outcome == Outcome::accepted   ? counters_.accepted
        : work.outcome == Outcome::rejected ? counters_.rejected
                                            : counters_.refused,
        1);
    add(counters_.events, work.event_count);
    if (work.outcome == Outcome::refused &&
        work.reason == static_cast<std::uint16_t>(Refusal::decision_threw)) {
        add(counters_.threw, 1);
        if (options_.halt_when_decide_throws) stop();
    }
    const std::int64_t waited = last_time_.ns - work.message.header().captured_ns;
    add(*counters_.waited[ShardCounters::wait_bucket(static_cast<std::uint64_t>(waited))], 1);
}

void Shard::refuse_closed(Port& port, const MessageHeader& header) noexcept {
    if ((header.flags & message_wants_reply) == 0) return;
    RawReply reply;
    reply.token = header.token;
    reply.number = header.number;
    reply.shard = options_.index;
    reply.position = RawReply::no_record;
    reply.outcome = Outcome::refused;
    reply.reason = static_cast<std::uint16_t>(Refusal::closed);
    port.queue_reply(reply);
}

// ---- questions
// -----------------------------------------------------------------------------------------------------

void Shard::answer_directly(Port& port, const MessageView& message) {
    const MessageHeader& header = message.header();
    RawReply reply;
    reply.outcome = Outcome::accepted;
    if (header.kind == MessageKind::status) {
        reply = status_of(message);
    } else if (header.kind == MessageKind::question) {
        Question* question = nullptr;
        std::memcpy(&question, message.payload(), sizeof question);
        machine_.ask(header.aggregate_type, header.aggregate, *question);
    } else if (header.kind == MessageKind::watch) {
        WatchRequest* request = nullptr;
        std::memcpy(&request, message.payload(), sizeof request);
        request->cell = machine_.watch(header.aggregate_type, header.aggregate, last_time_);
    } else {
        PAWL_ASSERT(header.kind == MessageKind::inspection);
        Inspection* inspection = nullptr;
        std::memcpy(&inspection, message.payload(), sizeof inspection);
        inspection->inspect(facts());
    }
    reply.token = header.token;
    reply.shard = options_.index;
    add(counters_.questions, 1);
    if ((header.flags & message_wants_reply) != 0) port.queue_reply(reply);
}

RawReply Shard::status_of(const MessageView& message) const {
    const MessageHeader& header = message.header();
    RawReply reply;
    reply.number = header.number;
    reply.position = RawReply::no_record;
    const std::uint32_t index = sessions_.find(SessionId{message.session()});
    if (index == 0 || header.number == 0) return reply;
    const Sessions::Answer* answer = nullptr;
    const Sessions::Found found = sessions_.look(index, header.number, answer);
    if (found == Sessions::Found::forgotten) reply.status = raw_status_forgotten;
    if (found != Sessions::Found::repeat) return reply;
    const auto level = static_cast<Durability>(header.durability);
    reply.status =
        gate_.reached(level, Position{answer->end}) ? raw_status_answered : raw_status_pending;
    reply.durability = gate_.level_of(Position{answer->end});
    reply.version = answer->version;
    reply.sequence = answer->sequence;
    reply.position = answer->position;
    reply.reason = answer->reason;
    reply.event_count = answer->event_count;
    reply.outcome = answer->outcome;
    return reply;
}

// ---- records
// -------------------------------------------------------------------------------------------------------

std::byte* Shard::write_record(std::byte* at, RecordKind kind, std::uint32_t session,
                               const void* body, std::size_t bytes,
                               std::string_view text) noexcept {
    const std::size_t length = sizeof(RecordHeader) + padded(bytes + text.size());
    PAWL_ASSERT(length <= options_.record_bytes_max);
    std::memset(at, 0, length);
    auto& header = *reinterpret_cast<RecordHeader*>(at);
    header.length = static_cast<std::uint32_t>(length);
    header.sequence = last_sequence_.value;
    header.decided_ns = last_time_.ns;
    header.session = session;
    header.command_type = no_command_type;
    header.aggregate_type = no_aggregate_type;
    header.kind_and_flags = static_cast<std::uint8_t>(kind);
    std::memcpy(at + sizeof header, body, bytes);
    // an empty text may have no address, which memcpy must not be given
    if (!text.empty()) std::memcpy(at + sizeof header + bytes, text.data(), text.size());
    return at + length;
}

bool Shard::write_note(RecordKind kind, const void* body, std::size_t bytes,
                       std::string_view text) {
    const Stage stage = open_stage();
    const std::size_t length = sizeof(RecordHeader) + padded(bytes + text.size());
    if (length > options_.record_bytes_max ||
        static_cast<std::size_t>(stage.limit - stage.cursor) < length)
        return false;
    seal_and_publish(write_record(stage.cursor, kind, 0, body, bytes, text));
    return true;
}

void Shard::seal_and_publish(const std::byte* end) noexcept {
    std::byte* at = stage_begin_;
    std::uint64_t records = 0;
    while (at < end) {
        auto& header = *reinterpret_cast<RecordHeader*>(at);
        journal::seal(header, checksum_);
        checksum_ = header.checksum;
        at += header.length;
        ++records;
    }
    PAWL_ASSERT(at == end);
    batch_bytes_ = static_cast<std::uint64_t>(end - stage_begin_);
    if (batch_bytes_ == 0) return;
    committed_.value += batch_bytes_;
    head_.publish(committed_, checksum_);
    add(counters_.records, records);
    add(counters_.stream_bytes, batch_bytes_);
}

// ---- out
// -----------------------------------------------------------------------------------------------------------

std::size_t Shard::deliver(Port& port) {
    std::size_t delivered = 0;
    while (RawReply* reply = port.oldest()) {
        if (reply->end != 0 && !gate_.reached(reply->durability, Position{reply->end})) {
            if (!stopped()) break;
            // It happened in memory, but nobody can promise that it stays.
            reply->outcome = Outcome::refused;
            reply->reason = static_cast<std::uint16_t>(Refusal::engine_failed);
        }
        if (port.abandoned()) {
            port.forget_replies();
            break;
        }
        if (!port.deliver_oldest()) break;
        ++delivered;
    }
    return delivered;
}

bool Shard::idle() const {
    if (new_lanes_.load(std::memory_order_acquire) != nullptr) return false;
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
