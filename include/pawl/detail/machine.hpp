// The seam between the compiled shard and the typed domain: one crossing per batch. Knows no
// thread, ring or disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include "pawl/archive.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/detail/state_hash.hpp"
#include "pawl/detail/view_cell.hpp"
#include "pawl/types.hpp"
#include "pawl/verdict.hpp"

namespace pawl::detail {

// A sequenced read: runs on the shard's thread between two commands. Deletes itself when it is
// done.
struct Question {
    // `state` is null when nothing ever happened to the aggregate. Must not throw.
    virtual void answer(const void* state, Version version) noexcept = 0;

protected:
    ~Question() = default;
};

// Where the shard leaves the cell that was asked for; null when the state is not plain.
struct WatchRequest {
    std::shared_ptr<const ViewCell> cell;
};

// One message of a batch: what goes in, and what the machine says of it.
struct Work {
    MessageView message{nullptr};
    SessionId session;                // resolved by the shard
    std::uint32_t session_index = 0;  // 0 = anonymous
    bool skip = false;                // answered already (a repeat): do not decide
    bool long_wait = false;           // now - captured does not fit 32 bits
    bool plain = false;               // a command without sections, and no long wait
    Refusal refuse{};                 // not 0: refuse without deciding
    void* slot = nullptr;             // the machine's own: where the state seems to be
    // out:
    Outcome outcome{};
    std::uint16_t reason = 0;
    std::uint16_t event_count = 0;
    Version version;
    Sequence sequence;            // of the first event; without events: of the last so far
    std::byte* record = nullptr;  // null: it left no record

    // A new message, and what is special about it.
    void begin(const MessageView& its, Time now) noexcept {
        constexpr std::uint8_t sections =
            message_has_links | message_has_expected | message_has_session;
        *this = Work{};
        message = its;
        const MessageHeader& header = message.header();
        long_wait = now.ns - header.captured_ns >= std::int64_t{waited_ns_unknown};
        plain = header.kind == MessageKind::command && (header.flags & sections) == 0 && !long_wait;
    }
};

// The uncommitted end of the journal's head, lent to the machine for one batch.
struct Stage {
    std::byte* cursor = nullptr;       // where the next record begins
    std::byte* limit = nullptr;        // end of the room
    std::size_t record_bytes_max = 0;  // a record starts only when so much room is left
    Sequence last_sequence;            // of the last event staged so far
    Time now;                          // one time for the batch
    std::uint64_t random_seed = 0;

    // What a record a dozen places behind will be written into: no cache has it, and a line that
    // is on its way holds up who reads his own writing.
    void fetch_ahead() const noexcept { __builtin_prefetch(cursor + 1024, 1); }
};

// How far a pass over all states has come, in the order in which they came into being.
struct StatePass {
    std::uint32_t table = 0;
    std::uint64_t slot = 0;        // of that table
    std::uint64_t slot_count = 0;  // loading: how many it has
    bool in_table = false;         // its count is saved or loaded
    std::uint64_t state_hash = 0;  // of the states passed so far: at the end, Machine::state_hash()
};

// A shard's state and its rules. Only the shard's thread, or one replaying thread before that one
// starts.
class Machine {
public:
    virtual ~Machine() = default;
    // Decides the batch in order, applies what is accepted and stages one record per outcome that
    // must be kept; checksums are left to the shard. Returns how many were done: fewer than `count`
    // when the room ran out.
    virtual std::size_t decide(Work* work, std::size_t count, Stage& stage) = 0;
    // Applies the events of whole records in a row that were decided before: answers to commands,
    // and facts. Returns the bytes up to the first whose events are not this domain's, or whose
    // version does not follow.
    [[nodiscard]] virtual std::size_t apply(const std::byte* records,
                                            std::size_t bytes) noexcept = 0;
    [[nodiscard]] bool apply_one(const RecordView& record) noexcept {
        return apply(record.bytes(), record.length()) == record.length();
    }
    virtual void ask(std::uint8_t aggregate_type, Id id, Question& question) noexcept = 0;
    // From now on the state of this aggregate is copied to the cell by publish_views().
    virtual std::shared_ptr<const ViewCell> watch(std::uint8_t aggregate_type, Id id, Time now) = 0;
    // Copies the watched states that changed since the last call. The shard calls it when they are
    // journaled.
    virtual void publish_views(Time now) noexcept = 0;
    // Folds all states into one number that does not depend on order, shard count or history.
    virtual std::uint64_t state_hash() const noexcept = 0;
    virtual std::size_t aggregate_count() const noexcept = 0;

    // ---- a hash that costs no pass over all states
    // From now on state_hash() is known without a look at them, and after each of the last events.
    // Only of a machine that is as new.
    void carry_hash(std::size_t events) { hash_ = std::make_unique<StateHash>(events); }
    // Null: it does not.
    StateHash* carried_hash() noexcept { return hash_.get(); }
    const StateHash* carried_hash() const noexcept { return hash_.get(); }
    // What state_hash() would say. Only of a machine that carries it.
    virtual std::uint64_t settled_hash() noexcept { return hash_->value(); }
    // Of the states that have changed since the last settled_hash() those that are too large to be
    // hashed with every event: "Book 7", at most `most` of them.
    virtual std::vector<std::string> put_off(std::size_t most) const {
        static_cast<void>(most);
        return {};
    }

    // ---- snapshots ----
    // One line per aggregate type: its name and what its saved states look like. A snapshot is
    // loaded only where the lines of the types it holds stand first, unchanged.
    virtual std::string layout_text() const = 0;
    // Saves states until about so many bytes are written; true: all of them are. Nothing may change
    // in between. The same history gives the same bytes.
    virtual bool save_some(SaveArchive& archive, StatePass& pass,
                           std::size_t bytes_about) const = 0;
    // Loads what save_some wrote of the first `tables` types into a machine that is as new; true:
    // all is loaded, or the archive has failed. May throw what the states' snapshot() throws.
    virtual bool load_some(LoadArchive& archive, StatePass& pass, std::uint32_t tables,
                           std::size_t bytes_about) = 0;

    bool views_changed() const noexcept { return views_changed_; }

protected:
    std::unique_ptr<StateHash> hash_;
    bool views_changed_ = false;  // publish_views() has something to do
};

// What became of bytes from outside that say they are a command, a fact or a trial.
struct Judged {
    enum class As : std::uint8_t {
        nonsense = 0,   // nothing that these types could have written
        malformed = 1,  // a command whose own validate() said no
        good = 2,
    };
    As as = As::nonsense;
    std::uint32_t shard = 0;  // whose it is, unless it is nonsense
};

// Everything the runtime must know of a domain.
struct Domain {
    std::string schema_text;
    std::uint64_t router = 1;  // names the routing rule; persisted and checked
    // Makes the machine of one shard. Memory outlives the machine.
    std::function<std::unique_ptr<Machine>(std::uint32_t shard, std::uint32_t shard_count,
                                           std::pmr::memory_resource* memory)>
        make_machine;
    // The payload may lie anywhere. Null: nothing comes from outside. Any thread.
    Judged (*judge)(const MessageHeader& header, const std::byte* payload,
                    std::uint32_t shards) = nullptr;
};

// The shard that owns a key. Persisted by its number in Domain::router: never change it, add
// another.
constexpr std::uint32_t shard_of(ShardKey key, std::uint32_t shard_count) noexcept {
    std::uint64_t x = key.value;
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDULL;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53ULL;
    x ^= x >> 33;
    return static_cast<std::uint32_t>(((x >> 32) * shard_count) >> 32);
}

}  // namespace pawl::detail
