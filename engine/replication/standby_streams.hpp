// The streams of an open directory that grow from outside, and their way into state. Outlives the
// conversations that feed it. Knows appenders and sinks; not peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/replication/protocol.hpp"
#include "journal/directory.hpp"
#include "journal/recovery.hpp"
#include "journal/stream_appender.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::replication {

// A shard's states are not the primary's: what can be said of it here.
struct StatesDiffer {
    std::uint32_t shard = 0;
    std::string sentence;     // where it showed
    std::uint64_t since = 0;  // sequences: they agreed behind this event,
    std::uint64_t until = 0;  // and not behind this one
    std::string unnamed;      // said when no event can be named
};

// What the states' side answers to questions about them; see detail::StateHash.
struct StateWitness {
    // Whether a state record that was applied said something else.
    std::function<std::optional<StatesDiffer>(std::uint32_t shard)> differs;
    std::function<bool(std::uint32_t shard, std::uint64_t first, std::span<std::uint32_t> to)>
        trace;
    // The event with this sequence in words; it came after differs().since.
    std::function<std::string(std::uint32_t shard, std::uint64_t sequence)> event;
};

struct StandbyStreamsOptions {
    // Receives each shard's records behind its end, in order, once.
    journal::Directory::SinkOf sinks;
    // Where each shard goes on. Empty: where recovery ended.
    std::vector<journal::ShardEnd> ends{};
    // Empty: the shard's sink takes everything; else where and why it took no more: a sentence. May
    // be null: they never refuse.
    std::function<std::string(std::uint32_t shard)> trouble;
    // All or none of its functions: states are compared.
    StateWitness states{};
    // Of stream to sinks in one apply_some(), per shard. Default: about 0.1 ms of work.
    std::size_t apply_bytes_max = std::size_t{64} << 10;
};

// One thread, beside the journalers. While it lives nobody else writes to the heads.
class StandbyStreams {
public:
    // Nobody has written behind the ends. The directory outlives it.
    StandbyStreams(journal::Directory& directory, StandbyStreamsOptions options);
    ~StandbyStreams();
    StandbyStreams(const StandbyStreams&) = delete;
    StandbyStreams& operator=(const StandbyStreams&) = delete;

    std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(shards_.size()); }
    const journal::Directory& directory() const noexcept { return directory_; }

    // See journal::StreamAppender.
    Status offer(std::uint32_t shard, const journal::StreamRun& run);
    // As much of what waits as there is room for. Returns the bytes.
    std::uint64_t take_some();
    bool waiting() const noexcept;
    // What has come is written as a primary's is: when a block is full, or when its time has come.
    // Not so what somebody waits for: everything below goes to the disk at once.
    void want_on_disk(std::uint32_t shard, Position position);
    // A journaler has been asked to hurry since the last call: it may have to be woken.
    bool take_hurry() noexcept { return std::exchange(hurry_, false); }
    // The bytes that wait are about to go away.
    void forget_waiting();

    // From the heads to the sinks. Returns the bytes.
    std::uint64_t apply_some();
    // A shard's sink took no more: a sentence; empty: none has.
    const std::string& trouble() const noexcept { return trouble_; }
    // When that is why.
    const std::optional<StatesDiffer>& states_differ() const noexcept { return states_differ_; }
    const StateWitness& states() const noexcept { return options_.states; }

    Position received(std::uint32_t shard) const noexcept;
    Position synced(std::uint32_t shard) const noexcept;
    Position applied(std::uint32_t shard) const noexcept;
    // What may be acknowledged: nothing behind a state record that is not compared yet.
    ShardPositions positions(std::uint32_t shard) const noexcept;
    // Where a shard would go on, as a primary's: when everything is applied.
    journal::ShardEnd end(std::uint32_t shard) const;
    const journal::EpochLog& epochs(std::uint32_t shard) const noexcept;
    std::uint32_t last_checksum(std::uint32_t shard) const noexcept;
    // Where everything that was received ends, all shards.
    std::vector<StreamEnd> ends() const;

private:
    struct Shard {
        Shard(journal::Directory& directory, std::uint32_t index, const journal::ShardEnd& end,
              journal::RecordSink& to)
            : appender(directory, index, end), sink(to), applied(appender.end()) {}
        journal::StreamAppender appender;
        journal::RecordSink& sink;
        Position applied;
        std::deque<Position> uncompared;  // behind each state record that is not applied yet
    };
    void demand(std::uint32_t shard, Position position);
    void note_state_records(Shard& shard, const journal::StreamRun& run);
    bool is_troubled(std::uint32_t shard, bool compared);
    std::uint64_t apply_some(Shard& shard, std::uint32_t index);

    journal::Directory& directory_;
    const StandbyStreamsOptions options_;
    std::vector<std::unique_ptr<Shard>> shards_;
    bool hurry_ = false;
    std::string trouble_;
    std::optional<StatesDiffer> states_differ_;
};

}  // namespace pawl::replication
