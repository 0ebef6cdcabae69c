// One machine of a replicated engine in the simulation: its disk, its process, which is a standby
// or an engine. Knows the production code's way in; what must be true is the judge's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pawl/detail/core.hpp"
#include "testing/arbiter.hpp"
#include "testing/chance.hpp"
#include "testing/clock.hpp"
#include "testing/disk.hpp"
#include "testing/network.hpp"

namespace pawl::detail {
struct NodeWays;
}

namespace pawl::sim {

// What all machines have in common. Outlives them.
struct Surroundings {
    RingPool& pool;
    Network& network;
    ArbiterStore& arbiter;
    Chance& chance;
    const pawl::detail::Domain& domain;
    std::uint32_t shards = 2;
    std::size_t head_bytes = std::size_t{64} << 10;
    std::size_t segment_bytes = std::size_t{64} << 10;
    ReplicationPolicy policy = ReplicationPolicy::available;
    std::uint64_t snapshot_every_bytes = 0;
    // What happens, in words and one number. Not null.
    std::function<void(const char* what, const std::string& about, std::uint64_t number)> note;
};

// Where a machine of this name listens to clients.
std::string clients_address(const std::string& name);

// One thread. A process of it begins with start().
class Machine {
public:
    Machine(const Surroundings& surroundings, std::string name, std::string peer, bool may_begin);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    const std::string& name() const noexcept { return name_; }
    Disk& disk() noexcept { return *disk_; }
    Clock& clock() noexcept { return clock_; }

    // ---- processes
    void start();
    bool runs() const noexcept { return standby_ != nullptr || engine_ != nullptr; }
    void kill();
    void cut_power();
    void replace();  // another machine of the same name, with nothing on its disk
    void pause_until(std::int64_t ns) noexcept { paused_until_ns_ = ns; }
    std::int64_t paused_until_ns() const noexcept { return paused_until_ns_; }
    // One turn. A standby whose turn has come becomes an engine; an engine that may not write any
    // more, a standby.
    void work();

    // ---- what it is at present: at most one of them
    pawl::detail::Core* engine() const noexcept { return engine_.get(); }
    pawl::detail::FollowerCore* standby() const noexcept { return standby_.get(); }
    // Grows with every engine.
    std::uint64_t reign() const noexcept { return reign_; }
    // In which the engine began. Costs nothing, unlike a status.
    std::uint64_t epoch() const noexcept { return epoch_; }
    // Where what its engine has kept begins, by shard.
    std::vector<std::uint64_t> kept() const;
    // Its reign, and everything before it.
    bool has_begun_on_disk() const;
    NodeStatus status() const;
    // It could go on alone without a loss: there is a journal, and no word on disk that something
    // may be gone.
    bool is_whole() const;
    // A process with this boot has run on the disk that it has now.
    bool has_led(std::uint64_t boot) const noexcept;
    // Why there is neither.
    const std::string& refusal() const noexcept { return refusal_; }

private:
    std::unique_ptr<Disk> new_disk();
    EngineOptions options();
    pawl::detail::NodeWays ways(std::uint64_t boot);
    bool step_down();
    void end_engine();
    bool become_engine();
    void end_process();

    const Surroundings with_;
    const std::string name_;
    const std::string peer_;
    const bool may_begin_;
    Clock clock_;
    // A client may hold an engine that has ended longer than its machine was there.
    std::vector<std::unique_ptr<Disk>> old_disks_;
    std::unique_ptr<Disk> disk_;
    std::vector<std::uint64_t> boots_;  // of the processes that this disk has seen
    std::unique_ptr<pawl::detail::FollowerCore> standby_;
    std::shared_ptr<pawl::detail::Core> engine_;
    std::uint64_t reign_ = 0;
    std::uint64_t epoch_ = 0;
    std::vector<Position> begun_at_;  // by shard: behind the reign's first records
    std::int64_t paused_until_ns_ = 0;
    bool its_turn_ = false;  // as its standby said once
    std::string refusal_;
};

}  // namespace pawl::sim
