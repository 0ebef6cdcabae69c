// Writes frame headers and buffers frames.
#include "engine/replication/frame_writer.hpp"

#include <algorithm>
#include <cstring>

#include "journal/crc32c.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

constexpr std::array<std::byte, frame_alignment> zeros{};

std::size_t padding_of(std::size_t payload_bytes) noexcept {
    return frame_bytes(payload_bytes) - sizeof(FrameHeader) - payload_bytes;
}

}  // namespace

FramePieces::FramePieces(FrameHeader header, std::span<const std::byte> body,
                         std::span<const std::byte> bytes) noexcept
    : header_(header), size_(frame_bytes(body.size() + bytes.size())) {
    PAWL_ASSERT(header.payload_bytes == body.size() + bytes.size());
    pieces_ = {std::as_bytes(std::span(&header_, 1)), body, bytes,
               std::span(zeros).first(padding_of(header.payload_bytes))};
}

FrameWriter::FrameWriter(const LinkOptions& options, std::uint64_t connection)
    : boot_(options.boot),
      connection_(connection),
      payload_bytes_max_(options.payload_bytes_max),
      unsent_bytes_max_(options.unsent_bytes_max) {
    PAWL_ASSERT(boot_ != 0);
    PAWL_ASSERT(connection_ != 0);
    PAWL_ASSERT(payload_bytes_max_ >= payload_bytes_min);
    PAWL_ASSERT(payload_bytes_max_ <= payload_bytes_limit);
    PAWL_ASSERT(unsent_bytes_max_ >= frame_bytes(payload_bytes_max_));
}

bool FrameWriter::has_room(std::size_t payload_bytes) const noexcept {
    PAWL_ASSERT(payload_bytes <= payload_bytes_max_);
    return frame_bytes(payload_bytes) <= unsent_bytes_max_ - kept().size();
}

FrameHeader FrameWriter::next_header(const Message& message, std::span<const std::byte> bytes) {
    PAWL_ASSERT(is_known(message.type));
    PAWL_ASSERT(message.epoch >= epoch_);
    epoch_ = message.epoch;
    FrameHeader header{};
    header.magic = frame_magic;
    header.payload_bytes = static_cast<std::uint32_t>(message.body.size() + bytes.size());
    header.number = ++number_;
    header.connection = connection_;
    header.epoch = message.epoch;
    header.boot = boot_;
    header.type = static_cast<std::uint16_t>(message.type);
    std::uint32_t checksum = journal::crc32c(0, message.body.data(), message.body.size());
    checksum = journal::crc32c(checksum, bytes.data(), bytes.size());
    header.payload_checksum =
        journal::crc32c(checksum, zeros.data(), padding_of(header.payload_bytes));
    header.header_checksum = journal::crc32c(0, &header, sizeof header);
    return header;
}

void FrameWriter::keep(const FramePieces& frame, std::size_t skip) {
    PAWL_ASSERT(skip <= frame.size());
    if (begin_ != 0 && begin_ >= buffer_.size() - begin_) {
        // what has left is at least as much as what stays: moving is paid for
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
    for (std::span<const std::byte> piece : frame.pieces()) {
        const std::size_t skipped = std::min(skip, piece.size());
        skip -= skipped;
        piece = piece.subspan(skipped);
        buffer_.insert(buffer_.end(), piece.begin(), piece.end());
    }
    PAWL_ASSERT(kept().size() <= unsent_bytes_max_);
}

std::span<const std::byte> FrameWriter::kept() const noexcept {
    return std::span(buffer_).subspan(begin_);
}

void FrameWriter::left(std::size_t bytes) noexcept {
    PAWL_ASSERT(bytes <= kept().size());
    begin_ += bytes;
    if (begin_ != buffer_.size()) return;
    buffer_.clear();
    begin_ = 0;
}

}  // namespace pawl::replication
