// The message types by number. Knows their names and when they may come; not their content.
#include "engine/replication/protocol.hpp"

namespace pawl::replication {

const char* to_string(MessageType type) noexcept {
    switch (type) {
        case MessageType::hello:
            return "hello";
        case MessageType::challenge:
            return "challenge";
        case MessageType::proof:
            return "proof";
        case MessageType::welcome:
            return "welcome";
        case MessageType::refused:
            return "refused";
        case MessageType::bye:
            return "bye";
        case MessageType::heartbeat:
            return "heartbeat";
        case MessageType::remains:
            return "remains";
        case MessageType::history:
            return "history";
        case MessageType::positions:
            return "positions";
        case MessageType::trace_ask:
            return "trace_ask";
        case MessageType::directory:
            return "directory";
        case MessageType::part_point:
            return "part_point";
        case MessageType::records:
            return "records";
        case MessageType::snapshot_begin:
            return "snapshot_begin";
        case MessageType::snapshot_chunk:
            return "snapshot_chunk";
        case MessageType::snapshot_end:
            return "snapshot_end";
        case MessageType::trace_told:
            return "trace_told";
        case MessageType::reign_told:
            return "reign_told";
        case MessageType::sync_ask:
            return "sync_ask";
        case MessageType::client_hello:
            return "client_hello";
        case MessageType::client_welcome:
            return "client_welcome";
        case MessageType::commands:
            return "commands";
        case MessageType::replies:
            return "replies";
        case MessageType::not_primary:
            return "not_primary";
        case MessageType::hello_again:
            return "hello_again";
        case MessageType::status_ask:
            return "status_ask";
        case MessageType::status_told:
            return "status_told";
        case MessageType::hand_over_ask:
            return "hand_over_ask";
        case MessageType::hand_over_told:
            return "hand_over_told";
        case MessageType::records_ask:
            return "records_ask";
        case MessageType::records_told:
            return "records_told";
        case MessageType::records_end:
            return "records_end";
        case MessageType::range_ask:
            return "range_ask";
    }
    return "unknown";
}

const char* to_string(Refusal reason) noexcept {
    switch (reason) {
        case Refusal::other:
            return "other";
        case Refusal::version:
            return "version";
        case Refusal::secret:
            return "secret";
        case Refusal::identity:
            return "identity";
        case Refusal::shape:
            return "shape";
        case Refusal::schema:
            return "schema";
        case Refusal::epoch:
            return "epoch";
        case Refusal::role:
            return "role";
        case Refusal::self:
            return "self";
        case Refusal::busy:
            return "busy";
    }
    return "unknown";
}

// 55 was a hand_over that no node ever sent, 129 a status_told that said less.
bool is_known(MessageType type) noexcept {
    const auto number = static_cast<std::uint16_t>(type);
    return (number >= 1 && number <= 6) || number == 16 || number == 17 ||
           (number >= 32 && number <= 34) || (number >= 48 && number <= 57 && number != 55) ||
           (number >= 64 && number <= 69) || (number >= 128 && number <= 136 && number != 129);
}

bool is_greeting(MessageType type) noexcept {
    const auto number = static_cast<std::uint16_t>(type);
    return number >= 1 && number <= 6;
}

}  // namespace pawl::replication
