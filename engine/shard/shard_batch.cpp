// One batch: sessions looked up, the machine crossed once, records sealed and published, replies
// made.
#include <algorithm>
#include <cstring>
#include <span>

#include "engine/shard/shard.hpp"
#include "journal/seal.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

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

// Resolves the session and looks for a repeat. False: it needs room that is not there, or a batch
// of its own.
inline bool Shard::prepare(Work& work, const MessageView& message, const Lane* lane,
                           std::uint16_t place, Stage& stage) {
    begin(work, message, stage.now);
    const MessageHeader& header = message.header();
    const bool own_session = message.has(message_has_session);
    work.session = own_session ? SessionId{message.session()}
                               : (lane != nullptr ? lane->session : SessionId{});
    if (work.session.value == 0 || header.number == 0) {
        work.session = SessionId{};
        return true;
    }
    work.session_index = sessions_.resolve(work.session);
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
            work.session, own_session ? std::string_view() : lane->session_name, stage);
    }
    switch (sessions_.enter(work.session_index, header.number)) {
        case Sessions::Entry::fresh:
            return true;
        case Sessions::Entry::repeat:
            work.skip = true;
            return true;
        case Sessions::Entry::forgotten:
            work.refuse = Refusal::number_forgotten;
            work.session_index = 0;  // leaves no record: its number's own is older
            return true;
        case Sessions::Entry::crowded:
            break;
    }
    return false;
}

// Decides messages from the front of the port until one of another kind, the end of the batch, or
// no room. Returns how many; `lines_done` is what they occupied.
std::size_t Shard::run_batch(Port& port, std::size_t& lines_done) {
    Stage stage = open_stage();
    sessions_.begin_batch();
    const std::size_t count_max = std::min(batch_max, port.reply_room());
    const Lane* const lane = port.lane();
    Work* const works = work_.get();
    std::size_t count = 0;
    std::size_t lines = 0;
    while (count < count_max) {
        port.prefetch(lines + lines_ahead);
        const std::byte* bytes = port.peek(lines);
        if (bytes == nullptr) break;
        const MessageView message(bytes);
        const MessageKind kind = message.header().kind;
        if (kind != MessageKind::command && kind != MessageKind::fact) break;
        if (!prepare(works[count], message, lane, static_cast<std::uint16_t>(count), stage)) break;
        lines += message.header().lines;
        ++count;
    }
    const std::size_t done = machine_.decide(works, count, stage);
    PAWL_ASSERT(done <= count);
    undo_claims(done, count);
    finish(port, done, stage);
    for (std::size_t i = done; i < count; ++i) lines -= works[i].message.header().lines;
    lines_done += lines;
    if (done < count || count == 0) add(counters_.room_waits, 1);
    return done;
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
        if (work.skip || work.session_index == 0) continue;
        sessions_.unclaim(work.session_index, work.message.header().number);
    }
}

inline std::byte* Shard::seal_up_to(std::byte* from, const std::byte* end, Tally& tally) noexcept {
    while (from < end) {
        auto& header = *reinterpret_cast<RecordHeader*>(from);
        journal::seal(header, checksum_);
        checksum_ = header.checksum;
        from += header.length;
        ++tally.records;
    }
    PAWL_ASSERT(from == end);
    return from;
}

inline void Shard::settle(const Work& work, const Place& place) noexcept {
    const std::uint64_t number = work.message.header().number;
    Sessions::Answer* const answer = sessions_.settle(work.session_index, number);
    if (answer == nullptr) return;
    answer->number = number;
    answer->version = work.version.value;
    answer->sequence = work.sequence.value;
    answer->position = place.position;
    answer->end = place.end;
    answer->reason = work.reason;
    answer->event_count = work.event_count;
    answer->outcome = work.outcome;
    answer->open = false;
}

inline void Shard::reply(Port& port, const Work& work, const Place& place,
                         Demand& demand) const noexcept {
    const MessageHeader& header = work.message.header();
    const auto level = static_cast<Durability>(header.durability);
    std::uint64_t end = place.end;
    const Sessions::Answer* first = nullptr;
    if (work.skip) {
        const Sessions::Found found = sessions_.look(work.session_index, header.number, first);
        PAWL_ASSERT(found == Sessions::Found::repeat);
        end = first->end;
    }
    const bool safe = gate_.reached(level, Position{end});
    if (!safe) demand.add(level, end);
    RawReply& reply = port.place_reply(safe);
    write_reply(reply, work, place);
    if (first == nullptr) return;
    reply.repeat = true;
    reply.end = end;
    first->tell(reply);
}

inline void Shard::count(const Work& work, Tally& tally) noexcept {
    if (work.skip) {
        ++tally.repeats;
        return;
    }
    ++tally.commands;
    ++tally.by_outcome[static_cast<std::size_t>(work.outcome) & 3U];
    tally.events += work.event_count;
    if (work.outcome == Outcome::refused &&
        work.reason == static_cast<std::uint16_t>(Refusal::decision_threw)) {
        ++tally.threw;
        if (options_.halt_when_decide_throws) stop();
    }
    const std::int64_t waited = last_time_.ns - work.message.header().captured_ns;
    const std::size_t bucket = ShardCounters::wait_bucket(static_cast<std::uint64_t>(waited));
    if (bucket == tally.bucket) {
        ++tally.in_bucket;
        return;
    }
    add(*counters_.waited[tally.bucket], tally.in_bucket);
    tally.bucket = bucket;
    tally.in_bucket = 1;
}

// Records are sealed in the order of their bytes, outcomes settled and replies written; nobody sees
// any of it before the head is published. A command is answered once: nothing is thrown here.
void Shard::finish(Port& port, std::size_t count, const Stage& stage) noexcept {
    Tally tally;
    const Position begin = committed_;
    committed_.value += static_cast<std::uint64_t>(stage.cursor - stage_begin_);
    Demand demand;
    std::byte* sealed = stage_begin_;
    for (const Work& work : std::span(work_.get(), count)) {
        Place place{RawReply::no_record, committed_.value};
        if (work.record != nullptr) {
            sealed = seal_up_to(sealed, work.record + RecordView(work.record).length(), tally);
            place.position = begin.value + static_cast<std::uint64_t>(work.record - stage_begin_);
            place.end = begin.value + static_cast<std::uint64_t>(sealed - stage_begin_);
            if (work.session_index != 0) settle(work, place);
        }
        this->count(work, tally);
        if (work.message.has(message_wants_reply)) reply(port, work, place, demand);
    }
    seal_up_to(sealed, stage.cursor, tally);
    publish(begin);
    last_sequence_ = stage.last_sequence;
    if (machine_.views_changed()) machine_.publish_views(last_time_);
    demand.tell(gate_);
    tally.gate_waits = demand.count();
    show(tally);  // before the replies: what was answered has been counted
    port.hand_over();
}

void Shard::show(const Tally& tally) noexcept {
    add(*counters_.waited[tally.bucket], tally.in_bucket);
    add(counters_.records, tally.records);
    add(counters_.commands, tally.commands);
    add(counters_.accepted, tally.by_outcome[static_cast<std::size_t>(Outcome::accepted)]);
    add(counters_.rejected, tally.by_outcome[static_cast<std::size_t>(Outcome::rejected)]);
    add(counters_.refused, tally.by_outcome[static_cast<std::size_t>(Outcome::refused)]);
    add(counters_.repeats, tally.repeats);
    add(counters_.events, tally.events);
    add(counters_.threw, tally.threw);
    add(counters_.gate_waits, tally.gate_waits);
    if (tally.commands + tally.repeats != 0) add(counters_.batches, 1);
}

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
    const Position begin = committed_;
    Tally tally;
    seal_up_to(stage_begin_, write_record(stage.cursor, kind, 0, body, bytes, text), tally);
    committed_.value += length;
    publish(begin);
    add(counters_.records, tally.records);
    return true;
}

// Everything from `begin` to committed_ is sealed.
void Shard::publish(Position begin) noexcept {
    if (begin == committed_) return;
    recorded_time_ = last_time_;
    head_.publish(committed_, checksum_);
    add(counters_.stream_bytes, committed_.value - begin.value);
}

}  // namespace pawl::detail
