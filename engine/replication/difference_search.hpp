// Finds the first event behind which a standby's states are not the primary's: asks for the
// primary's trace piece by piece and compares. Knows sequences and hashes; no state, no link.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/replication/protocol_messages.hpp"
#include "engine/replication/standby_streams.hpp"

namespace pawl::replication {

// One thread. For one difference.
class DifferenceSearch {
public:
    // What the witness speaks of outlives it and stands still.
    DifferenceSearch(const StateWitness& here, StatesDiffer what);

    // What to ask the primary next; only while !done().
    const TraceAsk& question() const noexcept { return ask_; }
    // False: that was not asked.
    [[nodiscard]] bool hear(const TraceTold& told);
    // The primary cannot be asked any more.
    void give_up(const std::string& why);
    bool done() const noexcept { return done_; }
    // One sentence: where it showed, and the event, or why none can be named. When done().
    const std::string& sentence() const noexcept { return sentence_; }

private:
    void ask_from(std::uint64_t sequence);
    void found(std::uint64_t sequence);
    void end(const std::string& sentence);

    const StateWitness& witness_;
    const StatesDiffer what_;
    TraceAsk ask_;
    std::vector<std::uint32_t> here_;
    bool done_ = false;
    std::string sentence_;
};

}  // namespace pawl::replication
