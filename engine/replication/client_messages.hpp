// What a client and its engine say to each other, as values: encode writes, decode checks bytes and
// reads. Knows lengths, counts and ranges; no session, no aggregate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/replication/link.hpp"
#include "engine/replication/protocol.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/detail/raw_reply.hpp"

namespace pawl::replication {

// As in protocol_messages.hpp: counts and lengths inside `fixed` are filled in by encode unless
// said otherwise; spans and views that decode fills point into the payload.

struct ClientHello {
    static constexpr MessageType type = MessageType::client_hello;
    ClientHelloFixed fixed{};
    std::string_view session;
};
struct ClientWelcome {
    static constexpr MessageType type = MessageType::client_welcome;
    ClientWelcomeFixed fixed{};
    std::vector<std::uint64_t> highest;  // for each shard
};
// encode writes only the fixed part, the count is the caller's: `bytes`, made by append_command(),
// go to Link::send beside the message. What decode accepts, a CommandReader reads.
struct Commands {
    static constexpr MessageType type = MessageType::commands;
    CommandsFixed fixed{};
    std::span<const std::byte> bytes;
};
struct Replies {
    static constexpr MessageType type = MessageType::replies;
    std::vector<ReplyFixed> replies;
};
struct NotPrimary {
    static constexpr MessageType type = MessageType::not_primary;
    std::string_view address;  // encode leaves out one that decode would not accept
};
// The answer is the same client_hello once more.
struct HelloAgain {
    static constexpr MessageType type = MessageType::hello_again;
    BareFixed fixed{};
};

void encode(const ClientHello& from, Message& to);
void encode(const ClientWelcome& from, Message& to);
void encode(const Commands& from, Message& to);
void encode(const Replies& from, Message& to);
void encode(const NotPrimary& from, Message& to);
void encode(const HelloAgain& from, Message& to);

[[nodiscard]] bool decode(std::span<const std::byte> payload, ClientHello& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, ClientWelcome& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Commands& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, Replies& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, NotPrimary& to);
[[nodiscard]] bool decode(std::span<const std::byte> payload, HelloAgain& to);

// ---- one command in a run ----

constexpr std::size_t command_bytes(std::size_t payload_bytes) noexcept {
    return sizeof(CommandFixed) + ((payload_bytes + 7) & ~std::size_t{7});
}
// The message that a shard reads, as a client sends it. `payload` has the bytes that it announces.
void append_command(std::vector<std::byte>& to, const detail::MessageParts& parts);

// Goes through the commands of a run that decode has accepted.
class CommandReader {
public:
    CommandReader() = default;
    explicit CommandReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}
    bool done() const noexcept { return rest_.empty(); }
    // The next one, not to be called when done. Flags say what there is; the token is the client's;
    // no session, no time. The payload points into the run, at a multiple of 8.
    detail::MessageParts next() noexcept;

private:
    std::span<const std::byte> rest_;
};

// The two ways of a reply. Where its record ends is nobody's business outside.
ReplyFixed to_wire(const detail::RawReply& reply) noexcept;
detail::RawReply from_wire(const ReplyFixed& reply) noexcept;

}  // namespace pawl::replication
