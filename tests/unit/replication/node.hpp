// The language of streams between nodes: a node with a directory that writes as a primary or
// follows as a standby, on a storage that lies in memory. Knows the production code of both sides;
// the records are its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/replication/receiver.hpp"
#include "engine/replication/sender.hpp"
#include "engine/replication/standby_streams.hpp"
#include "journal/adopt.hpp"
#include "journal/cut.hpp"
#include "journal/directory.hpp"
#include "journal/inspect_verify.hpp"
#include "testing/network.hpp"
#include "tests/unit/journal/kit.hpp"

namespace pawl::replication::testing {

using journal::testing::build_record;
using journal::testing::Collector;
using journal::testing::Entry;
using journal::testing::is_prefix;
using Past = journal::testing::History;  // History is a message here
using journal::testing::MemoryStorage;
using journal::testing::sanitized;
using journal::testing::small_options;
using journal::testing::Unsynced;

struct NodeOptions {
    std::uint32_t shards = 2;
    std::uint64_t boot = 1;
    std::size_t run_bytes_max = 4096;
    StateWitness states{};  // as a standby
    std::function<bool(std::uint32_t, std::uint64_t, std::span<std::uint32_t>)> trace{};  // primary
};

// One machine. Its shards' histories are what was committed in its directory, as plain lists.
class Node {
public:
    Node(std::string name, const NodeOptions& options);
    ~Node();

    const std::string& name() const { return name_; }
    MemoryStorage& storage() { return *storage_; }
    std::uint32_t shards() const { return options_.shards; }
    journal::Directory& directory() { return *directory_; }
    bool is_open() const { return directory_ != nullptr; }
    bool is_primary() const { return sequences_.size() == options_.shards; }
    // Or is about to have one: an adoption that was interrupted is finished by opening it.
    bool has_directory() {
        return storage_->exists("dir/manifest") || storage_->exists("dir/adopting");
    }

    // ---- life
    ::testing::AssertionResult open();
    void close();
    void kill();
    void cut_power(Unsynced unsynced = Unsynced::lost);
    void wipe();  // another machine of the same name
    // Somewhere among the next calls its storage ends, and nothing works until kill().
    void begin_to_die(std::uint64_t calls);
    bool dying() const { return dying_; }
    // Opens if need be and begins a reign: an epoch record in each shard.
    ::testing::AssertionResult reign(std::uint64_t epoch);

    // ---- as a primary
    bool append(std::uint32_t shard, std::size_t payload_bytes);  // false: the head is full
    bool append_state(std::uint32_t shard);                       // a state record
    ::testing::AssertionResult snapshot(std::uint32_t shard);
    void retain(std::uint32_t shard, Position lowest_needed);
    journal::EpochLog epochs(std::uint32_t shard) const;

    // ---- both
    // What was committed here: written, recovered, or received and applied.
    const Past& history(std::uint32_t shard) const { return collectors_[shard]->history; }
    Position end(std::uint32_t shard) { return directory_->head(shard).committed(); }
    Position synced(std::uint32_t shard) { return directory_->head(shard).synced(); }
    void write_some(std::uint32_t shard);      // one turn of journaler and preparer
    void write_when_due(std::int64_t now_ns);  // one turn, but nobody demands anything
    void write_all();
    ::testing::AssertionResult is_clean();  // as the tool's verify sees it

    // ---- the wire
    std::unique_ptr<Sender> sender(std::unique_ptr<Link> link, std::uint64_t epoch);
    // Standby: opens its directory, or cuts or adopts first when the last receiver said so.
    void receive(std::unique_ptr<Link> link, std::uint64_t epoch);
    // One turn; when the conversation is over and something is to be done, it is done.
    void follow(std::int64_t now_ns);
    Receiver* receiver() { return receiver_.get(); }
    StandbyStreams* streams() { return streams_.get(); }
    void drop_receiver();
    std::uint64_t epoch_seen() const { return epoch_seen_; }
    // The last cut was refused, since what is left could not be replayed: a whole copy is asked
    // for.
    bool begins_anew() const { return begins_anew_; }
    // What was done to the directory so far.
    std::uint64_t cuts = 0;
    std::uint64_t adoptions = 0;
    std::string last_why;

    TalkOptions talk;

private:
    journal::DirectoryOptions directory_options() const;
    void commit(std::uint32_t shard, std::byte* at, std::size_t length);
    void do_what_is_to_be_done();

    const std::string name_;
    NodeOptions options_;
    std::unique_ptr<MemoryStorage> storage_;
    std::vector<std::unique_ptr<Collector>> collectors_;
    std::unique_ptr<journal::Directory> directory_;
    std::unique_ptr<StandbyStreams> streams_;
    std::unique_ptr<Receiver> receiver_;
    std::uint64_t epoch_seen_ = 0;
    bool begins_anew_ = false;
    bool dying_ = false;
    // As a primary: where each shard goes on.
    std::vector<std::uint64_t> sequences_;
    std::vector<Position> positions_;
    std::vector<std::uint32_t> checksums_;
};

// A whole link pair of a simulated network, admitted on both sides; the listener's side first.
std::pair<std::unique_ptr<Link>, std::unique_ptr<Link>> connect(sim::Network& network,
                                                                Listener& listener,
                                                                Connector& connector,
                                                                const std::string& address,
                                                                std::int64_t& now_ns);

}  // namespace pawl::replication::testing
