// What a shard answers without deciding: questions, status, and no.
#include <algorithm>
#include <cstring>

#include "engine/shard/note.hpp"
#include "engine/shard/shard.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

void Shard::refuse(Port& port, const MessageHeader& header, Refusal refusal) noexcept {
    add(counters_.refused, 1);
    if ((header.flags & message_wants_reply) == 0) return;
    RawReply reply;
    reply.token = header.token;
    reply.number = header.number;
    reply.shard = options_.index;
    reply.position = RawReply::no_record;
    reply.outcome = Outcome::refused;
    reply.reason = static_cast<std::uint16_t>(refusal);
    port.queue_reply(reply);
}

// The head is full and the disk cannot take it: what waits in the shared queue is answered, so that
// questions behind it are. A lane stands still instead: its producer counts on its commands being
// decided in order, without a hole. False: the disk is only slow.
bool Shard::refuse_for_want_of_disk(Port& port) noexcept {
    if (port.lane() != nullptr || !gate_.disk_full()) return false;
    const MessageHeader& header = MessageView(port.peek(0)).header();
    refuse(port, header, Refusal::disk_full);
    port.consume(header.lines);
    return true;
}

// False: there is no room in the head at present. It is answered like a question afterwards.
bool Shard::take_note(const Port& port, const MessageView& message) {
    Note* note = nullptr;
    std::memcpy(&note, message.payload(), sizeof note);
    PAWL_ASSERT(note != nullptr && !note->written);
    if (stopped()) return true;
    note->written = write_note(note->kind, note->body, note->body_bytes, note->text);
    return note->written || (port.lane() == nullptr && gate_.disk_full());
}

void Shard::answer_directly(Port& port, const MessageView& message) {
    const MessageHeader& header = message.header();
    RawReply reply;
    reply.outcome = Outcome::accepted;
    if (header.kind == MessageKind::status) {
        reply = status_of(message);
    } else if (header.kind == MessageKind::trial) {
        reply = try_out(message);
    } else if (header.kind == MessageKind::question) {
        Question* question = nullptr;
        std::memcpy(&question, message.payload(), sizeof question);
        machine_.ask(header.aggregate_type, header.aggregate, *question);
    } else if (header.kind == MessageKind::watch) {
        WatchRequest* request = nullptr;
        std::memcpy(&request, message.payload(), sizeof request);
        request->cell = machine_.watch(header.aggregate_type, header.aggregate, last_time_);
    } else if (header.kind != MessageKind::note) {
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

// Decides on a page of its own: a full head does not keep anybody from asking.
RawReply Shard::try_out(const MessageView& message) {
    if (scratch_.empty()) scratch_.resize(options_.record_bytes_max);
    Stage stage;
    stage.cursor = scratch_.data();
    stage.limit = scratch_.data() + scratch_.size();
    stage.record_bytes_max = scratch_.size();
    stage.last_sequence = last_sequence_;
    stage.now = Time{std::max(last_time_.ns, clock_.wall_ns())};
    stage.random_seed = options_.random_seed;
    begin(work_[0], message, stage.now);
    const std::size_t done = machine_.decide(work_.get(), 1, stage);
    PAWL_ASSERT(done == 1);
    RawReply reply;
    write_reply(reply, work_[0], Place{});
    return reply;
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
    answer->tell(reply);
    return reply;
}

}  // namespace pawl::detail
