// Events as JSON, from their bytes and the schema.
#include <cmath>
#include <cstdio>
#include <cstring>

#include "journal/schema.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

// Length of the UTF-8 sequence at the front of `text`, 0 when it is not one.
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = at(0);
    const std::size_t length = lead < 0x80                    ? 1
                               : lead >= 0xC2 && lead <= 0xDF ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at(i) & 0xC0U) != 0x80U) return 0;
    if (lead == 0xE0 && at(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && at(1) > 0x9F) return 0;  // surrogates
    if (lead == 0xF0 && at(1) < 0x90) return 0;
    if (lead == 0xF4 && at(1) > 0x8F) return 0;
    return length;
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
    out += '"';
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t length = utf8_length(text);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (length == 0 || static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x",
                          static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += escaped;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

}  // namespace pawl

namespace pawl::journal {
namespace {

using Kind = SchemaType::Kind;

template <class Number>
Number load(const std::byte* bytes) {
    Number value{};
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

void append_hex(const std::byte* bytes, std::uint64_t count, std::string& out) {
    constexpr char digits[] = "0123456789abcdef";
    out += '"';
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto value = static_cast<unsigned>(bytes[i]);
        out += digits[value >> 4];
        out += digits[value & 15];
    }
    out += '"';
}

// JSON has no infinity and no NaN: those become words.
void append_floating(double value, int digits, std::string& out) {
    char text[48];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::isfinite(value))
        out += text;
    else
        append_json_string(text, out);
}

void append_value(const SchemaType& type, const std::byte* bytes, std::string& out);

void append_structure(const SchemaType& type, const std::byte* bytes, std::string& out) {
    out += '{';
    bool first = true;
    for (const auto& field : type.fields) {
        if (!first) out += ',';
        first = false;
        append_json_string(field.name, out);
        out += ':';
        append_value(*field.type, bytes, out);
        bytes += field.type->size_bytes;
    }
    out += '}';
}

void append_array(const SchemaType& type, const std::byte* bytes, std::string& out) {
    out += '[';
    for (std::uint64_t i = 0; i < type.count; ++i) {
        if (i != 0) out += ',';
        append_value(*type.element, bytes + i * type.element->size_bytes, out);
    }
    out += ']';
}

void append_bounded(const SchemaType& type, const std::byte* bytes, std::string& out) {
    std::uint64_t length = load<std::uint16_t>(bytes);
    if (length > type.count) length = type.count;
    const std::byte* const content = bytes + sizeof(std::uint16_t);
    if (type.kind == Kind::bytes) return append_hex(content, length, out);
    append_json_string({reinterpret_cast<const char*>(content), length}, out);
}

void append_value(const SchemaType& type, const std::byte* bytes, std::string& out) {
    switch (type.kind) {
        case Kind::boolean:
            out += load<std::uint8_t>(bytes) != 0 ? "true" : "false";
            return;
        case Kind::character:
            append_json_string({reinterpret_cast<const char*>(bytes), 1}, out);
            return;
        case Kind::i8:
            out += std::to_string(load<std::int8_t>(bytes));
            return;
        case Kind::i16:
            out += std::to_string(load<std::int16_t>(bytes));
            return;
        case Kind::i32:
            out += std::to_string(load<std::int32_t>(bytes));
            return;
        case Kind::i64:
            out += std::to_string(load<std::int64_t>(bytes));
            return;
        case Kind::u8:
            out += std::to_string(load<std::uint8_t>(bytes));
            return;
        case Kind::u16:
            out += std::to_string(load<std::uint16_t>(bytes));
            return;
        case Kind::u32:
            out += std::to_string(load<std::uint32_t>(bytes));
            return;
        case Kind::u64:
            out += std::to_string(load<std::uint64_t>(bytes));
            return;
        case Kind::f32:
            append_floating(load<float>(bytes), 9, out);
            return;
        case Kind::f64:
            append_floating(load<double>(bytes), 17, out);
            return;
        case Kind::text:
        case Kind::bytes:
            append_bounded(type, bytes, out);
            return;
        case Kind::array:
            append_array(type, bytes, out);
            return;
        case Kind::structure:
            append_structure(type, bytes, out);
            return;
    }
}

}  // namespace

void to_json(const SchemaMessage& message, std::span<const std::byte> payload, std::string& out) {
    PAWL_ASSERT(message.body.kind == Kind::structure);
    if (payload.size() == message.body.size_bytes)
        return append_structure(message.body, payload.data(), out);
    out += "{\"hex\":";
    append_hex(payload.data(), payload.size(), out);
    out += '}';
}

}  // namespace pawl::journal
