// Turns a stream of bytes into checked frames, however the bytes are split. Knows the header and
// what must hold from frame to frame; not where bytes come from, not what a message says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/replication/link.hpp"
#include "engine/replication/protocol.hpp"

namespace pawl::replication {

// Holds at most one largest frame and a little more. A length is used only after the header that
// says it was checked. The first fault is final.
class FrameReader {
public:
    explicit FrameReader(std::size_t payload_bytes_max);

    // Where the next bytes go; empty when next() must be called first. Valid until any other call.
    std::span<std::byte> space();
    // The first `bytes` of space() have been filled.
    void filled(std::size_t bytes) noexcept;

    // The next frame; its payload lives until the next call of next(). None: more bytes are needed,
    // or fault() says why there will be none.
    std::optional<Received> next();
    // Looks at the header of the frame that next() would give; finds its faults early.
    void look();

    // All types from here on; see Link::admit.
    void admit() noexcept { admitted_ = true; }

    LinkEnd fault() const noexcept { return fault_; }
    const std::string& why() const noexcept { return why_; }
    // After the last byte: true when it ended between two frames, as far as lengths can tell.
    bool ends_whole() const noexcept;
    std::uint64_t frames() const noexcept { return number_; }
    std::size_t memory_bytes() const noexcept { return buffer_.size(); }

private:
    std::size_t available() const noexcept { return end_ - begin_; }
    FrameHeader front() const noexcept;
    void consume() noexcept;
    void make_room(std::size_t bytes);
    bool check_header(const FrameHeader& header);
    bool check_order(const FrameHeader& header);
    bool check_payload(const FrameHeader& header);
    bool refuse(LinkEnd fault, const std::string& why);

    std::size_t payload_bytes_max_;
    bool admitted_ = false;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;     // of the frame at the front: a multiple of 8
    std::size_t end_ = 0;       // of the bytes that came
    std::size_t given_ = 0;     // bytes of the frame that next() gave last, still at the front
    std::size_t expected_ = 0;  // bytes of the frame at the front; 0: its header is not checked yet
    std::uint64_t number_ = 0;  // of the last frame
    std::uint64_t connection_ = 0;
    std::uint64_t boot_ = 0;
    std::uint64_t epoch_ = 0;
    LinkEnd fault_ = LinkEnd::none;
    std::string why_;
};

}  // namespace pawl::replication
