// Conditions, one after the other, cheap ones first.
#include "journal/inspect_filter.hpp"

#include <algorithm>
#include <array>

#include "journal/block.hpp"
#include "pawl/options.hpp"

namespace pawl::journal {
namespace {

using detail::EventView;
using detail::RecordKind;
using detail::RecordView;

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool any_event(const RecordView& record, const auto& matches) {
    bool found = false;
    static_cast<void>(
        record.for_each_event([&](const EventView& event) { found = found || matches(event); }));
    return found;
}

bool about_aggregate(const DumpOptions& options, const RecordNames& names,
                     const RecordView& record) {
    const auto matches = [&](std::uint8_t type, std::uint64_t id) {
        return type != detail::no_aggregate_type &&
               (!options.aggregate || id == *options.aggregate) &&
               (!options.aggregate_type || names.aggregate(type) == *options.aggregate_type);
    };
    const auto& h = record.header();
    return matches(h.aggregate_type, h.aggregate) || any_event(record, [&](const EventView& event) {
               return matches(event.header->aggregate_type, event.target);
           });
}

std::string joined(const std::array<RecordKind, detail::record_kind_max>& kinds) {
    std::string text;
    for (const RecordKind kind : kinds)
        text += (text.empty() ? "" : ", ") + std::string(to_string(kind));
    return text;
}

constexpr std::array<RecordKind, detail::record_kind_max> kinds{
    RecordKind::accepted, RecordKind::rejected, RecordKind::refused,
    RecordKind::fact,     RecordKind::schema,   RecordKind::session,
    RecordKind::epoch,    RecordKind::mark,     RecordKind::state};

}  // namespace

bool wanted(const DumpOptions& options, const RecordNames& names, const RecordView& record) {
    const auto& h = record.header();
    if (last_sequence_of(h) < options.sequence_min || h.sequence > options.sequence_max)
        return false;
    if (options.time_min && h.decided_ns < options.time_min->ns) return false;
    if (options.time_max && h.decided_ns > options.time_max->ns) return false;
    if (options.number && h.number != *options.number) return false;
    if (!options.kinds.empty() && !contains(options.kinds, to_string(h.kind()))) return false;
    if (options.session) {
        const RecordNames::Session* session = names.session(record);
        if (session == nullptr || session->id != session_id(*options.session)) return false;
    }
    if ((options.aggregate || options.aggregate_type) && !about_aggregate(options, names, record))
        return false;
    if (!options.commands.empty() && (h.command_type == detail::no_command_type ||
                                      !contains(options.commands, names.command(h.command_type))))
        return false;
    return options.events.empty() || any_event(record, [&](const EventView& event) {
               return contains(options.events, names.event(*event.header));
           });
}

Status check_filter(const DumpOptions& options) {
    const auto wrong = [](const std::string& what) { return Error{ErrorCode::usage, what}; };
    for (const std::string& kind : options.kinds)
        if (std::none_of(kinds.begin(), kinds.end(),
                         [&](RecordKind one) { return kind == to_string(one); }))
            return wrong("no kind of record is called '" + kind + "': there are " + joined(kinds));
    if (options.sequence_min > options.sequence_max)
        return wrong("sequences from " + std::to_string(options.sequence_min) + " to " +
                     std::to_string(options.sequence_max) + " are none: exchange them");
    if (options.time_min && options.time_max && *options.time_min > *options.time_max)
        return wrong("times from " + std::to_string(options.time_min->ns) + " ns to " +
                     std::to_string(options.time_max->ns) + " ns are none: exchange them");
    return Done{};
}

Status check_shard(const std::optional<std::uint32_t>& wish, std::uint32_t shards,
                   const std::string& directory) {
    if (!wish || *wish < shards) return Done{};
    return Error{ErrorCode::usage, "journal " + directory + ": no shard " + std::to_string(*wish) +
                                       ": there are " + std::to_string(shards) + ", from 0"};
}

UnknownNames::UnknownNames(const DumpOptions& options) {
    if (options.aggregate_type) wishes_.push_back({Part::aggregate, *options.aggregate_type});
    for (const std::string& name : options.commands) wishes_.push_back({Part::command, name});
    for (const std::string& name : options.events) wishes_.push_back({Part::event, name});
}

void UnknownNames::cross_out(const RecordNames& names) {
    if (wishes_.empty()) return;
    for (const Schema& schema : names.schemas()) {
        for (const std::string& name : schema.aggregates()) offer(Part::aggregate, name);
        for (const SchemaMessage& command : schema.commands()) offer(Part::command, command.name);
        for (const SchemaMessage& event : schema.events()) offer(Part::event, event.name);
    }
}

void UnknownNames::offer(Part part, const std::string& name) {
    for (Wish& wish : wishes_)
        if (wish.part == part && wish.name == name) wish.known = true;
    offers_[static_cast<std::size_t>(part)].insert(name);
}

Status UnknownNames::status(const std::string& directory) const {
    static constexpr const char* words[] = {"aggregate type", "command type", "event type"};
    for (const Wish& wish : wishes_) {
        if (wish.known) continue;
        const auto part = static_cast<std::size_t>(wish.part);
        std::string there;
        for (const std::string& name : offers_[part]) there += (there.empty() ? "" : ", ") + name;
        return Error{ErrorCode::usage, "journal " + directory + ": no " + words[part] +
                                           " is called '" + wish.name + "' here: there are " +
                                           (there.empty() ? "none" : there)};
    }
    return Done{};
}

}  // namespace pawl::journal
