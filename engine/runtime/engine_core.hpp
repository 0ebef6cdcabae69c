// An open engine: its parts and their life from open to close. Knows every floor below; what the
// parts do is theirs.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/history/cursors.hpp"
#include "engine/platform/bell.hpp"
#include "engine/runtime/crew.hpp"
#include "engine/runtime/door.hpp"
#include "engine/runtime/environment.hpp"
#include "engine/runtime/gateway.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/opened_journal.hpp"
#include "engine/runtime/shard_part.hpp"
#include "engine/runtime/traffic_counters.hpp"
#include "journal/directory.hpp"
#include "pawl/detail/core.hpp"

namespace pawl::detail {

using WaysOf = std::function<Result<NodeWays>(std::uint64_t boot)>;

// What cannot work whatever happens, in one sentence.
Status check_options(const EngineOptions& options);

class EngineCore final : public Core, public std::enable_shared_from_this<EngineCore> {
public:
    static Result<std::shared_ptr<Core>> open(const EngineOptions& options, Domain domain,
                                              Environment environment,
                                              std::shared_ptr<void> environment_owner = nullptr);
    // The engine of a node that is to be primary, on the journal that the node had so far.
    // `gateway`: where its clients find it, when somebody listens there already.
    static Result<std::shared_ptr<Core>> reign(std::shared_ptr<Node> node,
                                               std::shared_ptr<void> owner,
                                               std::unique_ptr<OpenGateway> gateway = nullptr);
    ~EngineCore() override;

    std::uint32_t shard_count() const noexcept override { return options_.shards; }
    std::int64_t now_ns() noexcept override { return environment_.clock.wall_ns(); }
    Durability default_durability() const noexcept override { return options_.durability; }

    Offer try_send(std::uint32_t shard, const MessageBuffer& message) override;
    Offer send(std::uint32_t shard, const MessageBuffer& message,
               std::chrono::nanoseconds patience) override;
    bool poll_while_waiting() override;

    std::unique_ptr<ProducerLink> make_producer(const ProducerOptions& options) override;
    std::unique_ptr<ProducerLink> make_lanes(const ProducerOptions& options) override;
    std::string listen_address() const override { return listen_address_; }
    std::unique_ptr<StreamFollower> follow(const FollowOptions& options) override;
    Status read_record(std::uint32_t shard, std::uint64_t position,
                       std::vector<std::byte>& bytes) override;

    std::uint64_t state_hash() override;
    std::uint64_t aggregate_count() override;
    std::vector<std::uint64_t> highest_numbers(SessionId session) override;
    Status mark(std::string_view name) override;

    std::size_t poll() override;
    int wake_fd() const noexcept override {
        return options_.threading == Threading::none ? bell_->fd() : -1;
    }
    int poll_timeout_ms() override;

    const std::vector<std::string>& recovery_sentences() const noexcept override {
        return sentences_;
    }
    std::uint64_t recovered_records() const noexcept override { return recovered_records_; }
    std::uint64_t recovered_events() const noexcept override { return recovered_events_; }
    std::uint64_t replayed_records() const noexcept override { return replayed_records_; }
    std::string journal_path() const override {
        return options_.transient ? std::string() : options_.directory;
    }
    bool created() const noexcept override { return created_; }
    bool failed() const noexcept override { return failed_.load(std::memory_order_acquire); }
    bool disk_full() const noexcept override;
    Status sync(std::chrono::nanoseconds patience) override;
    Status snapshot(std::chrono::nanoseconds patience) override;
    Result<std::vector<NamedPlaces>> cursors() override;
    Status forget_cursor(const std::string& name) override;
    std::chrono::nanoseconds close_deadline() const noexcept override {
        return options_.close_deadline;
    }
    Status close(std::chrono::nanoseconds deadline) override;
    Result<std::unique_ptr<FollowerCore>> step_down() override;
    // The same with links and an arbiter that somebody else makes, when this node has left its own.
    Result<std::unique_ptr<FollowerCore>> step_down(const WaysOf& ways);
    Status hand_over(const std::string& peer, AfterHandOver then) override;
    NodeStatus node_status() override;

    // ---- for the links ----
    bool closed() const noexcept { return door_.closed(); }
    const Door& door() const noexcept { return door_; }
    // What stands in the way of a command or a fact, or of this message, to a shard;
    // Offer::accepted if nothing does. Inside the door.
    Offer admit(std::uint32_t shard, Durability durability) const noexcept;
    Offer admit(std::uint32_t shard, const MessageBuffer& message) const noexcept;
    // An offer was turned down. Counted by many threads.
    void refused(std::uint32_t shard) noexcept {
        parts_[shard]->counters->offers_refused.fetch_add(1, std::memory_order_relaxed);
    }
    // A message was left for a shard: it, or the host's loop, may have to be woken.
    void sent(std::uint32_t shard) noexcept;
    // By shard and index; 0 where there is none.
    std::vector<std::vector<std::uint64_t>> session_ids();
    ShardPart& part(std::uint32_t shard) noexcept { return *parts_[shard]; }
    journal::Directory* directory() noexcept { return directory_.get(); }
    const EngineOptions& options() const noexcept { return options_; }
    Clock& clock() noexcept { return environment_.clock; }
    // Null when transient.
    Cursors* kept_cursors() noexcept { return cursors_.get(); }
    // Waits until everything below `target` is on disk; until `give_up` of the steady clock.
    Status sync_shard(std::uint32_t shard, Position target,
                      std::chrono::steady_clock::time_point give_up);

private:
    EngineCore(const EngineOptions& options, std::shared_ptr<const Domain> domain,
               Environment environment, std::shared_ptr<void> owner);

    Status open_parts();
    Status open_transient();
    Status open_journaled(OpenedJournal journal);
    void tell_recovery(bool told);
    Status make_counters(const std::string& path);
    void make_traffic_counters();
    void remove_counters();
    void make_shard(std::uint32_t shard, journal::Head& head, journal::Journaler* journaler,
                    const StreamEnd& end, std::uint64_t random_seed, std::size_t record_bytes_max);
    void make_history();
    Status write_opening_notes(const std::vector<journal::ShardEnd>& ends);
    void begin_reign(const std::vector<journal::ShardEnd>& ends);
    Status listen();
    void take_gateway(std::unique_ptr<OpenGateway> gateway);
    void serve_clients();
    void start();
    bool drained() const;
    enum class DiskCrew : std::uint8_t { ends, is_dismissed };
    bool end_agents(std::chrono::nanoseconds deadline, DiskCrew disk_crew);
    bool has_failed_writing() const;
    Error had_stopped() const;
    OpenedJournal keep_journal();
    void answer_the_rest();
    void count_risk(NodeStatus& status);
    bool visit_shard(std::uint32_t shard, MessageKind kind, const void* pointer);
    void inspect_all(const std::function<void(const ShardFacts&)>& visit);

    // ---- agents, each with its duty cycle ----
    std::size_t shard_work(std::uint32_t shard);
    // All of them but the shards.
    std::size_t other_work();
    // The agent's work; none when memory has run out in one of them.
    std::size_t careful(std::size_t (EngineCore::*agent)());
    void ran_out_of_memory(std::uint32_t shard);
    std::size_t journal_work();
    std::size_t reply_work();
    std::size_t gateway_work();
    std::size_t replica_work();
    std::size_t housekeeping_work();
    std::size_t history_work();
    void watch_decisions(std::uint32_t shard);
    void fail(std::uint32_t shard, const std::string& sentence);
    void notify(Notice::Kind kind, std::uint32_t shard, std::string sentence);

    EngineOptions options_;
    const std::shared_ptr<const Domain> domain_;  // the folds know it
    std::shared_ptr<void> environment_owner_;
    Environment environment_;
    std::shared_ptr<journal::Directory> directory_;
    std::vector<journal::EpochLog> epochs_;  // of a node's streams, with this reign
    std::shared_ptr<Node> node_;  // null: not replicated; not above the directory in time
    std::unique_ptr<journal::SharedRing> counter_memory_;
    std::string counter_path_;
    std::unique_ptr<CounterPage> counter_page_;
    std::unique_ptr<TrafficCounters> client_counters_;  // null: nobody is listened to
    std::unique_ptr<EndCounters> node_counters_;        // null: not replicated
    std::unique_ptr<Cursors> cursors_;                  // null when transient
    std::vector<std::unique_ptr<ShardPart>> parts_;

    Door door_;
    std::uint64_t epoch_ = 0;              // as its first record says
    std::atomic<std::uint32_t> marks_{0};  // of this reign: with its number they tell marks apart
    std::atomic<bool> failed_{false};      // release by fail(): the sentence is there
    // An agent was left in the middle: what it holds is neither used nor closed any more.
    std::atomic<bool> out_of_memory_{false};
    std::mutex failing_;
    std::string failure_;  // the first one
    std::string listen_address_;
    std::unique_ptr<OpenGateway> gateway_;  // null: nobody is listened to
    bool clients_sent_away_ = false;        // the gateway's thread: to whoever is primary now
    Bell journal_bell_;                     // a reply waits for the disk
    Bell replica_bell_;                     // the streams or the disk have moved
    Bell reply_bell_;                       // there are answers for futures and callbacks
    Bell gateway_bell_;                     // there are answers for clients
    std::unique_ptr<Bell> bell_;            // of a polled engine, or of its one thread
    std::unique_ptr<Crew> crew_;
    std::unique_ptr<Crew> disk_crew_;   // of them those that wait for the disk
    std::atomic<bool> polling_{false};  // one thread at a time runs the agents in poll()
    std::mutex closing_;
    bool closed_ = true;  // not open yet
    Status close_result_{Done{}};
    std::vector<std::vector<std::uint64_t>> kept_session_ids_;  // when it has stepped down

    std::vector<std::string> sentences_;
    std::uint64_t recovered_records_ = 0;
    std::uint64_t recovered_events_ = 0;
    std::uint64_t replayed_records_ = 0;
    bool created_ = false;
    std::mutex notices_;
};

}  // namespace pawl::detail
