// One machine of a replicated engine in the simulation: its disk, its process, which is a standby
// or an engine. Knows the production code's way in; what must be true is the judge's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pawl/standby.hpp"
#include "testing/arbiter.hpp"
#include "testing/chance.hpp"
#include "testing/clock.hpp"
#include "testing/disk.hpp"
#include "testing/network.hpp"
#include "testing/trace.hpp"

namespace pawl::sim {

// A list of what was asked, in the order in which it was done.
struct List {
    struct Note {
        std::uint64_t number;
    };
    struct Noted {
        std::uint64_t number;
    };
    using Commands = pawl::Commands<Note>;
    using Events = pawl::Events<Noted>;

    std::pmr::vector<std::uint64_t> numbers;

    List() = default;
    explicit List(std::pmr::memory_resource* memory) : numbers(memory) {}
    Verdict decide(const Note& ask, Context<List>& ctx) const {
        ctx.emit(Noted{ask.number});
        return accept;
    }
    void apply(const Noted& event) noexcept { numbers.push_back(event.number); }
    template <class Archive>
    void snapshot(Archive& archive) {
        const std::size_t count = archive.count(numbers.size());
        if constexpr (Archive::loading) numbers.resize(count);
        for (std::uint64_t& number : numbers) archive.value(number);
    }
};

using ListEngine = Engine<List>;
using ListStandby = Standby<List>;
using Numbers = std::vector<std::uint64_t>;

inline constexpr std::uint32_t machine_shards = 2;
inline constexpr Id lists = 4;

// What all machines have in common. Outlives them.
struct Surroundings {
    RingPool& pool;
    Network& network;
    ArbiterStore& arbiter;
    Trace& trace;
    Chance& chance;
    ReplicationPolicy policy = ReplicationPolicy::available;
};

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
    bool runs() const noexcept { return standby_.has_value() || engine_.has_value(); }
    void kill();
    void cut_power();
    void replace();  // another machine of the same name, with nothing on its disk
    void pause_until(std::int64_t ns) noexcept { paused_until_ns_ = ns; }
    // One turn. A standby whose turn has come becomes an engine; an engine that may not write any
    // more, a standby.
    void work();

    // ---- as a primary
    ListEngine* engine() noexcept { return engine_ ? &*engine_ : nullptr; }
    // Grows with every engine.
    std::uint64_t reign() const noexcept { return reign_; }
    NodeStatus status();
    // It could go on alone without a loss: there is a journal, and no word on disk that something
    // may be gone.
    bool is_whole() const;
    // Of the engine or the copy; nothing when there is none.
    std::optional<std::vector<Numbers>> content();
    const std::string& refusal() const noexcept { return refusal_; }

private:
    EngineOptions options();
    void end_process();

    const Surroundings with_;
    const std::string name_;
    const std::string peer_;
    const bool may_begin_;
    Clock clock_;
    std::unique_ptr<Disk> disk_;
    std::optional<ListStandby> standby_;
    std::optional<ListEngine> engine_;
    std::uint64_t boots_ = 0;
    std::uint64_t reign_ = 0;
    std::int64_t paused_until_ns_ = 0;
    std::string refusal_;
};

}  // namespace pawl::sim
