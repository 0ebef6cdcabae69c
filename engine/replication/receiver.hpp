// A standby's side of a conversation with its primary: says what is here, takes what is missing,
// acknowledges. An agent: knows journal and talk; not aggregates, not threads, not who may write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/replication/difference_search.hpp"
#include "engine/replication/reign.hpp"
#include "engine/replication/standby_streams.hpp"
#include "engine/replication/talk.hpp"
#include "journal/adopt.hpp"
#include "journal/cut.hpp"
#include "journal/incoming_snapshot.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::replication {

struct ReceiverOptions {
    TalkOptions talk;       // `reigns` is cleared here
    std::string directory;  // where a snapshot that comes is put
    // Frames, and bytes in them, in one do_work(), so that it returns in bounded time: the last
    // frame may go beyond. Default of the bytes: as many as a sender sends in one.
    std::uint32_t frames_max = 64;
    std::size_t bytes_max = std::size_t{1} << 20;
    // News that nobody waits for, of what is applied or on the disk, is told with the next that
    // somebody does, or after so long.
    std::int64_t idle_news_ns = 1'000'000;
    // When the states differ: how long the primary may take to say where it began.
    std::int64_t difference_ns_max = 1'000'000'000;
};

enum class ReceiverState : std::uint8_t {
    asking,     // what is that directory, and where do the histories part?
    taking,     // a snapshot comes in
    following,  // live
    over,       // see end() and todo()
};

// What has to be done to the directory, closed, before the next conversation.
enum class Todo : std::uint8_t {
    nothing,
    cut,    // journal::cut_directory() with parts()
    adopt,  // journal::adopt_directory() with origin() and begins()
};

// One thread calls everything. Destroyed: what waits in the streams is forgotten.
class Receiver {
public:
    // `streams` null: there is no directory yet. `link`: to an admitted peer. Storage and streams
    // outlive it; only one receiver at a time feeds them.
    Receiver(journal::Storage& storage, StandbyStreams* streams, std::unique_ptr<Link> link,
             const ReceiverOptions& options);
    ~Receiver();
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    // Frames, then acknowledgements, then the sinks: who waits for a reply waits for the first two.
    std::size_t do_work(std::int64_t now_ns);

    ReceiverState state() const noexcept { return state_; }
    TalkEnd end() const noexcept { return talk_.end(); }
    const std::string& why() const noexcept { return talk_.why(); }
    std::uint64_t epoch_seen() const noexcept { return talk_.epoch(); }
    const Talk& talk() const noexcept { return talk_; }
    // What the primary has heard of the arbiter: another node reigns. Once.
    std::optional<KnownReign> take_reign_told() { return std::exchange(reign_told_, {}); }

    // When over with end() done.
    Todo todo() const noexcept { return todo_; }
    const std::vector<journal::PartPoint>& parts() const noexcept { return parts_; }
    const journal::Origin& origin() const noexcept { return origin_; }
    const std::vector<Position>& begins() const noexcept { return begins_; }

    // The primary's end as of its last sign of life; 0: not heard yet.
    Position primary_end(std::uint32_t shard) const noexcept;
    // When that came; -1: not yet.
    std::int64_t primary_heard_ns() const noexcept { return primary_heard_ns_; }

    // From now on nothing of a lower epoch is taken or acknowledged.
    void raise_epoch(std::uint64_t epoch) { talk_.raise_epoch(epoch); }
    // From now on: false: what is here may be less than what the primary counts on; it hears so,
    // and nothing is acknowledged. Before anything is done: true.
    void acknowledges(bool truly) noexcept { acknowledges_ = truly; }
    // Ends it in order; nothing is acknowledged afterwards.
    void stop(const std::string& why);

private:
    struct Answer {
        bool known = false;
        bool snapshot = false;
        Position position;  // part point, or the snapshot's
        std::uint32_t checksum = 0;
    };
    void hear(const Received& frame);
    void hear_directory(const Received& frame);
    void hear_part_point(const Received& frame);
    void hear_records(const Received& frame);
    void hear_snapshot_begin(const Received& frame);
    void hear_snapshot_chunk(const Received& frame);
    void hear_snapshot_end(const Received& frame);
    void hear_trace(const Received& frame);
    void hear_reign(const Received& frame);
    void hear_sync_ask(const Received& frame);
    void end_for_trouble();
    void tell_histories();
    void all_answered();
    void acknowledge();
    bool is_urgent(std::uint32_t shard, const ShardPositions& now) const noexcept;
    void tell_remains();
    bool is_same_directory();
    void faulty(const std::string& what);
    void fail(const Error& error);
    void check_over();

    journal::Storage& storage_;
    StandbyStreams* const streams_;
    const ReceiverOptions options_;
    Talk talk_;
    ReceiverState state_ = ReceiverState::asking;
    bool directory_known_ = false;
    journal::Origin origin_;
    std::uint32_t told_ = 0;  // histories that have left
    std::vector<Answer> answers_;
    std::unique_ptr<journal::IncomingSnapshot> incoming_;
    std::uint32_t incoming_shard_ = 0;
    Todo todo_ = Todo::nothing;
    std::vector<journal::PartPoint> parts_;
    std::vector<Position> begins_;
    std::optional<KnownReign> reign_told_;
    std::vector<Position> primary_ends_;
    std::int64_t primary_heard_ns_ = -1;
    std::int64_t now_ns_ = 0;
    Positions said_;  // the last acknowledgement
    bool said_any_ = false;
    std::int64_t said_ns_ = 0;
    std::vector<Position> disk_wanted_;
    bool acknowledges_ = true;
    bool told_remains_ = false;  // since it does not
    std::int64_t echo_ns_ = 0;   // sent_ns of the last records
    Records records_;
    std::optional<DifferenceSearch> search_;
    std::int64_t search_ends_ns_ = 0;
    bool search_asked_ = false;
};

}  // namespace pawl::replication
