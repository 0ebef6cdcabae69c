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
    LaneProducer(std::shared_ptr<EngineCore> owner, EngineCore& core,
                 const ProducerOptions& options, Numbering numbering);
    ~LaneProducer() override;

    Offer try_send(std::uint32_t shard, const MessageBuffer& message) override;
    Offer send(std::uint32_t shard, const MessageBuffer& message,
               std::chrono::nanoseconds patience) override;
    std::size_t take(RawReply* replies, std::size_t count) override;
    std::uint64_t next_number() override { return next_number_; }
    void number_used(std::uint64_t number) override {
        if (number >= next_number_) next_number_ = number + 1;
    }
    SessionId session() const override { return session_; }

private:
    void wait_for_the_last_life();

    std::shared_ptr<EngineCore> owner_;
    EngineCore& core_;
    const SessionId session_;
    std::uint64_t next_number_ = 1;
    std::vector<std::shared_ptr<Lane>> lanes_;
    std::size_t first_ = 0;
    std::size_t left_over_lane_ = 0;   // whose left_over is being taken
    std::size_t left_over_taken_ = 0;  // of it
};

}  // namespace pawl::detail
