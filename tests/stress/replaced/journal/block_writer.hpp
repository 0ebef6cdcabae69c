// In the place of journal/block_writer.hpp: takes words instead of records, and two of them fill a
// segment. Knows the preparer; no disk.
#pragma once

#include <cstddef>
#include <cstdint>

#include "journal/layout.hpp"
#include "journal/segment.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"
#include "tests/stress/ring_words.hpp"

namespace pawl::journal {

struct StreamTail {
    Position position;
};

enum class WriteOutcome : std::uint8_t { written, no_segment, failed };

class BlockWriter {
public:
    static constexpr std::uint64_t record = sizeof(std::uint64_t);
    static constexpr std::uint64_t records_in_a_segment = 2;

    // `headers`: how many segments have a header on disk.
    BlockWriter(Position begin, std::atomic<std::uint64_t>& headers) noexcept
        : tail_{begin}, headers_(headers) {}

    // Each word says where it stands.
    WriteOutcome write(const std::byte* records, std::uint64_t bytes, SegmentPreparer& preparer) {
        if (room_ == 0) {
            const auto prepared = preparer.take();
            if (prepared.file == nullptr) return WriteOutcome::no_segment;
            headers_.store(prepared.index, std::memory_order_relaxed);
            preparer.in_use();
            room_ = records_in_a_segment * record;
        }
        const std::uint64_t taken = bytes < room_ ? bytes : room_;
        for (std::uint64_t done = 0; done < taken; done += record)
            RL_ASSERT(stress::word_at(records + done).load(std::memory_order_relaxed) ==
                      tail_.position.value + done);
        room_ -= taken;
        tail_.position.value += taken;
        last_block_bytes_ = taken;
        return WriteOutcome::written;
    }
    const StreamTail& tail() const noexcept { return tail_; }
    std::uint64_t last_block_bytes() const noexcept { return last_block_bytes_; }
    std::uint64_t room_left_bytes() const noexcept { return room_; }
    const Error& failure() const noexcept { return failure_; }

private:
    StreamTail tail_;
    std::atomic<std::uint64_t>& headers_;
    std::uint64_t room_ = 0;
    std::uint64_t last_block_bytes_ = 0;
    Error failure_{ErrorCode::stopped, "never"};
};

}  // namespace pawl::journal
