// What may happen to a simulated pair of nodes, what did, and how it ended. Knows plain values.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "pawl/options.hpp"

namespace pawl::testing {

// How often: about so many simulated milliseconds between two of a kind, on each node; 0: never.
struct Faults {
    // A process dies, a node's or a client's; the machine and its memory stay.
    std::uint32_t kill_every_ms = 0;
    // A process dies within one of its next 400 storage calls: before, in the middle, or after it.
    std::uint32_t die_in_call_every_ms = 0;
    // Power is lost: any subset of what was not synced is gone, in any order. Only while the other
    // node has everything: of two disks that fail at once nobody promises anything.
    std::uint32_t power_cut_every_ms = 0;
    // Another machine of the same name, with an empty disk. Only as above.
    std::uint32_t replace_every_ms = 0;
    // A process stands still for up to 1.5 s: longer than every time-out.
    std::uint32_t pause_every_ms = 0;
    // A node's wall clock jumps by an hour, back or forth.
    std::uint32_t clock_jump_every_ms = 0;
    // One way between the nodes is cut, or both, or between a client and a node, or mended; all
    // connections break, or are half-open from now on: nothing arrives and nobody is told.
    std::uint32_t partition_every_ms = 0;
    // The arbiter is out of reach for a node, or for all.
    std::uint32_t arbiter_lost_every_ms = 0;
    // One of the next 400 storage calls of a node fails: an error, or for a while no room.
    std::uint32_t storage_every_ms = 0;
    // An operator asks the primary to hand over.
    std::uint32_t switchover_every_ms = 0;
    // Bytes between nodes, or nodes and clients: late by up to 30 ms, few at a time, lost, doubled,
    // overtaken by later ones, one bit changed, connections refused, broken or half-open in the
    // middle of a message. Questions to the arbiter and its answers: late by up to 3 s, lost;
    // questions doubled.
    bool weather = false;

    static Faults none() { return {}; }
    static Faults all() {
        Faults faults;
        faults.kill_every_ms = 2000;
        faults.die_in_call_every_ms = 3000;
        faults.power_cut_every_ms = 3000;
        faults.replace_every_ms = 6000;
        faults.pause_every_ms = 2000;
        faults.clock_jump_every_ms = 4000;
        faults.partition_every_ms = 1000;
        faults.arbiter_lost_every_ms = 2000;
        faults.storage_every_ms = 4000;
        faults.switchover_every_ms = 1000;
        faults.weather = true;
        return faults;
    }
};

struct SimulationOptions {
    std::uint64_t seed = 1;  // the same seed and program: the same life, step by step
    // How long things go wrong, in simulated time; before it 0.4 s without faults.
    std::chrono::milliseconds lasts{3000};
    Faults faults = Faults::all();
    // After the faults both nodes are brought back, and nothing goes wrong any more: by then there
    // is one primary, its standby is equal, and every command is answered.
    std::chrono::milliseconds heal_within{20'000};
    // Sessions that ask for what load() says: in turns in the primary's process and on machines of
    // their own, as pawl::Client.
    std::uint32_t clients = 3;
    Durability durability = Durability::replicated;  // of every command; or replicated_synced
    ReplicationPolicy policy = ReplicationPolicy::available;
    std::uint32_t shards = 2;
    std::size_t head_bytes = std::size_t{64} << 10;  // of each node, as in EngineOptions
    std::size_t segment_bytes = std::size_t{64} << 10;
    // Not 0: snapshots as often, and segments that are behind them are removed, as in EngineOptions
    // with Retention::remove.
    std::uint64_t snapshot_every_bytes = 0;
    // Hears what happens, a sentence at a time, in order. May be empty.
    std::function<void(const std::string& sentence)> tell{};
};

// What happened in a simulated life.
enum class Happened : std::uint8_t {
    reigns,                        // an engine that may write began
    reigns_without_the_beginning,  // of these, behind a snapshot: what was before is removed
    kills,
    client_restarts,
    deaths_in_calls,
    power_cuts,
    replacements,
    pauses,
    clock_jumps,
    partitions,
    arbiter_losses,
    storage_faults,
    switchovers,  // that were asked for
    connections_broken,
    connections_half_open,
    bytes_flipped,
    bytes_vanished,
    bytes_doubled,
    bytes_overtaken,
    connections_refused,
    questions_lost,
    answers_lost,
    questions_doubled,
    questions_late,
    answers_late,
    outcomes_unknown,  // a client heard so, and the answer later
    count
};
// "kills": the words of a table.
const char* to_string(Happened what) noexcept;

struct SimulationReport {
    // Empty: everything held. Else what did not, on which node, when, and how to see it again.
    std::string sentence;
    bool ok() const noexcept { return sentence.empty(); }

    std::uint64_t seed = 0;
    std::uint64_t steps = 0;         // of one simulated millisecond
    std::uint64_t acknowledged = 0;  // commands
    std::uint64_t rejected = 0;      // of these, by their aggregate
    std::uint64_t checks = 0;        // of invariants
    std::uint64_t trace = 0;  // one number over all that happened: the same for the same seed
    std::string story;        // not ok: the last steps, a line each
    std::uint64_t happened(Happened what) const noexcept {
        return happened_[static_cast<std::size_t>(what)];
    }

    std::array<std::uint64_t, static_cast<std::size_t>(Happened::count)> happened_{};
};

}  // namespace pawl::testing
