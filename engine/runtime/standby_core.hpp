// An open standby: a node and its threads, until it becomes an engine. Knows how they are put
// together; what they do is theirs.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/runtime/crew.hpp"
#include "engine/runtime/gateway.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/standby_follower.hpp"
#include "pawl/detail/core.hpp"

namespace pawl::detail {

class StandbyCore final : public FollowerCore {
public:
    // What an engine that steps down leaves.
    struct Kept {
        OpenedJournal journal;
        std::optional<replication::KnownReign> reign{};
    };
    // `ways`: with links of this boot. What the environment refers to lives as long as `owner`.
    static Result<std::unique_ptr<FollowerCore>> open(const EngineOptions& options, Domain domain,
                                                      const Environment& environment,
                                                      std::uint64_t boot, NodeWays ways,
                                                      std::shared_ptr<void> owner = nullptr);
    // The same for an engine that steps down, on what it keeps.
    static Result<std::unique_ptr<FollowerCore>> go_on(const EngineOptions& options,
                                                       std::shared_ptr<const Domain> domain,
                                                       const Environment& environment,
                                                       std::uint64_t boot, NodeWays ways,
                                                       std::shared_ptr<void> owner, Kept kept);
    ~StandbyCore() override;

    NodeStatus status() override;
    Result<bool> wait_for_turn(std::chrono::nanoseconds patience) override;
    Result<std::shared_ptr<Core>> promote() override;
    bool ask(std::uint32_t shard, std::uint8_t aggregate_type, Id id, Question& question) override;
    std::uint64_t state_hash() override;
    std::uint32_t shard_count() const noexcept override { return shards_; }
    void accept_loss() override {
        if (node_ != nullptr) node_->accept_loss();
    }
    std::unique_ptr<StreamFollower> follow(const FollowOptions& options) override;
    std::size_t poll() override;
    Status close() override;

private:
    StandbyCore(std::shared_ptr<Node> node, std::shared_ptr<void> owner);
    static Result<std::unique_ptr<FollowerCore>> begin(
        const EngineOptions& options, std::unique_ptr<StandbyCopy> copy, std::uint64_t boot,
        NodeWays ways, std::shared_ptr<void> owner,
        const std::optional<replication::KnownReign>& known);
    void start();
    void leave_stage(bool closed);
    std::size_t node_work();
    std::size_t gateway_work();

    std::shared_ptr<void> owner_;
    const std::uint32_t shards_;
    std::shared_ptr<Node> node_;            // null: promoted, or
    std::string no_engine_;                 // why it could not be
    std::unique_ptr<OpenGateway> gateway_;  // tells clients where the primary is; null: nobody
    std::int64_t look_ns_ = 0;              // when the gateway looks again where that is
    std::shared_ptr<StandbyStage> stage_;
    Bell replica_bell_;  // the disk has more
    Bell journal_bell_;  // somebody waits for the disk
    Crew crew_;
};

}  // namespace pawl::detail
