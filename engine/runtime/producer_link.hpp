// One thread's own way in: a lane per shard. Knows lanes; not commands' types.
#pragma once

#include <memory>
#include <vector>

#include "engine/ring/lane.hpp"
#include "engine/runtime/engine_core.hpp"
#include "pawl/detail/core.hpp"

namespace pawl::detail {

// Whether a producer goes on where its session's last life ended, for which it has to ask and wait.
enum class Numbering : std::uint8_t { goes_on, callers };

class LaneProducer final : public ProducerLink {
public:
    // `reader`, if there is one, is rung when there are answers; the engine's.
    LaneProducer(std::shared_ptr<EngineCore> owner, EngineCore& core,
                 const ProducerOptions& options, Numbering numbering, Bell* reader = nullptr);
    ~LaneProducer() override;

    MessagePlace place(std::uint32_t shard, Durability durability, std::size_t lines) override;
    MessagePlace place_patiently(std::uint32_t shard, Durability durability, std::size_t lines,
                                 std::chrono::nanoseconds patience) override;
    void send_placed(std::uint32_t shard) override;
    std::size_t take(RawReply* replies, std::size_t count) override;

private:
    void wait_for_the_last_life();

    std::shared_ptr<EngineCore> owner_;
    EngineCore& core_;
    std::vector<std::shared_ptr<Lane>> lanes_;
    std::size_t first_ = 0;
    std::size_t left_over_lane_ = 0;   // whose left_over is being taken
    std::size_t left_over_taken_ = 0;  // of it
};

}  // namespace pawl::detail
