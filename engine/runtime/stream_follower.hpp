// Follows every shard's stream: from the head while it is there, from the segments where it is not.
// Knows records.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/engine_core.hpp"
#include "journal/reader.hpp"
#include "pawl/detail/core.hpp"

namespace pawl::detail {

// One thread. Never slows a shard down: who lags reads from the disk.
class JournalFollower final : public StreamFollower {
public:
    JournalFollower(std::shared_ptr<EngineCore> owner, EngineCore& core,
                    const FollowOptions& options);
    ~JournalFollower() override;

    Result<bool> next(StreamRecord& record) override;
    std::vector<StreamPlace> places() const override;
    std::uint64_t lag_bytes() const override;
    std::chrono::nanoseconds age() const override;
    Status keep(const std::vector<StreamPlace>& places) override;

private:
    struct Track {
        std::uint64_t position = 0;     // of the next record to hand out
        std::uint32_t events_done = 0;  // of it, by whoever kept the cursor
        std::vector<std::byte> bytes;
        std::size_t used = 0;  // of bytes handed out
        std::size_t filled = 0;
        std::unique_ptr<journal::StreamReader> reader;
        std::vector<std::uint64_t> sessions;  // id by index, as far as met
    };
    Status begin_at(const std::vector<StreamPlace>& from);
    Status claim(std::vector<StreamPlace>& from, bool& is_new);
    Status check_place(std::uint32_t shard) const;
    std::uint64_t bound(std::uint32_t shard) const noexcept;
    Result<bool> next_of(std::uint32_t shard, StreamRecord& record);
    bool fill_from_head(std::uint32_t shard, Track& track, std::uint64_t end);
    Result<bool> next_from_segments(std::uint32_t shard, Track& track, std::uint64_t end,
                                    const std::byte*& bytes);
    void hand_out(std::uint32_t shard, Track& track, const std::byte* bytes, StreamRecord& record);

    std::shared_ptr<EngineCore> owner_;
    EngineCore& core_;
    const Durability durability_;
    std::vector<Track> tracks_;
    std::uint32_t turn_ = 0;
    std::int64_t fresh_ns_ = -1;  // when nothing was left the last time
    std::string durable_name_;    // claimed; empty: none
    Status begun_{Done{}};        // why it cannot be followed from there
};

}  // namespace pawl::detail
