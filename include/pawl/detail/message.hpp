// The bytes of one message in a lane: a command, a fact, a question. Knows no ring and no user
// type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pawl/detail/assert.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

enum class MessageKind : std::uint8_t {
    command = 0,
    fact = 1,        // an event to record without a decision; command_type is the event's type
    question = 2,    // payload: a Question*; run on the shard, in order with the commands
    inspection = 5,  // payload: an Inspection*; the same for the whole shard
    trial = 3,       // would_accept: decide, journal nothing
    status = 4,      // what became of (session, number)
    watch = 6,       // payload: a WatchRequest*; keeps a copy of one state fresh
    note = 7,        // payload: a Note*; a record that is nobody's command
};

inline constexpr std::uint8_t message_wants_reply = 1;
inline constexpr std::uint8_t message_has_links = 2;     // RecordLinks
inline constexpr std::uint8_t message_has_expected = 4;  // std::uint64_t version
inline constexpr std::uint8_t message_has_session =
    8;  // std::uint64_t session id, else the lane's own

// 40 bytes; then the announced sections in the order of their bits; then the payload.
struct MessageHeader {
    std::uint64_t aggregate;
    std::uint64_t number;  // in the session; 0 = anonymous
    std::int64_t captured_ns;
    std::uint64_t token;  // where the reply goes: opaque to the shard
    std::uint16_t payload_bytes;
    std::uint16_t command_type;  // index over all aggregates' commands
    std::uint8_t aggregate_type;
    MessageKind kind : 4;
    std::uint8_t durability : 4;
    std::uint8_t flags;
    std::uint8_t lines;  // 64-byte lines of the whole message
};
static_assert(sizeof(MessageHeader) == 40);

inline constexpr std::size_t line_bytes = 64;
inline constexpr std::size_t message_bytes_max = 1152;
inline constexpr std::size_t message_lines_max = message_bytes_max / line_bytes;
static_assert(sizeof(MessageHeader) + 32 + 1024 <= message_bytes_max);

struct alignas(line_bytes) Line {
    std::byte bytes[line_bytes];
};

// Reads a message. Points; owns nothing.
class MessageView {
public:
    explicit MessageView(const std::byte* bytes) noexcept : bytes_(bytes) {}
    const MessageHeader& header() const noexcept {
        return *reinterpret_cast<const MessageHeader*>(bytes_);
    }
    bool has(std::uint8_t flag) const noexcept { return (header().flags & flag) != 0; }
    RecordLinks links() const noexcept {
        RecordLinks links{};
        if (has(message_has_links))
            std::memcpy(&links, bytes_ + sizeof(MessageHeader), sizeof links);
        return links;
    }
    std::uint64_t expected_version() const noexcept { return word(links_bytes()); }
    std::uint64_t session() const noexcept {
        return word(links_bytes() + (has(message_has_expected) ? 8U : 0U));
    }
    // Of a message without sections.
    const std::byte* plain_payload() const noexcept { return bytes_ + sizeof(MessageHeader); }
    const std::byte* payload() const noexcept {
        return bytes_ + sizeof(MessageHeader) + links_bytes() +
               (has(message_has_expected) ? 8U : 0U) + (has(message_has_session) ? 8U : 0U);
    }

private:
    std::size_t links_bytes() const noexcept {
        return has(message_has_links) ? sizeof(RecordLinks) : 0;
    }
    std::uint64_t word(std::size_t offset) const noexcept {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes_ + sizeof(MessageHeader) + offset, sizeof value);
        return value;
    }
    const std::byte* bytes_;
};

// What a caller may attach to a message, in one place.
struct MessageParts {
    MessageHeader header{};
    RecordLinks links{};
    std::uint64_t expected_version = 0;
    std::uint64_t session = 0;
    const void* payload = nullptr;
};

// Bytes of a message, sections by `flags`.
constexpr std::size_t message_bytes(std::uint8_t flags, std::size_t payload) noexcept {
    return sizeof(MessageHeader) + ((flags & message_has_links) != 0 ? sizeof(RecordLinks) : 0) +
           ((flags & message_has_expected) != 0 ? 8U : 0U) +
           ((flags & message_has_session) != 0 ? 8U : 0U) + payload;
}
constexpr std::size_t lines_of(std::size_t bytes) noexcept {
    return (bytes + line_bytes - 1) / line_bytes;
}

// Writes a message to where lines_of(message_bytes()) lines are free; header.lines is filled in.
inline void write_message(std::byte* to, const MessageParts& parts) noexcept {
    PAWL_ASSERT(parts.header.payload_bytes <= 1024);
    MessageHeader header = parts.header;
    header.lines =
        static_cast<std::uint8_t>(lines_of(message_bytes(header.flags, header.payload_bytes)));
    const auto put = [&to](const void* from, std::size_t bytes) {
        std::memcpy(to, from, bytes);
        to += bytes;
    };
    put(&header, sizeof header);
    if ((header.flags & message_has_links) != 0) put(&parts.links, sizeof parts.links);
    if ((header.flags & message_has_expected) != 0) put(&parts.expected_version, 8);
    if ((header.flags & message_has_session) != 0) put(&parts.session, 8);
    if (header.payload_bytes != 0) put(parts.payload, header.payload_bytes);
}

// A message on its sender's stack.
class MessageBuffer {
public:
    explicit MessageBuffer(const MessageParts& parts) noexcept {
        write_message(lines_[0].bytes, parts);
    }
    const Line* lines() const noexcept { return lines_; }
    std::size_t line_count() const noexcept { return MessageView(lines_[0].bytes).header().lines; }
    MessageHeader& header() noexcept { return *reinterpret_cast<MessageHeader*>(lines_[0].bytes); }

private:
    Line lines_[message_lines_max];
};

}  // namespace pawl::detail
