// What a shard answers without deciding: questions, status, and no.
#include <cstring>

#include "engine/shard/shard.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

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

}  // namespace pawl::detail
