// Prints records as JSON, one line each.
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "journal/inspect.hpp"
#include "journal/schema.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

using namespace journal;

const char* word(detail::RecordKind kind) {
    switch (kind) {
        case detail::RecordKind::accepted:
            return "accepted";
        case detail::RecordKind::rejected:
            return "rejected";
        case detail::RecordKind::refused:
            return "refused";
        case detail::RecordKind::fact:
            return "fact";
        case detail::RecordKind::schema:
            return "schema";
        case detail::RecordKind::session:
            return "session";
        case detail::RecordKind::epoch:
            return "epoch";
        case detail::RecordKind::mark:
            return "mark";
    }
    return "unknown";
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

// One shard's printer: learns schemas and sessions' names on the way.
class Printer final : public RecordSink {
public:
    Printer(const Manifest& manifest, std::uint32_t shard, const DumpOptions& options,
            const std::function<void(std::string_view)>& print, std::uint64_t& count)
        : shard_(shard), options_(options), print_(print), count_(count) {
        learn_schema(manifest.schema_text);
    }

    void on_record(const detail::RecordView& record, Position position) override {
        learn(record);
        if (count_ >= options_.records_max || !wanted(record)) return;
        ++count_;
        line_.clear();
        describe(record, position);
        print_(line_);
    }

private:
    void learn_schema(std::string_view text) {
        auto parsed = Schema::parse(text);
        if (parsed.ok()) schema_ = std::move(parsed).value();
    }
    void learn(const detail::RecordView& record) {
        const std::string_view body(reinterpret_cast<const char*>(record.body()),
                                    record.body_bytes());
        if (record.header().kind() == detail::RecordKind::schema &&
            body.size() >= sizeof(detail::SchemaRecord)) {
            detail::SchemaRecord schema{};
            std::memcpy(&schema, body.data(), sizeof schema);
            learn_schema(body.substr(sizeof schema, schema.text_bytes));
        }
        if (record.header().kind() == detail::RecordKind::session &&
            body.size() >= sizeof(detail::SessionRecord)) {
            detail::SessionRecord session{};
            std::memcpy(&session, body.data(), sizeof session);
            sessions_[session.index] = body.substr(sizeof session, session.name_bytes);
        }
    }

    std::string session_of(const detail::RecordView& record) const {
        std::uint32_t index = record.header().session;
        if (record.header().kind() == detail::RecordKind::session &&
            record.body_bytes() >= sizeof(detail::SessionRecord)) {
            detail::SessionRecord session{};
            std::memcpy(&session, record.body(), sizeof session);
            index = session.index;
        }
        const auto known = sessions_.find(index);
        return known == sessions_.end() ? std::string{} : known->second;
    }
    std::string type_name(std::uint8_t type) const {
        const std::string* name = schema_.aggregate(type);
        return name != nullptr ? *name : std::to_string(type);
    }

    bool wanted(const detail::RecordView& record) const {
        const auto& h = record.header();
        const std::uint64_t last = h.event_count == 0 ? h.sequence : h.sequence + h.event_count - 1;
        if (last < options_.sequence_min || h.sequence > options_.sequence_max) return false;
        if (options_.session && session_of(record) != *options_.session) return false;
        if (options_.number && h.number != *options_.number) return false;
        if (!options_.aggregate_type && !options_.aggregate) return true;
        const auto matches = [&](std::uint8_t type, std::uint64_t id) {
            if (type == detail::no_aggregate_type) return false;
            if (options_.aggregate_type && type_name(type) != *options_.aggregate_type)
                return false;
            return !options_.aggregate || id == *options_.aggregate;
        };
        bool found = matches(h.aggregate_type, h.aggregate);
        record.for_each_event([&](const detail::EventView& event) {
            found = found || matches(event.header->aggregate_type, event.target);
        });
        return found;
    }

    void describe(const detail::RecordView& record, Position position) {
        const auto& h = record.header();
        line_ = "{\"shard\":" + std::to_string(shard_);
        field(line_, "position", position.value);
        field(line_, "kind", std::string(word(h.kind())));
        field(line_, "sequence", h.sequence);
        if (h.aggregate_type != detail::no_aggregate_type) {
            field(line_, "aggregate_type", type_name(h.aggregate_type));
            field(line_, "aggregate", h.aggregate);
            field(line_, "version", h.version);
        }
        if (h.command_type != detail::no_command_type) {
            const auto* command = schema_.command_by_global_index(h.command_type);
            field(line_, "command",
                  command != nullptr ? command->name : std::to_string(h.command_type));
        }
        if (const auto session = session_of(record); !session.empty())
            field(line_, "session", session);
        else if (h.session != 0)
            field(line_, "session_index", h.session);
        if (h.number != 0) field(line_, "number", h.number);
        if (h.reason != 0) field(line_, "reason", h.reason);
        field(line_, "decided_ns", h.decided_ns);
        field(line_, "captured_ns", record.captured_ns());
        if (h.has(detail::record_has_links)) {
            field(line_, "correlation", record.links().correlation);
            field(line_, "cause", record.links().cause);
        }
        describe_body(record);
        line_ += '}';
    }

    void describe_body(const detail::RecordView& record) {
        const auto& h = record.header();
        if (h.kind() == detail::RecordKind::epoch &&
            record.body_bytes() >= sizeof(detail::EpochRecord)) {
            detail::EpochRecord epoch{};
            std::memcpy(&epoch, record.body(), sizeof epoch);
            field(line_, "epoch", epoch.epoch);
        }
        if (h.kind() == detail::RecordKind::mark &&
            record.body_bytes() >= sizeof(detail::MarkRecord)) {
            detail::MarkRecord mark{};
            std::memcpy(&mark, record.body(), sizeof mark);
            const std::string_view body(reinterpret_cast<const char*>(record.body()),
                                        record.body_bytes());
            field(line_, "mark", std::string(body.substr(sizeof mark, mark.name_bytes)));
        }
        if (h.kind() == detail::RecordKind::schema &&
            record.body_bytes() >= sizeof(detail::SchemaRecord)) {
            detail::SchemaRecord schema{};
            std::memcpy(&schema, record.body(), sizeof schema);
            field(line_, "schema_hash", to_hex(schema.hash));
        }
        if (h.event_count == 0) return;
        line_ += ",\"events\":[";
        bool first = true;
        const bool fits = record.for_each_event([&](const detail::EventView& event) {
            if (!first) line_ += ',';
            first = false;
            describe_event(record, event);
        });
        line_ += ']';
        if (!fits) line_ += ",\"malformed\":true";
    }

    void describe_event(const detail::RecordView& record, const detail::EventView& event) {
        const auto* known = schema_.event(event.header->aggregate_type, event.header->type);
        line_ += "{\"type\":";
        append_json_string(known != nullptr ? known->name : std::to_string(event.header->type),
                           line_);
        if (event.header->aggregate_type != record.header().aggregate_type)
            field(line_, "aggregate_type", type_name(event.header->aggregate_type));
        if (event.target != record.header().aggregate) field(line_, "aggregate", event.target);
        line_ += ",\"data\":";
        SchemaMessage none;
        none.body.kind = SchemaType::Kind::structure;
        none.body.size_bytes = ~std::uint64_t{0};
        to_json(known != nullptr ? *known : none, {event.payload, event.header->size}, line_);
        line_ += '}';
    }

    const std::uint32_t shard_;
    const DumpOptions& options_;
    const std::function<void(std::string_view)>& print_;
    std::uint64_t& count_;
    Schema schema_;
    std::map<std::uint32_t, std::string> sessions_;
    std::string line_;
};

}  // namespace

Result<std::uint64_t> journal_dump(const std::string& directory, const DumpOptions& options,
                                   const std::function<void(std::string_view json_line)>& print) {
    PosixStorage storage;
    auto looked = look_at_directory(storage, directory);
    if (!looked.ok()) return looked.error();
    const Manifest& manifest = looked->manifest;
    if (options.shard && *options.shard >= manifest.shards)
        return Error{ErrorCode::usage, "journal " + directory + ": no shard " +
                                           std::to_string(*options.shard) + ": there are " +
                                           std::to_string(manifest.shards) + ", from 0"};
    std::uint64_t count = 0;
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard) {
        if (options.shard && *options.shard != shard) continue;
        Printer printer(manifest, shard, options, print, count);
        auto look = look_at_shard(storage, looked.value(), shard, printer);
        if (!look.ok()) return look.error();
    }
    return count;
}

}  // namespace pawl
