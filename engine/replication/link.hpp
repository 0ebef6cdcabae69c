// One connection between two nodes, message by message, and where connections come from. Knows the
// promises; no socket, no clock, no thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/replication/protocol.hpp"

namespace pawl::replication {

// What is sent: type, epoch and the encoded fixed part (protocol_messages.hpp makes it). Reuse one:
// its memory stays.
struct Message {
    MessageType type = MessageType::heartbeat;
    std::uint64_t epoch = 0;  // the highest that this node has seen
    std::vector<std::byte> body;
};

// A frame that came: whole, its checksums right, its number the next one, its boot and connection
// those of the first frame. The payload is not looked into yet.
struct Received {
    MessageType type = MessageType::heartbeat;
    std::uint64_t epoch = 0;       // the highest that the peer has seen
    std::uint64_t boot = 0;        // of the peer
    std::uint64_t connection = 0;  // the peer's number for this connection
    std::span<const std::byte>
        payload;  // begins at a multiple of 8; lives until the next receive()
};

enum class LinkState : std::uint8_t { connecting, open, closed };

// Why a connection ended, for counting. why() has the sentence.
enum class LinkEnd : std::uint8_t {
    none = 0,       // it has not
    by_us,          // close() was called
    by_peer,        // the peer closed its side in order, between two frames
    cut_short,      // the peer closed its side in the middle of a frame
    reset,          // the peer's system says that there is no such connection
    silent,         // nothing came for silence_ns_max: the peer, or the way to it, is gone
    unreachable,    // nobody there: no connection was made
    failed,         // the system said no
    foreign,        // not a frame of this protocol
    damaged,        // a checksum is wrong
    oversize,       // more than was agreed; nothing was allocated for it
    out_of_order,   // a frame that came before, or too early, or of another connection
    unexpected,     // a type that is unknown, or not one for a peer that is not admitted
    count_of_ends,  // not an end
};
const char* to_string(LinkEnd end) noexcept;

struct LinkCounters {
    std::uint64_t frames_sent = 0;
    std::uint64_t bytes_sent = 0;  // whole frames, as given to the connection
    std::uint64_t frames_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t sends_put_off = 0;  // send() said "no room now"
};

// One thread uses it; never blocks. Destroyed: the connection is closed.
class Link {
public:
    virtual ~Link() = default;

    virtual LinkState state() const noexcept = 0;          // closed is final
    virtual LinkEnd end() const noexcept = 0;              // none unless closed
    virtual const std::string& why() const noexcept = 0;   // one sentence, when closed
    virtual const std::string& peer() const noexcept = 0;  // address or name, for people
    virtual const LinkCounters& counters() const noexcept = 0;
    virtual std::uint64_t connection() const noexcept = 0;  // our number for it

    // Sends one frame: message.body, then `bytes`. Both may change when it returns. It leaves with
    // the next do_work() at the latest. False: not open, or no room now (the buffer is bounded):
    // try again later. Asserts that body and bytes are not larger than payload_bytes_max()
    // together.
    virtual bool send(const Message& message, std::span<const std::byte> bytes) = 0;
    bool send(const Message& message) { return send(message, {}); }
    virtual std::size_t payload_bytes_max() const noexcept = 0;
    // Bytes that have been accepted by send() and not yet by the connection.
    virtual std::size_t unsent_bytes() const noexcept = 0;

    // The next frame; none: nothing whole is there now. Goes on giving what had come before the
    // peer or the system ended the connection.
    virtual std::optional<Received> receive() = 0;

    // The peer has shown who it is: from here on all types are read, up to payload_bytes_max().
    // Before, only greetings of greeting_bytes_max.
    virtual void admit() = 0;

    // Moves bytes both ways; `now_ns` is the caller's monotonic clock. Returns how much it did.
    virtual std::size_t do_work(std::int64_t now_ns) = 0;
    // The half of it that sends.
    virtual std::size_t flush() = 0;

    // Ends it, with the sentence for why(). What was not sent is given one last chance to leave.
    // Nothing happens when it is closed already.
    virtual void close(std::string why) = 0;
};

// Where called nodes get their links from. One thread; never blocks.
class Listener {
public:
    virtual ~Listener() = default;
    virtual const std::string& address() const noexcept = 0;  // where callers find it
    virtual std::unique_ptr<Link> accept() = 0;               // the next caller; null: none now
};

// Where calling nodes get theirs from. One thread; never blocks.
class Connector {
public:
    virtual ~Connector() = default;
    // One attempt: the link begins as connecting (or closed, when the address makes no sense) and
    // becomes open or closed. Never null.
    virtual std::unique_ptr<Link> connect(const std::string& address) = 0;
};

// Chance comes in from outside. For nonces and secrets of a real node: the system's.
using RandomSource = std::function<std::uint64_t()>;

// How connections ended, of all links that share it.
struct LinkEnds {
    std::array<std::uint64_t, static_cast<std::size_t>(LinkEnd::count_of_ends)> count{};
    std::uint64_t operator[](LinkEnd end) const noexcept {
        return count[static_cast<std::size_t>(end)];
    }
};

// What every link of one node has in common.
struct LinkOptions {
    std::uint64_t boot = 0;  // of this node's life; not 0
    // Largest payload either way; both nodes must agree: at least the journal's largest record and
    // 4096. Between payload_bytes_min and payload_bytes_limit.
    std::size_t payload_bytes_max = payload_bytes_default;
    // How much send() accepts before the connection does. Default: a few of the largest frames, so
    // that a slow peer is felt soon. At least one largest frame.
    std::size_t unsent_bytes_max = 4 * payload_bytes_default;
    // A connection on which nothing came for so long is given up: the only way to notice a peer
    // that vanished without a word (half-open). 0: never. A few times the interval of heartbeats.
    std::int64_t silence_ns_max = 0;
    // An attempt to connect is given up after this. Default: more than a lost packet or two cost.
    std::int64_t connect_ns_max = 3'000'000'000;
    // Counted into when a link ends; may be null. Outlives the links; of their thread.
    LinkEnds* ends = nullptr;
};

}  // namespace pawl::replication
