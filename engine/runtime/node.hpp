// One node of a replicated engine: what it hears of its peers and of the arbiter, and what its
// streams do about it. An agent: knows roles, links and streams; no aggregate, no thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/replication/handshake.hpp"
#include "engine/replication/link_redial.hpp"
#include "engine/replication/receiver.hpp"
#include "engine/replication/remains_talk.hpp"
#include "engine/replication/role_machine.hpp"
#include "engine/replication/sender.hpp"
#include "engine/runtime/complaint.hpp"
#include "engine/runtime/copy_progress.hpp"
#include "engine/runtime/standby_copy.hpp"
#include "journal/replicated_positions.hpp"
#include "pawl/role.hpp"

namespace pawl::detail {

// How a node reaches others: the system's sockets and arbiter, or a test's.
struct NodeWays {
    // How links ended, as they count it; outlives them. Null: nobody counts.
    std::shared_ptr<const replication::LinkEnds> ends{};
    std::shared_ptr<replication::Connector> connector;
    std::unique_ptr<replication::Listener> listener;
    std::unique_ptr<replication::Arbiter> arbiter;
    replication::RandomSource random;
    // Until a link can go on, so long, or the descriptor is readable: then true. Null: nobody
    // sleeps.
    std::function<bool(std::int64_t max_ns, int also_fd)> sleep{};
    // Where clients call. Null: at EngineOptions::listen, over TCP.
    std::unique_ptr<replication::Listener> clients{};
};

struct NodeOptions {
    ReplicationOptions replication;
    std::uint64_t boot = 0;  // of this life, as the ways' links have it; not 0
    // Of the engine's node that stepped down just now.
    std::optional<replication::KnownReign> known{};
    // For operators: a role, the in-sync set or the directory has changed. May be null.
    std::function<void(const std::string& sentence)> say;
};

// What a primary's shards do for the node. Called on the node's thread.
struct Reigning {
    journal::Directory* directory = nullptr;  // outlives the reign
    std::vector<journal::EpochLog> epochs;    // of each stream, this reign's own included
    std::function<void()> hold;               // decide nothing from now on
    std::function<bool()> held;               // every shard has obeyed
    std::function<void()> go_on;
    std::function<void(std::uint32_t shard)> gate_moved;  // somebody may have waited for it
    // What a shard's states hashed to behind these events; false: not known any more. Null: never.
    std::function<bool(std::uint32_t shard, std::uint64_t first, std::span<std::uint32_t> to)>
        trace;
};

// do_work() and the functions behind it are the agent's thread's; what says so is for any thread.
class Node {
public:
    Node(const NodeOptions& options, std::unique_ptr<StandbyCopy> copy, NodeWays ways);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Recovers what is there, unless the copy is open already. Before anything else.
    Status begin();
    std::size_t do_work(std::int64_t now_ns);
    // The last one left something that somebody waits for to be written: see write_some() of
    // copy().
    bool hurries_disk() const noexcept { return hurries_disk_; }
    // Between two of them its thread may sleep: until a peer has something, a timer may be due, or
    // `bell_fd` is readable: then true. Null: these ways do not say when. The node outlives it.
    std::function<bool(int bell_fd)> sleeper();
    // Something went wrong that only a new opening can mend: a sentence; empty: nothing. Any
    // thread.
    std::string failure() const;
    // How its connections to other nodes ended; null: nobody counts.
    const replication::LinkEnds* link_ends() const noexcept { return ways_.ends.get(); }

    // ---- a follower; any thread
    StandbyCopy& copy() noexcept { return *copy_; }
    // Calls `visit` between two steps of the agent, while the states stand still.
    void visit(const std::function<void(StandbyCopy&)>& visit);
    // For readers of the copy. Moves only while the node follows.
    const std::shared_ptr<CopyProgress>& progress() const noexcept { return progress_; }
    // This node is to be primary, and everything it has is applied: take() now.
    bool ready_to_reign() const noexcept { return ready_.load(std::memory_order_acquire); }

    // ---- becoming primary: whoever opens the engine calls these, while nobody calls do_work()
    OpenedJournal take() { return copy_->take(); }
    std::uint64_t epoch() const noexcept { return roles_->epoch(); }
    // The epoch's records are in the streams.
    void reign(Reigning reigning);
    // For the reply gate. Lives as long as the node.
    journal::ReplicatedPositions& gate(std::uint32_t shard) noexcept { return *gates_[shard]; }

    // ---- a primary; any thread
    // What the arbiter said last, when another node is primary.
    std::optional<replication::KnownReign> known_reign() const;
    // See StandbyCopy::next_boot().
    std::uint64_t next_boot() const noexcept { return copy_->next_boot(); }
    // See replication::RoleMachine::namesake().
    std::string namesake() const;
    // It must not answer any more. Final.
    bool is_over() const noexcept { return over_.load(std::memory_order_acquire); }
    // Plans a switchover to this peer. Done: it is under way.
    Status hand_over(const std::string& peer, AfterHandOver then);
    // What a loss of this machine would take with it begins here: on every other node of the set is
    // what is below; while this one is alone in it, on its disk.
    Position safe(std::uint32_t shard) const noexcept {
        return Position{safe_[shard]->load(std::memory_order_acquire)};
    }
    // What the slowest peer that follows has received; nothing: none does.
    std::optional<Position> slowest(std::uint32_t shard) const noexcept {
        const std::uint64_t at = slowest_[shard]->load(std::memory_order_acquire);
        if (at == ~std::uint64_t{0}) return std::nullopt;
        return Position{at};
    }
    // What retention must leave for the peers that are there.
    Position needed(std::uint32_t shard) const noexcept {
        return Position{needed_[shard]->load(std::memory_order_relaxed)};
    }
    // An operator's word: nobody has more than this node.
    void accept_loss();
    NodeStatus status() const;

    // Ends every conversation in order; nothing is acknowledged afterwards, and nobody is called
    // or heard.
    void leave(const std::string& why);

private:
    struct Peer {
        std::string name{};
        std::string address{};
        std::unique_ptr<replication::Sender> sender{};
        std::uint64_t frames = 0;  // of the sender's, as heard so far
        std::uint64_t mark = 0;
        std::vector<Position> mark_at{};
        std::unique_ptr<replication::RemainsTalk> remains{};  // while both may have lost something
        std::uint64_t remains_boot = 0;
    };
    // The least of all that count: nobody, all there is.
    struct Copies {
        std::uint64_t received = ~std::uint64_t{0};
        std::uint64_t synced = ~std::uint64_t{0};
        std::uint64_t applied = ~std::uint64_t{0};
        std::uint64_t needed = ~std::uint64_t{0};   // by anybody who is there
        std::uint64_t slowest = ~std::uint64_t{0};  // received by anybody who follows
        bool any_counts = false;
        bool one_is_gone = false;
        bool one_has_lost = false;
        static Copies none() noexcept { return {.received = 0, .synced = 0, .applied = 0}; }
    };
    struct Greeting {
        std::unique_ptr<replication::Link> link;
        std::unique_ptr<replication::Handshake> handshake;
    };
    class Visit;

    Peer* find(const std::string& name);
    Status open_copy();
    bool reigns() const noexcept { return reigning_.directory != nullptr; }
    replication::HandshakeOptions greeting_options() const;
    replication::TalkOptions talk_options() const;
    std::size_t greet();
    void turn_away(const replication::Handshake& caller);
    void admitted(Greeting greeting);
    void obey();

    std::size_t follow();
    void call_primary();
    void heard_primary();
    void after_conversation();
    void complain(const std::string& why);
    void change_directory();
    void prepare_to_reign();
    void measure_age();
    void copy_changes(bool cut);
    void tell_progress();
    void end_following(const std::string& why);

    void tell_remains(Peer& peer, Greeting greeting);
    std::size_t compare();
    void weigh(const Peer& peer, const replication::Remains& theirs);
    replication::Remainder weigh_shard(std::uint32_t shard, const replication::StreamEnd& theirs,
                                       std::string& in_words);

    std::size_t serve();
    void hear_peer(Peer& peer);
    void note_marks();
    bool disks_have_what_was_asked_for(const replication::Sender& peer, std::uint32_t shard) const;
    Copies copies_of(std::uint32_t shard) const;
    void move_gates();
    void open_gate(std::uint32_t shard, const Copies& copies, bool only_here);
    bool sleep(int bell_fd);
    void end_reign();

    void say(const std::string& sentence) const;
    void fail(const std::string& sentence);

    const NodeOptions options_;
    const std::unique_ptr<StandbyCopy> copy_;
    NodeWays ways_;
    std::unique_ptr<replication::RoleMachine> roles_;
    std::vector<Peer> peers_;
    std::vector<Greeting> greetings_;  // of callers
    Complaint turned_away_;
    std::int64_t now_ns_ = 0;

    // a follower's
    bool hurries_disk_ = false;  // do_work()'s thread's
    std::unique_ptr<replication::Redial> redial_;
    std::string called_;  // the peer's name
    Greeting calling_;
    std::unique_ptr<replication::Receiver> receiver_;
    Complaint complaint_;
    std::uint64_t frames_ = 0;  // of the receiver's, as heard so far
    bool begin_anew_ = false;   // what is here cannot be continued
    const std::shared_ptr<CopyProgress> progress_;
    std::int64_t fresh_ns_ = -1;
    std::int64_t ends_ns_ = -1;  // when ends_ were heard; -1: none are awaited
    std::vector<Position> ends_;
    std::atomic<bool> ready_{false};

    // a primary's
    Reigning reigning_;
    bool holding_ = false;
    bool steps_down_ = false;
    std::vector<std::unique_ptr<journal::ReplicatedPositions>> gates_;
    // Below it everything may have been answered, by shard: gates fall when a peer goes.
    std::vector<std::uint64_t> let_go_;
    std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> needed_;
    std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> safe_;
    std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> slowest_;
    std::atomic<bool> over_{false};

    mutable std::mutex working_;  // held for a step of the agent
    mutable std::atomic<std::uint32_t> visitors_{0};
    std::string failure_;  // under working_
};

}  // namespace pawl::detail
