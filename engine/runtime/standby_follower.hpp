// Follows a standby's streams as they are applied, and the engine's that it becomes. Knows where
// the copy is at present; not how it grows.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/platform/clock.hpp"
#include "engine/runtime/copy_progress.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/stream_track.hpp"
#include "pawl/detail/core.hpp"

namespace pawl::detail {

// Where readers find what they follow. Shared by a standby and its readers; any thread.
struct StandbyStage {
    std::shared_ptr<void> owner;  // of what the node's environment refers to
    Clock* clock = nullptr;       // the node's
    std::shared_ptr<const CopyProgress> progress;
    std::mutex mutex;            // held while a reader looks at the node, and for a change of it
    Node* node = nullptr;        // null: it is promoted or closed
    std::weak_ptr<Core> engine;  // what it was promoted to
    bool promoted = false;
    bool closed = false;  // and not promoted
};

// One thread. Hands out what is applied, each record once. When the copy was cut, or begun anew, it
// goes on only if the last record that it has handed out still stands where it stood.
class StandbyFollower final : public StreamFollower {
public:
    StandbyFollower(std::shared_ptr<StandbyStage> stage, std::uint32_t shards,
                    const FollowOptions& options);

    Result<bool> next(StreamRecord& record) override;
    std::vector<StreamPlace> places() const override;
    std::uint64_t lag_bytes() const override;
    std::chrono::nanoseconds age() const override;
    Status keep(const std::vector<StreamPlace>& places) override;

private:
    struct Track {
        StreamTrack stream;
        std::uint64_t copy = 0;  // the CopyProgress::copy in which its place was found; 0: in none
        std::unique_ptr<journal::StreamReader> reader;  // of that copy
    };
    // What a look at the node has found.
    struct Look {
        enum class Found : std::uint8_t { nothing, records, on_disk, another_copy, engine };
        Found found = Found::nothing;
        std::uint64_t copy = 0;
        std::uint64_t applied = 0;
        std::uint64_t on_disk = 0;  // of what is applied
        std::shared_ptr<Core> engine{};
    };

    bool nothing_new(std::uint32_t shard) const noexcept;
    void note_age() noexcept;
    Result<bool> fill(std::uint32_t shard);
    Result<Look> look(std::uint32_t shard);
    void look_at(StandbyCopy& copy, std::uint32_t shard, Look& look);
    Result<bool> find_place(std::uint32_t shard, const Look& look);
    Result<bool> read_from_disk(std::uint32_t shard, const Look& look);
    Status go_on_with(const std::shared_ptr<Core>& engine);
    bool is_still(std::uint64_t copy) const;
    Error lost(std::uint32_t shard, const std::string& why) const;

    const std::shared_ptr<StandbyStage> stage_;
    const CopyProgress& progress_;
    const Durability durability_;
    bool from_end_;
    std::vector<Track> tracks_;
    std::uint32_t turn_ = 0;
    std::int64_t fresh_ns_ = -1;
    std::unique_ptr<StreamFollower> engines_;  // when it was promoted
    Status begun_{Done{}};                     // why nothing comes any more
};

}  // namespace pawl::detail
