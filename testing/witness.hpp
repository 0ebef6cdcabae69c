// Judges a simulated life by what clients were told and what journals say: knows records, sessions
// and numbers; nothing of how either came about.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "pawl/detail/core.hpp"
#include "pawl/testing/simulated.hpp"

namespace pawl::sim {

// One thread.
class Witness {
public:
    Witness(const testing::detail::Plan& plan);

    // A client heard this.
    void told(SessionId session, const std::string& name, const pawl::detail::RawReply& reply);
    // An engine that may write has begun: everything that was told so far is in it, unless a later
    // epoch has begun already: then it will never acknowledge anything. `first`: where what it has
    // kept begins, by shard; what is removed there was read in an earlier reign.
    void begins(const std::string& node, std::uint64_t epoch, pawl::detail::Core& engine,
                const std::vector<std::uint64_t>& first);
    // What it has added since.
    void look();
    // Looks at nothing any more.
    void leave() noexcept { follower_.reset(); }
    // Before this engine ends.
    void leave(const pawl::detail::Core* engine) noexcept;
    // It serves no more, for good: nothing else changes. Its states are what its records amount to,
    // and everything told is there.
    void end(std::uint64_t state_hash);

    // What was wrong first; empty: nothing.
    const std::string& wrong() const noexcept { return wrong_; }
    void complain(const std::string& what);
    std::uint64_t acknowledged() const noexcept { return acknowledged_; }
    std::uint64_t rejected() const noexcept { return rejected_; }
    std::uint64_t checks() const noexcept { return checks_; }
    std::uint64_t state_hash() const;  // of what the records amount to

private:
    // What became of a command, as far as somebody said so.
    struct Outcome_ {
        bool told = false;
        bool found = false;  // in the present engine's journal
        Outcome outcome{};
        std::uint16_t reason = 0;
        std::uint16_t events = 0;
        std::uint32_t shard = 0;
        std::uint64_t position = 0;
        std::uint64_t sequence = 0;
    };
    struct Heard {
        std::string name;
        std::vector<Outcome_> commands;      // by number, from 1
        std::vector<std::uint64_t> highest;  // in the present engine's journal, per shard
        std::size_t missing = 0;             // told and not found
        Outcome_& at(std::uint64_t number);
    };

    // A record as it was read.
    struct Kept {
        std::uint64_t position;
        std::uint64_t session_id;
        std::vector<std::byte> bytes;
    };

    void read_again(std::uint32_t shard, std::uint64_t end);
    void read_on();
    void read(const pawl::detail::StreamRecord& record);
    void compare(const Heard& heard, std::uint64_t number, const Outcome_& there);
    void check_invariants();

    const testing::detail::Plan& plan_;
    std::unordered_map<std::uint64_t, Heard> sessions_;
    std::set<std::uint64_t> epochs_;
    std::string node_;
    std::uint64_t epoch_ = 0;
    const pawl::detail::Core* engine_ = nullptr;
    std::unique_ptr<pawl::detail::StreamFollower> follower_;
    testing::detail::Machines states_;
    std::vector<std::vector<Kept>> history_;  // of the present engine, by shard
    std::string wrong_;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t rejected_ = 0;
    std::uint64_t checks_ = 0;
};

}  // namespace pawl::sim
