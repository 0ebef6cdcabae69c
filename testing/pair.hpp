// Two machines, an arbiter, clients, disks and the network between them, whole and in one thread
// under a seed. Knows what may go wrong and when; what is wrong is the witness's to say.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pawl/testing/simulated.hpp"
#include "testing/lane_session.hpp"
#include "testing/machine.hpp"
#include "testing/network_session.hpp"
#include "testing/trace.hpp"
#include "testing/witness.hpp"

namespace pawl::sim {

inline constexpr std::int64_t ms = 1'000'000;

// One thread. `plan` and `pool` outlive it.
class Pair {
public:
    Pair(RingPool& pool, const testing::detail::Plan& plan);
    ~Pair();
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    // The whole life that the plan asks for.
    testing::SimulationReport lead_life();

    // ---- or step by step
    // In steps of step_ns until then, or until something is wrong.
    void live(std::int64_t until_ns, const testing::Faults& faults, std::int64_t step_ns = ms);
    void bad_weather();
    // Nothing goes wrong any more, nobody asks for more, and every machine runs.
    void calm();
    // One primary, one standby that could take over, everything answered, both the same.
    bool healed();
    // What is to be seen when it is over and healed.
    void judge_end();

    std::int64_t now_ns() const noexcept { return now_ns_; }
    const std::string& wrong() const noexcept { return witness_.wrong(); }
    std::uint64_t acknowledged() const noexcept { return witness_.acknowledged(); }
    std::string story() const { return describe() + "\n" + trace_.story(80); }
    Machine& a() noexcept { return a_; }
    Machine& b() noexcept { return b_; }
    ArbiterStore& arbiter() noexcept { return arbiter_; }
    std::size_t in_sync() const;
    bool reigns_alone(const Machine& machine) const;
    bool other_goes_on(const Machine& machine);
    // The process of the machine ends this way; its clients notice.
    template <class How>
    void end(Machine& machine, const How& how) {
        everybody_leaves(machine);
        how();
    }

private:
    std::array<Machine*, 2> machines() { return {&a_, &b_}; }
    Machine& other(const Machine& machine) { return &machine == &a_ ? b_ : a_; }
    Surroundings surroundings(RingPool& pool);
    void note(const char* what, const std::string& about, std::uint64_t number);
    void note_fault(testing::Happened kind, const char* what, const std::string& about);
    std::string describe() const;
    Machine* the_primary();
    Machine* heard_by(const LaneSession& session, Machine* primary);
    Session& make_session(const std::string& name);
    std::size_t open_commands() const;
    void everybody_leaves(const Machine& machine);
    void step(const testing::Faults& faults, std::int64_t step_ns);
    void bad_luck(Machine& machine, const testing::Faults& faults);
    void end_somehow(Machine& machine, const testing::Faults& faults);
    void storage_trouble(Machine& machine);
    void network_trouble(Machine& machine);
    void cut_way(const std::string& from, const std::string& to);
    void client_trouble(NetworkSession& session, const testing::Faults& faults);
    bool strikes(std::uint32_t every_ms);
    void clients_work(const testing::Faults& faults);
    void fill(testing::SimulationReport& report) const;
    std::uint64_t& happened(testing::Happened kind) {
        return happened_[static_cast<std::size_t>(kind)];
    }

    const testing::detail::Plan& plan_;
    Trace trace_;
    Chance chance_;
    Chance load_;
    Network network_;
    ArbiterStore arbiter_;
    Witness witness_;
    Surroundings with_;
    Machine a_;
    Machine b_;
    ClientSurroundings clients_with_;
    std::vector<std::unique_ptr<LaneSession>> lane_sessions_;
    std::vector<std::unique_ptr<NetworkSession>> network_sessions_;
    std::vector<Session*> sessions_;  // all of them
    std::size_t loaded_ = 0;          // of these ask for what load() says
    std::int64_t now_ns_ = 1'000'000'000;
    std::int64_t step_ns_ = ms;
    std::uint64_t steps_ = 0;
    bool asking_ = true;
    std::array<std::uint64_t, static_cast<std::size_t>(testing::Happened::count)> happened_{};
};

}  // namespace pawl::sim
