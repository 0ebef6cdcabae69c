// How an engine is opened. Knows names and defaults only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pawl/types.hpp"

namespace pawl {

// Who runs the engine's agents. Opening has threads of its own while it recovers, whatever is
// chosen; they have ended when it returns.
enum class Threading : std::uint8_t {
    own = 0,     // one thread per shard, one for the journal, one for replies, one that prepares
                 // segments
    shared = 1,  // one thread for all of them
    none = 2,    // the host calls Engine::poll() from its own loop
};

// What a thread of the engine does when there was no work.
enum class Idle : std::uint8_t {
    park = 0,   // spin a little, yield a little, then sleep until somebody has work: the default
    yield = 1,  // never sleep: sub-microsecond answers, shares its core politely
    spin = 2,   // burn the core: for pinned threads that own theirs
};

// What becomes of the segments below the oldest snapshot that is kept and below the slowest durable
// cursor.
enum class Retention : std::uint8_t {
    keep = 0,     // they stay where they are: the default
    archive = 1,  // moved to DIR/archive: still readable
    remove = 2,   // gone: history below cannot be read or replayed any more
};

// What a primary does when a standby of the in-sync set is silent, or none is in it yet. The same
// on all nodes.
enum class ReplicationPolicy : std::uint8_t {
    available = 0,  // takes it out of the set and goes on without it; its own disk stands in for
                    // the standby: the default
    strict = 1,     // waits: `replicated` and `replicated_synced` are answered only with a standby.
                    // One that begins alone (the first, one that took over or was started again)
                    // waits for a standby that has everything
};

// Another node of the same engine.
struct ReplicationPeer {
    std::string name{};
    std::string address{};  // "host:port"; ":port" is this machine. A name is looked up, beside the
                            // node's thread
    std::string clients{};  // its EngineOptions::listen, for clients that ask here while it is
                            // primary; empty: they look for it by themselves
};

// Several nodes with one history: one is primary and writes, the others follow and one of them
// takes over. No time here is for safety: another choice costs waiting, or a take-over that was not
// needed.
struct ReplicationOptions {
    std::string node{};     // this node's name, 1 to 64 letters, digits, '.', '-', '_'; empty: no
                            // replication
    std::string address{};  // where its peers find it; a port of 0 is no address for others
    std::vector<ReplicationPeer> peers{};  // all other nodes
    // Who says which node writes: "etcd://host:port[,host:port]/name", or "file:///path" for nodes
    // on one machine.
    std::string arbiter{};
    std::string secret{};  // the same on all nodes; empty: nobody is kept out
    // Nobody has ever acknowledged anything: where the arbiter has no key this node makes one and
    // becomes the first primary. For one node, the first time.
    bool may_begin = false;
    ReplicationPolicy policy = ReplicationPolicy::available;
    // Between two signs of life. Default: a fifth of fail_after. 1 ms to a third of fail_after.
    std::chrono::milliseconds heartbeat{20};
    // A standby takes over when its primary was not heard for so long. Longer than any pause of
    // process, machine or network that shall not be a failure. 10 ms to a day.
    std::chrono::milliseconds fail_after{100};
    // A primary goes on without a standby that was not heard for so long: the longest pause of
    // `replicated` replies. Longer than fail_after, so that a standby that is alive and hears
    // nothing acts first; at most two days.
    std::chrono::milliseconds degrade_after{200};
    // A switchover whose successor has not caught up by then is called off; one that the arbiter
    // knows of ends by then with what the successor has. 1 ms to a day.
    std::chrono::milliseconds hand_over_within{1000};
    // The primary writes down what its states hash to, this often while they change (and every
    // 65,536 events); a standby whose states hash to something else stops before it acknowledges
    // more. Costs some nanoseconds per event. 0: never. The same on all nodes: a node with 0 does
    // not compare. At most an hour.
    std::chrono::milliseconds compare_every{100};
};

// Something an operator should know. Called on the engine's own threads; must return soon.
struct Notice {
    enum class Kind : std::uint8_t {
        recovered,        // what opening found, one sentence per fact
        disk_full,        // new work is refused until there is room
        disk_available,   // and goes on
        stopped,          // a shard stopped for good: a failed write or sync
        decision_threw,   // a poison command was contained
        snapshot,         // one was made
        snapshot_failed,  // one was given up, or retention was: nothing else suffers
        role,             // of a replicated engine: a role, the in-sync set or a copy has changed
    };
    Kind kind{};
    std::uint32_t shard = 0;
    std::string sentence;
};

struct EngineOptions {
    // ---- behaviour ----
    std::string
        directory{};  // where the journal lives; made when it is not there. Ignored when transient
    std::uint32_t shards =
        1;                   // fixed when the directory is made; a later opening must say the same
    bool transient = false;  // no journal at all: rings and state only; every reply is `decided`
    Threading threading = Threading::own;
    Durability durability = Durability::journaled;  // of commands that do not say their own
    // A decide that throws: its command is refused and told in a notice, the engine goes on. true:
    // its shard decides nothing more either (what is committed stays; questions are still
    // answered).
    bool halt_when_decide_throws = false;
    std::function<void(const Notice&)> on_notice{};  // empty: notices are dropped
    // Progress of recovery, from the recovering threads, one call at a time.
    std::function<void(std::uint32_t shard, std::uint64_t bytes_done, std::uint64_t bytes_total)>
        on_recovery{};
    std::uint32_t session_window =
        1024;  // a retry is recognised while its number is at most this far behind
    std::uint32_t sessions_max = 4096;                 // per shard; a further session is refused
    std::chrono::milliseconds close_deadline{10'000};  // how long close() drains before it gives up
    // Snapshots make opening fast and retention possible; no shard waits for one. A new one is made
    // when a shard's journal has grown by so many bytes, or so much time has passed, since the
    // last. Both 0: only when Engine::snapshot() asks.
    std::uint64_t snapshot_every_bytes = 0;
    std::chrono::nanoseconds snapshot_every{0};
    std::uint32_t snapshots_kept = 2;  // per shard, at least 1; older ones are removed
    Retention retention = Retention::keep;
    ReplicationOptions replication{};
    // Clients over the network (Client): "host:port" with a numeric host, ":port" for this machine
    // only; port 0: any, Engine::listen_address() says which. Empty: nobody.
    std::string listen{};
    // What clients must know: 16 to 4096 random bytes. Empty: nobody is kept out. What is and is
    // not protected: docs/clients.md.
    std::string secret{};

    // ---- performance ----
    Idle idle = Idle::park;
    std::vector<int> cores{};           // core of shard 0, 1, …; empty: not pinned
    std::uint32_t lane_lines = 8192;    // 64-byte lines a producer may have in flight per shard
    std::uint32_t lane_replies = 8192;  // replies a producer may leave unread per shard
    std::uint32_t shared_queue_messages =
        8192;  // commands in flight from threads without a producer, per shard
    std::uint32_t record_bytes_max = 0;        // 0: as large as a block allows, just under 1 MiB
    std::uint64_t segment_bytes = 128U << 20;  // fixed when the directory is made; 64 KiB to 1 TiB
    std::uint64_t head_bytes = 64U
                               << 20;  // a power of two; the newest part of the stream, in memory
    std::string heads = "/dev/shm";    // a memory file system: what is there survives kill -9
    std::chrono::nanoseconds flush_interval{
        10'000'000};  // longest time a journaled record waits for the disk
};

// What one submission may say about itself. All optional.
struct SubmitOptions {
    // How safe the reply waits to be; unset: EngineOptions::durability.
    static constexpr Durability unset = static_cast<Durability>(15);
    Durability durability = unset;
    std::uint64_t correlation = 0;  // carried into the record and every event's metadata
    std::uint64_t cause = 0;        // what led to this command, in the caller's numbering
    // Refused with version_conflict when the aggregate is at another version. no_version: any will
    // do.
    static constexpr Version no_version{~std::uint64_t{0}};
    Version expected_version = no_version;
    // A retry with the same (session, number) gets the first outcome and never acts twice. A
    // producer fills both in when they are not given.
    SessionId session{};
    CommandNumber number{};
    // How long submit() waits while the lane is full. Longest by default; 0 behaves like
    // try_submit.
    std::chrono::nanoseconds patience = std::chrono::nanoseconds::max();
};

// One producer's identity.
struct ProducerOptions {
    std::string session{};  // empty: anonymous, nothing is deduplicated. At most 255 bytes
};

// The id of a session with this name. Any thread.
SessionId session_id(std::string_view name) noexcept;

}  // namespace pawl
