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
#include "engine/runtime/stream_track.hpp"
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
        StreamTrack stream;
        std::unique_ptr<journal::StreamReader> reader;
    };
    Status begin_at(const std::vector<StreamPlace>& from);
    Status claim(std::vector<StreamPlace>& from, bool& is_new);
    Status check_place(std::uint32_t shard) const;
    std::uint64_t bound(std::uint32_t shard) const noexcept;
    Result<bool> fill(std::uint32_t shard);

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
