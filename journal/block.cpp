// Hashing and judging of single headers and payloads.
#include "journal/block.hpp"

#include <cstring>
#include <new>

#include "journal/hash.hpp"

namespace pawl::journal {

std::uint64_t hash_of(const BlockHeader& header) noexcept {
    BlockHeader copy = header;
    copy.header_hash = 0;
    return hash64(&copy, sizeof copy);
}

std::uint64_t hash_of(const SegmentHeader& header) noexcept {
    SegmentHeader copy = header;
    copy.header_hash = 0;
    return hash64(&copy, sizeof copy);
}

void seal_block(std::byte* block) noexcept {
    auto& header = *reinterpret_cast<BlockHeader*>(block);
    PAWL_ASSERT(header.magic == block_magic);
    PAWL_ASSERT(header.block_bytes % block_alignment_bytes == 0);
    PAWL_ASSERT(header.payload_bytes + sizeof(BlockHeader) <= header.block_bytes);
    header.payload_hash =
        hash128(block + sizeof(BlockHeader), header.block_bytes - sizeof(BlockHeader));
    header.header_hash = hash_of(header);
}

bool intact(const BlockHeader& header, std::uint64_t room_bytes) noexcept {
    if (header.magic != block_magic || header.header_hash != hash_of(header)) return false;
    return header.block_bytes % block_alignment_bytes == 0 && header.block_bytes <= room_bytes &&
           header.block_bytes >= block_alignment_bytes &&
           header.payload_bytes <= header.block_bytes - sizeof(BlockHeader) &&
           header.payload_bytes % detail::record_alignment == 0 && header.payload_bytes != 0;
}

bool intact(const SegmentHeader& header) noexcept {
    return header.magic == segment_magic && header.header_hash == hash_of(header);
}

bool payload_intact(const std::byte* block) noexcept {
    const auto& header = *reinterpret_cast<const BlockHeader*>(block);
    return header.payload_hash ==
           hash128(block + sizeof(BlockHeader), header.block_bytes - sizeof(BlockHeader));
}

const char* to_string(RecordFault fault) noexcept {
    switch (fault) {
        case RecordFault::none:
            return "good";
        case RecordFault::length:
            return "its length is impossible";
        case RecordFault::kind:
            return "its kind is unknown";
        case RecordFault::sequence:
            return "its sequence does not follow";
        case RecordFault::checksum:
            return "its checksum does not chain";
    }
    return "unknown";
}

bool all_zero(const std::byte* bytes, std::size_t size) noexcept {
    if (size == 0) return true;
    return bytes[0] == std::byte{0} && std::memcmp(bytes, bytes + 1, size - 1) == 0;
}

AlignedBuffer::AlignedBuffer(std::size_t bytes)
    : size_(bytes),
      data_(
          static_cast<std::byte*>(::operator new(bytes, std::align_val_t{block_alignment_bytes}))) {
    PAWL_ASSERT(bytes % block_alignment_bytes == 0);
}

AlignedBuffer::~AlignedBuffer() {
    ::operator delete(data_, std::align_val_t{block_alignment_bytes});
}

}  // namespace pawl::journal
