// From a record's bytes to one line of JSON.
#include "journal/inspect_print.hpp"

#include <cstring>
#include <utility>

#include "journal/manifest.hpp"
#include "pawl/journal.hpp"

namespace pawl::journal {
namespace {

using detail::RecordKind;
using detail::RecordView;

std::string_view body_of(const RecordView& record) {
    return {reinterpret_cast<const char*>(record.body()), record.body_bytes()};
}

// A fixed payload at the front of a record's body. False: the record is of another kind, or shorter
// than that.
template <class Payload>
bool load(const RecordView& record, RecordKind kind, Payload& payload) {
    if (record.header().kind() != kind || record.body_bytes() < sizeof payload) return false;
    std::memcpy(&payload, record.body(), sizeof payload);
    return true;
}

template <class Number>
void field(std::string& line, const char* name, Number value) {
    line += ",\"";
    line += name;
    line += "\":";
    line += std::to_string(value);
}
void field(std::string& line, const char* name, const std::string& value) {
    line += ",\"";
    line += name;
    line += "\":";
    append_json_string(value, line);
}

void print_event(const RecordNames& names, const RecordView& record, const detail::EventView& event,
                 std::string& line) {
    const auto* known = names.schema().event(event.header->aggregate_type, event.header->type);
    line += "{\"type\":";
    append_json_string(names.event(*event.header), line);
    if (event.header->aggregate_type != record.header().aggregate_type)
        field(line, "aggregate_type", names.aggregate(event.header->aggregate_type));
    if (event.target != record.header().aggregate) field(line, "aggregate", event.target);
    line += ",\"data\":";
    SchemaMessage none;
    none.body.kind = SchemaType::Kind::structure;
    none.body.size_bytes = ~std::uint64_t{0};
    to_json(known != nullptr ? *known : none, {event.payload, event.header->size}, line);
    line += '}';
}

void print_session(const RecordNames& names, const RecordView& record, std::string& line) {
    const RecordNames::Session* session = names.session(record);
    if (session == nullptr) {
        if (record.header().session != 0) field(line, "session_index", record.header().session);
    } else if (!session->name.empty()) {
        field(line, "session", session->name);
    } else {
        field(line, "session_id", to_hex(session->id.value));
    }
}

void print_body(const RecordNames& names, const RecordView& record, std::string& line) {
    detail::EpochRecord epoch{};
    if (load(record, RecordKind::epoch, epoch)) field(line, "epoch", epoch.epoch);
    detail::SchemaRecord schema{};
    if (load(record, RecordKind::schema, schema)) field(line, "schema_hash", to_hex(schema.hash));
    detail::MarkRecord mark{};
    if (load(record, RecordKind::mark, mark))
        field(line, "mark", std::string(body_of(record).substr(sizeof mark, mark.name_bytes)));
    detail::StateRecord state{};
    if (load(record, RecordKind::state, state)) field(line, "state_hash", to_hex(state.hash));
    if (record.header().event_count == 0) return;
    line += ",\"events\":[";
    bool first = true;
    const bool fits = record.for_each_event([&](const detail::EventView& event) {
        if (!std::exchange(first, false)) line += ',';
        print_event(names, record, event, line);
    });
    line += ']';
    if (!fits) line += ",\"malformed\":true";
}

}  // namespace

RecordNames::RecordNames(std::string_view schema_text) {
    schemas_.emplace_back();
    learn_schema(schema_text);
}

void RecordNames::learn_schema(std::string_view text) {
    if (text == text_) return;  // each opening writes it again
    auto parsed = Schema::parse(text);
    if (!parsed.ok()) return;
    schemas_.push_back(std::move(parsed).value());
    text_ = text;
}

void RecordNames::learn(const RecordView& record) {
    detail::SchemaRecord schema{};
    if (load(record, RecordKind::schema, schema))
        learn_schema(body_of(record).substr(sizeof schema, schema.text_bytes));
    detail::SessionRecord session{};
    if (load(record, RecordKind::session, session))
        sessions_[session.index] = {
            SessionId{session.id},
            std::string(body_of(record).substr(sizeof session, session.name_bytes))};
}

const RecordNames::Session* RecordNames::session(const RecordView& record) const {
    std::uint32_t index = record.header().session;
    detail::SessionRecord opened{};
    if (load(record, RecordKind::session, opened)) index = opened.index;
    const auto known = sessions_.find(index);
    return known == sessions_.end() ? nullptr : &known->second;
}

std::string RecordNames::aggregate(std::uint8_t type) const {
    const std::string* name = schema().aggregate(type);
    return name != nullptr ? *name : std::to_string(type);
}

std::string RecordNames::command(std::uint16_t type) const {
    const SchemaMessage* message = schema().command_by_global_index(type);
    return message != nullptr ? message->name : std::to_string(type);
}

std::string RecordNames::event(const detail::EventHeader& event) const {
    const SchemaMessage* message = schema().event(event.aggregate_type, event.type);
    return message != nullptr ? message->name : std::to_string(event.type);
}

const char* to_string(RecordKind kind) noexcept {
    switch (kind) {
        case RecordKind::accepted:
            return "accepted";
        case RecordKind::rejected:
            return "rejected";
        case RecordKind::refused:
            return "refused";
        case RecordKind::fact:
            return "fact";
        case RecordKind::schema:
            return "schema";
        case RecordKind::session:
            return "session";
        case RecordKind::epoch:
            return "epoch";
        case RecordKind::mark:
            return "mark";
        case RecordKind::state:
            return "state";
    }
    return "unknown";
}

void print_record(const RecordNames& names, std::uint32_t shard, const RecordView& record,
                  Position position, std::string& out) {
    const auto& h = record.header();
    out += "{\"shard\":" + std::to_string(shard);
    field(out, "position", position.value);
    field(out, "kind", std::string(to_string(h.kind())));
    field(out, "sequence", h.sequence);
    if (h.aggregate_type != detail::no_aggregate_type) {
        field(out, "aggregate_type", names.aggregate(h.aggregate_type));
        field(out, "aggregate", h.aggregate);
        field(out, "version", h.version);
    }
    if (h.command_type != detail::no_command_type)
        field(out, "command", names.command(h.command_type));
    print_session(names, record, out);
    if (h.number != 0) field(out, "number", h.number);
    if (h.reason != 0) field(out, "reason", h.reason);
    field(out, "decided_ns", h.decided_ns);
    field(out, "captured_ns", record.captured_ns());
    if (h.has(detail::record_has_links)) {
        field(out, "correlation", record.links().correlation);
        field(out, "cause", record.links().cause);
    }
    print_body(names, record, out);
    out += '}';
}

}  // namespace pawl::journal
