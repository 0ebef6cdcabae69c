// Names and types of every event's fields, read from the schema text; events as JSON. Knows text
// and bytes; not aggregates' code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pawl/result.hpp"

namespace pawl::journal {

struct SchemaType;

struct SchemaField {
    std::string name;
    std::shared_ptr<const SchemaType> type;
};

// One field type. Sizes are on-disk sizes; nothing is padded.
struct SchemaType {
    enum class Kind : std::uint8_t {
        boolean,
        character,
        i8,
        i16,
        i32,
        i64,
        u8,
        u16,
        u32,
        u64,
        f32,
        f64,
        text,
        bytes,
        array,
        structure
    };
    Kind kind = Kind::u8;
    std::uint64_t size_bytes = 0;
    std::uint64_t count = 0;  // of array elements; longest text or bytes
    std::shared_ptr<const SchemaType> element;
    std::vector<SchemaField> fields;
};

// A command or an event.
struct SchemaMessage {
    std::uint32_t aggregate = 0;
    std::uint32_t index = 0;
    std::string name;
    SchemaType body;  // a structure
};

class Schema {
public:
    // Reads `pawl-schema 1` text. An error names the line.
    static Result<Schema> parse(std::string_view text);

    // Null when there is none of this index.
    const std::string* aggregate(std::uint32_t index) const noexcept;
    const SchemaMessage* command(std::uint32_t aggregate, std::uint32_t index) const noexcept;
    const SchemaMessage* event(std::uint32_t aggregate, std::uint32_t index) const noexcept;

    // Aggregates' commands counted through, as RecordHeader::command_type does.
    const SchemaMessage* command_by_global_index(std::uint32_t index) const noexcept;

    const std::vector<std::string>& aggregates() const noexcept { return aggregates_; }
    const std::vector<SchemaMessage>& commands() const noexcept { return commands_; }
    const std::vector<SchemaMessage>& events() const noexcept { return events_; }

private:
    std::vector<std::string> aggregates_;
    std::vector<SchemaMessage> commands_;
    std::vector<SchemaMessage> events_;
};

// The payload as a JSON object; as {"hex":"…"} when it does not have the message's size.
void to_json(const SchemaMessage& message, std::span<const std::byte> payload, std::string& out);

// Whether a journal written under `older` may be continued under `newer`: every line of the older
// text stands in the newer one, unchanged, and no event type moved. The error says both lines.
Status schema_continues(std::string_view older, std::string_view newer);

}  // namespace pawl::journal
