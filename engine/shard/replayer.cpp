// From records back to state and sessions.
#include "engine/shard/replayer.hpp"

#include <cstring>

#include "journal/recovery.hpp"

namespace pawl::detail {

namespace {

std::size_t answers_in_front(std::span<const std::byte> records) noexcept {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < journal::records_at_once && bytes < records.size(); ++i) {
        const RecordHeader& header = RecordView(records.data() + bytes).header();
        if (!is_answer(header.kind())) break;
        bytes += header.length;
    }
    return bytes;
}

}  // namespace

Replayer::Replayed Replayer::replay_answers(std::span<const std::byte> records, Position first) {
    PAWL_ASSERT(first.value % record_alignment == 0);
    const std::size_t bytes = answers_in_front(records);
    const std::size_t applied = machine_.apply(records.data(), bytes);
    Replayed done;
    while (done.bytes < applied) {
        const RecordHeader& header = RecordView(records.data() + done.bytes).header();
        if (header.session != 0 && !settle(header, Position{first.value + done.bytes})) break;
        done.bytes += header.length;
        ++done.records;
        done.events += header.event_count;
        done.last = Time{header.decided_ns};
    }
    done.fault = done.bytes < bytes;
    if (done.bytes == applied && applied < bytes)
        why_ =
            "an event is unknown to this program's lists, or an aggregate's version does "
            "not follow";
    return done;
}

bool Replayer::settle(const RecordHeader& header, Position position) {
    if (header.session > sessions_.count()) {
        why_ = "a record names a session that was never opened";
        return false;
    }
    if (header.number == 0) {
        why_ = "a record of a session has no number";
        return false;
    }
    Sessions::Answer* const answer = sessions_.settle(header.session, header.number);
    if (answer == nullptr) return true;
    answer->number = header.number;
    answer->version = header.version;
    answer->sequence = header.sequence;
    answer->position = position.value;
    answer->end = position.value + header.length;
    answer->reason = header.reason;
    answer->event_count = header.event_count;
    answer->outcome = header.kind() == RecordKind::rejected  ? Outcome::rejected
                      : header.kind() == RecordKind::refused ? Outcome::refused
                                                             : Outcome::accepted;
    answer->open = false;
    return true;
}

bool Replayer::replay_other(const RecordView& record) {
    const RecordKind kind = record.header().kind();
    PAWL_ASSERT(!is_answer(kind));
    if (kind == RecordKind::schema && record.body_bytes() >= sizeof(SchemaRecord)) {
        SchemaRecord schema{};
        std::memcpy(&schema, record.body(), sizeof schema);
        schema_hash_ = schema.hash;
    }
    if (kind != RecordKind::session) return true;
    if (record.body_bytes() < sizeof(SessionRecord)) {
        why_ = "a session record is too short";
        return false;
    }
    SessionRecord session{};
    std::memcpy(&session, record.body(), sizeof session);
    if (session.id == 0) {
        why_ = "a session has no id";
        return false;
    }
    if (sessions_.find(SessionId{session.id}) != 0) {
        why_ = "a session is opened twice";
        return false;
    }
    if (sessions_.open(SessionId{session.id}) != session.index) {
        why_ = "sessions are not numbered in order";
        return false;
    }
    return true;
}

}  // namespace pawl::detail
