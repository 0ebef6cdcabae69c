// Ships this node's streams to one peer: finds where the peer stands, a snapshot when it must, then
// the bytes, and keeps what the peer says it has. An agent: knows journal and talk; not shards, not
// threads, not who may write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/replication/reign.hpp"
#include "engine/replication/snapshot_source.hpp"
#include "engine/replication/stream_source.hpp"
#include "engine/replication/talk.hpp"
#include "journal/directory.hpp"
#include "journal/epoch_log.hpp"
#include "journal/replicated_positions.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::replication {

struct SenderOptions {
    TalkOptions talk;  // `reigns` is set here
    // Of stream or snapshot in one frame. Default: large enough that a frame costs nothing beside
    // its bytes, small enough that other shards and signs of life get between. The link's bound
    // holds too.
    std::size_t run_bytes_max = std::size_t{256} << 10;
    // Runs per shard in one do_work(), so that it returns in bounded time. Default: 1 MiB.
    std::uint32_t runs_max = 4;
    // What the states hashed to behind these events; see detail::StateHash::copy(). Null: not
    // known.
    std::function<bool(std::uint32_t shard, std::uint64_t first, std::span<std::uint32_t> to)>
        trace;
};

enum class SenderState : std::uint8_t {
    asking,     // where does the peer stand?
    preparing,  // a snapshot is on its way; the peer will call again
    parting,    // the peer was told where the histories part; it will call again
    following,  // live: bytes leave as they are committed
    over,       // see end()
};

struct SenderCounters {
    std::uint64_t frames = 0;  // with records
    std::uint64_t record_bytes = 0;
    std::uint64_t head_bytes = 0;     // of them, from memory
    std::uint64_t segment_bytes = 0;  // of them, from disk
    std::uint64_t snapshot_bytes = 0;
    std::int64_t lag_ns = -1;  // from sending records to hearing that they were received
};

// One thread calls do_work() and everything else except positions(), which any thread may read.
class Sender {
public:
    // The epochs of a shard's stream, those written since the opening too.
    using EpochsOf = std::function<journal::EpochLog(std::uint32_t shard)>;

    // `link`: to an admitted peer. Storage and directory outlive it.
    Sender(journal::Storage& storage, journal::Directory& directory, std::unique_ptr<Link> link,
           const SenderOptions& options, EpochsOf epochs);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    std::size_t do_work(std::int64_t now_ns);

    SenderState state() const noexcept { return state_; }
    TalkEnd end() const noexcept { return talk_.end(); }
    const std::string& why() const noexcept { return talk_.why(); }
    // The highest epoch that was heard of: above options.talk.epoch when end() is fenced.
    std::uint64_t epoch_seen() const noexcept { return talk_.epoch(); }
    // The peer has records that this node has not, and no other history: take them first. Only
    // when over.
    bool peer_is_ahead() const noexcept { return peer_is_ahead_; }
    const Talk& talk() const noexcept { return talk_; }
    // It has said so, and has acknowledged nothing since: what it has may be less than what it is
    // counted on for.
    bool peer_is_incomplete() const noexcept { return peer_is_incomplete_; }

    // What the peer has said it has, in this conversation. 0 until it follows.
    const journal::ReplicatedPositions& positions(std::uint32_t shard) const noexcept;
    // The lowest position that this peer may still need: retention must leave it.
    Position needed(std::uint32_t shard) const noexcept;
    // Committed here and not yet received there, all shards.
    std::uint64_t lag_bytes() const noexcept;
    const SenderCounters& counters() const noexcept { return counters_; }

    // Somebody waits for everything below to be on the peer's disk: it writes what it has at once
    // instead of when its time has come.
    void want_on_disk(std::uint32_t shard, Position position) noexcept;

    // The arbiter says that another node reigns: then the peer need not ask. May not arrive.
    void tell(const KnownReign& known);
    // A higher epoch has begun: nothing is acknowledged any more.
    void raise_epoch(std::uint64_t epoch) { talk_.raise_epoch(epoch); }
    void stop(const std::string& why);

private:
    struct Shard;
    enum class Verdict : std::uint8_t { unknown, goes_on, parted, snapshot };

    void greet();
    void hear(const Received& frame);
    void hear_history(const Received& frame);
    void hear_positions(const Received& frame);
    void hear_remains(const Received& frame);
    void hear_trace_ask(const Received& frame);
    void judge();
    bool judge_shard(std::uint32_t index);
    void find_candidate(Shard& shard, std::uint32_t index);
    bool compare(Shard& shard, std::uint32_t index, std::optional<std::uint32_t> here);
    Result<bool> is_readable(std::uint32_t index, Position at, std::uint32_t checksum);
    void all_judged();
    void choose_snapshots();
    void answer();
    Result<bool> send_snapshot(Shard& shard, std::uint32_t index);
    std::size_t ship();
    std::size_t ask_for_disk();
    std::size_t ship_run(Shard& shard, std::uint32_t index, bool& room);
    void fail(const Error& error);
    void check_over();
    std::vector<StreamEnd> ends() const;

    journal::Storage& storage_;
    journal::Directory& directory_;
    const SenderOptions options_;
    const EpochsOf epochs_;
    Talk talk_;
    SenderState state_ = SenderState::asking;
    bool greeted_ = false;
    bool peer_is_ahead_ = false;
    bool peer_is_incomplete_ = false;
    std::int64_t now_ns_ = 0;
    std::optional<std::int64_t> ends_said_ns_;  // while following: never long ago
    std::uint32_t answered_ = 0;                // shards whose answer has left
    std::uint32_t turn_ = 0;                    // the shard that ships first
    std::optional<TraceTold> trace_;            // has to leave
    std::vector<std::unique_ptr<Shard>> shards_;
    std::size_t record_bytes_max_ = 0;
    SenderCounters counters_;
    Records records_;
};

}  // namespace pawl::replication
