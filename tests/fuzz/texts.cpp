// Arbitrary text as a cursor, a kept cursor's file, or a schema with a payload behind it: never a
// crash, and what is read can be written and read again. The first byte says which, and whether the
// hash is repaired.
#include <cstdint>
#include <span>
#include <string>

#include "journal/cursor_file.hpp"
#include "journal/hash.hpp"
#include "journal/manifest.hpp"
#include "journal/schema.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/subscription.hpp"

namespace {

using namespace pawl;
using namespace pawl::journal;

constexpr Identity identity{1, 2};

void read_cursor_text(const std::string& text) {
    const auto read = Cursor::parse(text);
    if (!read.ok()) {
        PAWL_ASSERT(read.error().sentence.find("cursor") != std::string::npos);
        return;
    }
    const auto again = Cursor::parse(read->to_string());
    PAWL_ASSERT(again.ok() && again.value() == read.value());
}

void read_cursor_file(std::string text, bool repaired) {
    if (repaired) {
        const auto at = text.rfind("hash ");
        if (at != std::string::npos) text.resize(at);
        text += "hash " + to_hex(hash64(text.data(), text.size())) + "\n";
    }
    const auto read = parse_cursor(text, "reader", identity, "c");
    if (!read.ok()) {
        PAWL_ASSERT(!read.error().sentence.empty());
        return;
    }
    const auto again = parse_cursor(print_cursor(*read, identity), "reader", identity, "c");
    PAWL_ASSERT(again.ok() && again->places == read->places);
}

// The schema ends at a zero byte; what follows is a payload for each of its messages.
void read_schema(const std::string& text) {
    const auto end = text.find('\0');
    const std::string schema_text = text.substr(0, end);
    const std::string payload = end == std::string::npos ? std::string{} : text.substr(end + 1);
    static_cast<void>(schema_continues(schema_text, payload).ok());
    static_cast<void>(schema_continues(schema_text, schema_text).ok());
    const auto schema = Schema::parse(schema_text);
    if (!schema.ok()) {
        PAWL_ASSERT(!schema.error().sentence.empty());
        return;
    }
    std::string json;
    const auto print = [&](const SchemaMessage& message) {
        std::string bytes = payload;
        to_json(message, std::as_bytes(std::span(bytes.data(), bytes.size())), json);
        if (message.body.size_bytes > 65'536) return;
        bytes.resize(message.body.size_bytes);
        to_json(message, std::as_bytes(std::span(bytes.data(), bytes.size())), json);
        json.clear();
    };
    for (const auto& message : schema->commands()) print(message);
    for (const auto& message : schema->events()) print(message);
    for (std::uint32_t i = 0; i < 4; ++i) {
        static_cast<void>(schema->aggregate(i));
        static_cast<void>(schema->command_by_global_index(i));
        static_cast<void>(schema->event(i, i));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            read_cursor_text(text);
            break;
        case 1:
            read_cursor_file(text, false);
            break;
        case 2:
            read_cursor_file(text, true);
            break;
        default:
            read_schema(text);
    }
    return 0;
}
