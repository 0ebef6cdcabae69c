// From records back to state and sessions.
#include "engine/shard/replayer.hpp"

#include <cstring>

namespace pawl::detail {

bool Replayer::replay(const RecordView& record, Position position) {
    const RecordHeader& header = record.header();
    switch (header.kind()) {
        case RecordKind::schema:
            if (record.body_bytes() >= sizeof(SchemaRecord)) {
                SchemaRecord schema{};
                std::memcpy(&schema, record.body(), sizeof schema);
                schema_hash_ = schema.hash;
            }
            return true;
        case RecordKind::epoch:
        case RecordKind::mark:
        case RecordKind::state:
            return true;
        case RecordKind::session: {
            if (record.body_bytes() < sizeof(SessionRecord)) {
                why_ = "a session record is too short";
                return false;
            }
            SessionRecord session{};
            std::memcpy(&session, record.body(), sizeof session);
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
        case RecordKind::accepted:
        case RecordKind::fact:
            if (!machine_.apply(record)) {
                why_ =
                    "an event is unknown to this program's lists, or an aggregate's version does "
                    "not follow";
                return false;
            }
            break;
        case RecordKind::rejected:
        case RecordKind::refused:
            break;
    }
    if (header.session == 0) return true;
    if (header.session > sessions_.count()) {
        why_ = "a record names a session that was never opened";
        return false;
    }
    PAWL_ASSERT(position.value % record_alignment == 0);
    Sessions::Answer answer;
    answer.number = header.number;
    answer.version = header.version;
    answer.sequence = header.sequence;
    answer.position = position.value;
    answer.end = position.value + header.length;
    answer.reason = header.reason;
    answer.event_count = header.event_count;
    answer.outcome = header.kind() == RecordKind::rejected  ? Outcome::rejected
                     : header.kind() == RecordKind::refused ? Outcome::refused
                                                            : Outcome::accepted;
    sessions_.settle(header.session, answer);
    return true;
}

}  // namespace pawl::detail
