// What the façade's templates call and the runtime defines: the one place where the arrow turns.
// Knows handles only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pawl/detail/machine.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/detail/raw_reply.hpp"
#include "pawl/options.hpp"
#include "pawl/result.hpp"
#include "pawl/role.hpp"

namespace pawl::detail {

// Receives the reply of a message sent without a producer. Called once, on the reply thread.
struct Completion {
    virtual void complete(const RawReply& reply) noexcept = 0;

protected:
    ~Completion() = default;
};

struct StreamPlace {
    std::uint64_t position = 0;     // of the next record
    std::uint32_t events_done = 0;  // of that record
    friend bool operator==(const StreamPlace&, const StreamPlace&) = default;
};

// One record as a subscription hands it out. Lives until the subscription's next call.
struct StreamRecord {
    const std::byte* bytes = nullptr;
    std::uint32_t shard = 0;
    std::uint64_t position = 0;
    std::uint64_t session_id = 0;
};

class StreamFollower {
public:
    virtual ~StreamFollower() = default;
    // The next record of any shard that is at least as safe as asked. ok(false): nothing at
    // present.
    virtual Result<bool> next(StreamRecord& record) = 0;
    // Where it stands, one per shard. events_done is what it began with, 0 after the first record.
    virtual std::vector<StreamPlace> places() const = 0;
    virtual std::uint64_t lag_bytes() const = 0;
    // How long ago, at most, there was nothing that was not handed out; below 0: not known.
    virtual std::chrono::nanoseconds age() const = 0;
    // Makes these places the durable cursor's, if it has a name.
    virtual Status keep(const std::vector<StreamPlace>& places) = 0;
};

struct FollowOptions {
    std::vector<StreamPlace> from{};
    bool from_end = false;
    Durability durability = Durability::journaled;
    std::string durable_name{};  // empty: none
};

// A durable cursor.
struct NamedPlaces {
    std::string name;
    std::vector<StreamPlace> places;
};

// Where the next message of a producer is to be written.
struct MessagePlace {
    std::byte* bytes = nullptr;  // null: see offer
    std::int64_t now_ns = 0;     // when the message enters the engine
    Offer offer = Offer::accepted;
};

// One thread's lanes.
class ProducerLink {
public:
    virtual ~ProducerLink() = default;
    // A place for a command or a fact of so many lines. Given one, send_placed() must follow at
    // once: close() waits for it.
    virtual MessagePlace place(std::uint32_t shard, Durability durability, std::size_t lines) = 0;
    // The same; waits while the lane is full, at most `patience`.
    virtual MessagePlace place_patiently(std::uint32_t shard, Durability durability,
                                         std::size_t lines, std::chrono::nanoseconds patience) = 0;
    // The message is written: its shard may take it.
    virtual void send_placed(std::uint32_t shard) = 0;
    // Takes up to `count` replies that have arrived.
    virtual std::size_t take(RawReply* replies, std::size_t count) = 0;

    Offer try_send(std::uint32_t shard, const MessageBuffer& message) {
        const MessageHeader& header = MessageView(message.lines()->bytes).header();
        const MessagePlace to =
            place(shard, static_cast<Durability>(header.durability), message.line_count());
        if (to.bytes == nullptr) return to.offer;
        std::memcpy(to.bytes, message.lines(), message.line_count() * sizeof(Line));
        send_placed(shard);
        return Offer::accepted;
    }

    // ---- asked for with every command, and so without a call ----
    std::uint32_t shard_count() const noexcept { return shard_count_; }
    Durability default_durability() const noexcept { return default_durability_; }
    SessionId session() const noexcept { return session_; }
    std::uint64_t next_number() const noexcept { return next_number_; }
    void number_used(std::uint64_t number) noexcept {
        if (number >= next_number_) next_number_ = number + 1;
    }

protected:
    ProducerLink(std::uint32_t shards, Durability by_default, SessionId session) noexcept
        : shard_count_(shards), default_durability_(by_default), session_(session) {}
    std::uint32_t shard_count_;
    Durability default_durability_;
    SessionId session_;
    std::uint64_t next_number_ = 1;
};

// Who can help a future along.
class Waiter {
public:
    virtual ~Waiter() = default;
    // Waits on behalf of a future: does what brings its answer nearer, else only says that there is
    // nothing to do but wait.
    virtual bool poll_while_waiting() = 0;
};

class FollowerCore;

// An open engine. Any thread, unless a function says otherwise.
class Core : public Waiter {
public:
    virtual std::uint32_t shard_count() const noexcept = 0;
    virtual std::int64_t now_ns() noexcept = 0;
    virtual Durability default_durability() const noexcept = 0;

    virtual Offer try_send(std::uint32_t shard, const MessageBuffer& message) = 0;
    virtual Offer send(std::uint32_t shard, const MessageBuffer& message,
                       std::chrono::nanoseconds patience) = 0;
    virtual std::unique_ptr<ProducerLink> make_producer(const ProducerOptions& options) = 0;
    // The same without a wait: where the session's last life ended is not asked, its numbers are
    // the caller's.
    virtual std::unique_ptr<ProducerLink> make_lanes(const ProducerOptions& options) = 0;
    virtual std::string listen_address() const = 0;
    virtual std::unique_ptr<StreamFollower> follow(const FollowOptions& options) = 0;
    virtual Result<std::vector<NamedPlaces>> cursors() = 0;
    virtual Status forget_cursor(const std::string& name) = 0;
    virtual Status read_record(std::uint32_t shard, std::uint64_t position,
                               std::vector<std::byte>& bytes) = 0;

    virtual std::uint64_t state_hash() = 0;
    virtual std::uint64_t aggregate_count() = 0;
    virtual std::vector<std::uint64_t> highest_numbers(SessionId session) = 0;
    virtual Status mark(std::string_view name) = 0;

    virtual std::size_t poll() = 0;
    virtual int wake_fd() const noexcept = 0;
    virtual int poll_timeout_ms() = 0;

    virtual const std::vector<std::string>& recovery_sentences() const noexcept = 0;
    virtual std::uint64_t recovered_records() const noexcept = 0;
    virtual std::uint64_t recovered_events() const noexcept = 0;
    virtual std::uint64_t replayed_records() const noexcept = 0;
    virtual std::string journal_path() const = 0;
    virtual bool created() const noexcept = 0;
    virtual bool failed() const noexcept = 0;
    virtual bool disk_full() const noexcept = 0;
    virtual Status sync(std::chrono::nanoseconds patience) = 0;
    virtual Status snapshot(std::chrono::nanoseconds patience) = 0;
    virtual std::chrono::nanoseconds close_deadline() const noexcept = 0;
    virtual Status close(std::chrono::nanoseconds deadline) = 0;
    virtual Status hand_over(const std::string& peer, AfterHandOver then) = 0;
    // See Engine::step_down(). It is closed afterwards, whatever is returned, unless that is an
    // error of usage.
    virtual Result<std::unique_ptr<FollowerCore>> step_down() = 0;
    virtual NodeStatus node_status() = 0;
};

// An open standby. Any thread, unless a function says otherwise.
class FollowerCore {
public:
    virtual ~FollowerCore() = default;
    virtual NodeStatus status() = 0;
    // true: this node is to be primary, promote() now. An error: it has failed for good.
    virtual Result<bool> wait_for_turn(std::chrono::nanoseconds patience) = 0;
    // When its turn has come; nothing else may be called afterwards. ErrorCode::usage: it is not
    // its turn any more, and it follows as before.
    virtual Result<std::shared_ptr<Core>> promote() = 0;
    // Between two steps of applying. False: there is no copy yet.
    virtual bool ask(std::uint32_t shard, std::uint8_t aggregate_type, Id id,
                     Question& question) = 0;
    virtual std::uint64_t state_hash() = 0;
    virtual std::uint32_t shard_count() const noexcept = 0;
    // Goes on after promote(), without this object.
    virtual std::unique_ptr<StreamFollower> follow(const FollowOptions& options) = 0;
    virtual void accept_loss() = 0;
    virtual std::size_t poll() = 0;
    virtual Status close() = 0;
};
Result<std::unique_ptr<FollowerCore>> open_follower(const EngineOptions& options, Domain domain);

Result<std::shared_ptr<Core>> open_core(const EngineOptions& options, Domain domain);

}  // namespace pawl::detail
