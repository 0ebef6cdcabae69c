// Turns messages into frames and keeps what has not left yet. Knows the header; not where bytes go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/replication/link.hpp"
#include "engine/replication/protocol.hpp"

namespace pawl::replication {

// One frame in pieces that follow one another: header, body, bytes, zeros. It points at what was
// given; neither copy nor move it.
class FramePieces {
public:
    FramePieces(FrameHeader header, std::span<const std::byte> body,
                std::span<const std::byte> bytes) noexcept;
    FramePieces(const FramePieces&) = delete;
    FramePieces& operator=(const FramePieces&) = delete;

    const std::array<std::span<const std::byte>, 4>& pieces() const noexcept { return pieces_; }
    std::size_t size() const noexcept { return size_; }

private:
    FrameHeader header_;
    std::array<std::span<const std::byte>, 4> pieces_;
    std::size_t size_;
};

class FrameWriter {
public:
    // `connection`: our random number for this connection, not 0.
    FrameWriter(const LinkOptions& options, std::uint64_t connection);

    // True when a frame with that payload may be accepted now.
    bool has_room(std::size_t payload_bytes) const noexcept;
    // The header of the next frame. Each one must then leave, or be kept, whole and in order.
    FrameHeader next_header(const Message& message, std::span<const std::byte> bytes);

    // Keeps what is behind the first `skip` bytes of the frame.
    void keep(const FramePieces& frame, std::size_t skip);
    // What is kept, oldest first; valid until the next call of keep() or left().
    std::span<const std::byte> kept() const noexcept;
    // The first `bytes` of it have left.
    void left(std::size_t bytes) noexcept;

    std::uint64_t connection() const noexcept { return connection_; }
    std::uint64_t frames() const noexcept { return number_; }

private:
    std::uint64_t boot_;
    std::uint64_t connection_;
    std::size_t payload_bytes_max_;
    std::size_t unsent_bytes_max_;
    std::uint64_t number_ = 0;
    std::uint64_t epoch_ = 0;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
};

}  // namespace pawl::replication
