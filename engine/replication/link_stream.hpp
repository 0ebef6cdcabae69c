// A connection as bytes: the seam between frames and what carries them, sockets or a simulation.
// Knows no frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace pawl::replication {

enum class StreamStep : std::uint8_t {
    moved,        // open: `bytes` went; at least one
    later,        // nothing now
    ended,        // reading: the peer closed its side in order, everything before was read
    reset,        // the connection is no more
    unreachable,  // it was never made
    failed,       // anything else that the system says
};

struct StreamResult {
    StreamStep step = StreamStep::later;
    std::size_t bytes = 0;
};

struct StreamWishes {
    bool read = true;
    bool write = false;
};

// One thread; never blocks. Closed by the destructor.
class ByteStream {
public:
    virtual ~ByteStream() = default;
    virtual const std::string& peer() const noexcept = 0;  // address or name, for people
    // moved: the connection is there; later: not yet.
    virtual StreamStep connect() = 0;
    // Takes as much as it can of the pieces, in order.
    virtual StreamResult write(std::span<const std::span<const std::byte>> pieces) = 0;
    virtual StreamResult read(std::span<std::byte> to) = 0;
    // What the system said about the last reset, unreachable or failed.
    virtual std::string fault() const = 0;
    // No more of it, neither way. What write() took still goes if it can.
    virtual void close() noexcept = 0;
    // What its user waits for: whoever sleeps until something can be done should know.
    virtual void wants(StreamWishes wishes) noexcept = 0;
};

}  // namespace pawl::replication
