// Reads frames: header first, then order, then payload; nothing is used before it is checked.
#include "engine/replication/frame_reader.hpp"

#include <algorithm>
#include <cstring>

#include "journal/crc32c.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

constexpr std::size_t read_ahead_bytes = std::size_t{64} << 10;
constexpr std::size_t read_bytes_min = std::size_t{8} << 10;  // less is not worth a system call

}  // namespace

FrameReader::FrameReader(std::size_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {
    PAWL_ASSERT(payload_bytes_max >= payload_bytes_min);
    PAWL_ASSERT(payload_bytes_max <= payload_bytes_limit);
}

std::span<std::byte> FrameReader::space() {
    if (fault_ != LinkEnd::none) return {};
    if (given_ == 0) {
        look();
        if (fault_ != LinkEnd::none) return {};
        make_room(expected_ == 0 ? sizeof(FrameHeader) : expected_);
    }  // else the frame that was given stays where it is
    return std::span(buffer_).subspan(end_);
}

// Room for a frame of `bytes` at the front, and so much behind what is there that a read pays.
void FrameReader::make_room(std::size_t bytes) {
    if (available() == 0) begin_ = end_ = 0;
    const std::size_t free = buffer_.size() - end_;
    const bool fits = begin_ + bytes <= buffer_.size();
    if (fits && (available() >= bytes || free >= std::min(read_bytes_min, bytes - available())))
        return;
    if (begin_ != 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, available());
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() < bytes + read_bytes_min) buffer_.resize(bytes + read_ahead_bytes);
}

void FrameReader::filled(std::size_t bytes) noexcept {
    PAWL_ASSERT(bytes <= buffer_.size() - end_);
    end_ += bytes;
}

FrameHeader FrameReader::front() const noexcept {
    FrameHeader header;
    std::memcpy(&header, buffer_.data() + begin_, sizeof header);
    return header;
}

void FrameReader::consume() noexcept {
    begin_ += given_;
    given_ = 0;
    PAWL_ASSERT(begin_ % frame_alignment == 0);
    PAWL_ASSERT(begin_ <= end_);
}

void FrameReader::look() {
    if (fault_ != LinkEnd::none || given_ != 0 || expected_ != 0) return;
    if (available() < sizeof(FrameHeader)) return;
    const FrameHeader header = front();
    if (check_header(header) && check_order(header)) expected_ = frame_bytes(header.payload_bytes);
}

std::optional<Received> FrameReader::next() {
    consume();
    look();
    if (fault_ != LinkEnd::none || expected_ == 0 || available() < expected_) return std::nullopt;
    const FrameHeader header = front();
    if (!check_payload(header)) return std::nullopt;
    number_ = header.number;
    connection_ = header.connection;
    boot_ = header.boot;
    epoch_ = header.epoch;
    given_ = expected_;
    expected_ = 0;
    return Received{static_cast<MessageType>(header.type), header.epoch, header.boot,
                    header.connection,
                    std::span<const std::byte>(buffer_).subspan(begin_ + sizeof(FrameHeader),
                                                                header.payload_bytes)};
}

bool FrameReader::refuse(LinkEnd fault, const std::string& why) {
    fault_ = fault;
    why_ = "frame " + std::to_string(number_ + 1) + ": " + why;
    return false;
}

bool FrameReader::check_header(const FrameHeader& header) {
    if (header.magic != frame_magic)
        return refuse(LinkEnd::foreign, "not of this protocol: is this the right port?");
    FrameHeader blank = header;
    blank.header_checksum = 0;
    if (header.header_checksum != journal::crc32c(0, &blank, sizeof blank))
        return refuse(LinkEnd::damaged, "its header has a wrong checksum");
    const auto type = static_cast<MessageType>(header.type);
    if (!is_known(type))
        return refuse(LinkEnd::unexpected,
                      "type " + std::to_string(header.type) + " is not known: is a node newer?");
    if (header.flags != 0 || header.reserved != 0)
        return refuse(LinkEnd::foreign, "bytes that must be zero are not: is a node newer?");
    if (!admitted_ && !is_greeting(type))
        return refuse(LinkEnd::unexpected,
                      std::string(to_string(type)) + " of a peer that is not admitted");
    // a greeting is small for ever, so that a stranger never costs memory
    const std::size_t most = is_greeting(type) ? greeting_bytes_max : payload_bytes_max_;
    if (header.payload_bytes > most)
        return refuse(LinkEnd::oversize, std::string(to_string(type)) + " of " +
                                             std::to_string(header.payload_bytes) +
                                             " bytes, at most " + std::to_string(most) +
                                             ": payload_bytes_max must agree on both nodes");
    return true;
}

bool FrameReader::check_order(const FrameHeader& header) {
    if (header.number != number_ + 1)
        return refuse(LinkEnd::out_of_order, "has number " + std::to_string(header.number));
    if (number_ == 0) {
        if (header.connection == 0 || header.boot == 0)
            return refuse(LinkEnd::foreign, "boot or connection is 0");
        return true;
    }
    if (header.connection != connection_)
        return refuse(LinkEnd::out_of_order, "belongs to another connection");
    if (header.boot != boot_) return refuse(LinkEnd::out_of_order, "belongs to another boot");
    if (header.epoch < epoch_)
        return refuse(LinkEnd::out_of_order, "epoch falls from " + std::to_string(epoch_) + " to " +
                                                 std::to_string(header.epoch));
    return true;
}

bool FrameReader::check_payload(const FrameHeader& header) {
    const std::byte* const payload = buffer_.data() + begin_ + sizeof(FrameHeader);
    const std::size_t padded = expected_ - sizeof(FrameHeader);
    if (header.payload_checksum != journal::crc32c(0, payload, padded))
        return refuse(LinkEnd::damaged, "its payload has a wrong checksum");
    const auto zero = [](std::byte byte) { return byte == std::byte{0}; };
    if (!std::all_of(payload + header.payload_bytes, payload + padded, zero))
        return refuse(LinkEnd::foreign, "the bytes behind the payload are not zero");
    return true;
}

bool FrameReader::ends_whole() const noexcept {
    // lengths behind the front are not checked: they are only compared with what is there
    std::size_t at = begin_ + given_;
    while (end_ - at >= sizeof(FrameHeader)) {
        FrameHeader header;
        std::memcpy(&header, buffer_.data() + at, sizeof header);
        if (header.payload_bytes > payload_bytes_limit) return false;
        const std::size_t bytes = frame_bytes(header.payload_bytes);
        if (bytes > end_ - at) return false;
        at += bytes;
    }
    return at == end_;
}

}  // namespace pawl::replication
