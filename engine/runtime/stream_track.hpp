// One shard's records on their way to a reader: some of them copied, the rest still to come. Knows
// heads, readers and records; not who moves them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "journal/head.hpp"
#include "journal/reader.hpp"
#include "pawl/detail/core.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// One thread.
class StreamTrack {
public:
    void begin_at(const StreamPlace& place) noexcept { place_ = place; }
    // Of the next record to hand out.
    const StreamPlace& place() const noexcept { return place_; }
    std::uint64_t position() const noexcept { return place_.position; }
    // Of the last record that was handed out; nothing: there was none.
    const std::optional<std::uint32_t>& checksum() const noexcept { return checksum_; }
    std::uint64_t last_position() const noexcept { return last_position_; }
    // Sessions that were opened before the place, by index; later ones stand in the stream.
    void know_sessions(std::vector<std::uint64_t> ids) { sessions_ = std::move(ids); }

    // Everything that was copied is handed out.
    bool empty() const noexcept { return used_ == filled_; }
    // Forgets what was copied and not handed out.
    void drop() noexcept { used_ = filled_ = 0; }
    // Empty: copies a run of whole records that end at or below `end`, which is above the place.
    // False: they are not (safely) in the head any more.
    bool fill_from_head(const journal::Head& head, std::uint64_t end);
    // The same from segments; `end` is not above what is synced. False: none ends there. An error:
    // the first of them cannot be read.
    Result<bool> fill_from_segments(journal::StreamReader& reader, std::uint64_t end);
    // Not empty.
    void hand_out(std::uint32_t shard, StreamRecord& record);

private:
    static constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

    StreamPlace place_;
    std::optional<std::uint32_t> checksum_;
    std::uint64_t last_position_ = 0;
    std::vector<std::byte> bytes_;
    std::size_t used_ = 0;  // of bytes_, handed out
    std::size_t filled_ = 0;
    std::vector<std::uint64_t> sessions_;
};

}  // namespace pawl::detail
