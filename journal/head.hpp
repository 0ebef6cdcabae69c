// The head of one shard's stream: a ring in shared memory. Knows positions and bytes; not records'
// meaning, not segments, not threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "journal/layout.hpp"
#include "journal/storage.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

struct HeadOptions {
    std::string path;
    Identity identity;
    std::uint32_t shard = 0;
    std::uint64_t epoch = 0;
    std::uint64_t capacity_bytes = head_bytes_default;  // a power of two
    Position base;                                      // where the stream goes on
    std::uint32_t base_checksum = 0;                    // of the record before base
};

// Memory for a head, under a name that nobody looks for. Given back with its file, unless a head is
// made of it.
class HeadMemory {
public:
    // `path` is the head's, `capacity_bytes` a power of two.
    static Result<HeadMemory> make(Storage& storage, const std::string& path,
                                   std::uint64_t capacity_bytes);
    HeadMemory(HeadMemory&&) noexcept = default;
    HeadMemory& operator=(HeadMemory&&) = delete;
    ~HeadMemory();

private:
    friend class Head;
    HeadMemory(Storage& storage, std::string path) : storage_(storage), path_(std::move(path)) {}

    Storage& storage_;
    std::string path_;
    std::unique_ptr<SharedRing> ring_;  // null: it is a head's
};

// One writer (the shard) moves `committed`; one journaler moves `synced`; anybody may follow both.
class Head {
public:
    // A new, empty head: committed == synced == base. Replaces an older one of this name. `memory`
    // was made for options.path and options.capacity_bytes.
    static Result<std::unique_ptr<Head>> create(Storage& storage, const HeadOptions& options);
    static Result<std::unique_ptr<Head>> create(HeadMemory memory, const HeadOptions& options);

    Head(const Head&) = delete;
    Head& operator=(const Head&) = delete;
    ~Head() = default;

    // Where the byte at `p` lives: [at(p), at(p) + capacity) is contiguous. The shard writes only
    // below writable_end(); others read only what is committed and not yet overwritten.
    std::byte* at(Position p) noexcept { return ring_ + (p.value & mask_); }
    const std::byte* at(Position p) const noexcept { return ring_ + (p.value & mask_); }

    std::uint64_t capacity_bytes() const noexcept { return mask_ + 1; }
    Position base() const noexcept { return base_; }
    std::uint64_t epoch() const noexcept { return epoch_; }
    const std::string& path() const noexcept { return path_; }

    // Shard only. Everything below `committed` is final; once per batch. `last_checksum` is that of
    // the last record below it.
    void publish(Position committed, std::uint32_t last_checksum) noexcept {
        PAWL_ASSERT(committed.value % 8 == 0);
        PAWL_ASSERT(committed.value <= announced_value_->load(std::memory_order_relaxed));
        checksum_value_->store(last_checksum, std::memory_order_relaxed);
        // release: pairs with the acquire in committed()
        committed_value_->store(committed.value, std::memory_order_release);
    }
    // Any thread.
    Position committed() const noexcept {
        return Position{committed_value_->load(std::memory_order_acquire)};
    }
    // Any thread: everything below is in segments, on disk.
    Position synced() const noexcept {
        return Position{synced_value_->load(std::memory_order_acquire)};
    }
    // Shard: it must not write at or beyond this; wait for the journaler (back pressure).
    Position writable_end() const noexcept { return Position{synced().value + capacity_bytes()}; }

    // Shard, before it writes bytes in [.., end), end <= writable_end(). Cheap to call for every
    // record: it announces some way ahead.
    void announce(Position end) noexcept {
        if (end.value <= announced_value_->load(std::memory_order_relaxed)) return;
        announce_ahead(end);
    }

    // One thread at a time, beside the shard: makes the next part of its memory present, a tenth of
    // a millisecond's work. False: all of it is.
    bool make_present() noexcept { return memory_->make_present(); }

    // Any thread: copies committed bytes [from, from + to.size()). False when they were, or may
    // have been, overwritten meanwhile or were never in this head: they are in the segments then.
    bool copy(Position from, std::span<std::byte> to) const noexcept;

    // Journaler only.
    void set_synced(Position synced) noexcept {
        PAWL_ASSERT(synced.value >= synced_value_->load(std::memory_order_relaxed));
        PAWL_ASSERT(synced.value <= committed_value_->load(std::memory_order_relaxed));
        // release: pairs with the acquire in synced(); the shard may overwrite what the journaler
        // has read
        synced_value_->store(synced.value, std::memory_order_release);
    }

private:
    Head(std::unique_ptr<SharedRing> memory, const HeadOptions& options);
    void announce_ahead(Position end) noexcept;

    std::unique_ptr<SharedRing> memory_;
    std::byte* ring_;
    std::uint64_t mask_;
    std::atomic<std::uint64_t>* committed_value_;
    std::atomic<std::uint32_t>* checksum_value_;
    std::atomic<std::uint64_t>* announced_value_;
    std::atomic<std::uint64_t>* synced_value_;
    Position base_;
    std::uint64_t epoch_;
    std::string path_;
};

// What an earlier life left in shared memory. Read-only.
class HeadRemains {
public:
    // unreadable: the system does not let it be mapped now; what it holds is not known.
    enum class State : std::uint8_t { absent, foreign, damaged, unreadable, held, ours };

    // Looks for the head at `path`. `ours`: header intact, identity and shard agree.
    static HeadRemains find(Storage& storage, const std::string& path, const Identity& identity,
                            std::uint32_t shard, RingMode mode);

    State state() const noexcept { return state_; }
    const std::string& why() const noexcept { return why_; }  // unless absent or ours
    // Only when ours. Bytes of [first, committed) are there.
    std::uint64_t epoch() const noexcept { return epoch_; }
    Position first() const noexcept { return first_; }
    Position committed() const noexcept { return committed_; }
    Position synced() const noexcept { return synced_; }
    // Checksum of the last record below `committed`, as its writer noted it; it may be of a later
    // one, below announced(), when the writer died between the two stores.
    std::uint32_t last_checksum() const noexcept { return last_checksum_; }
    Position announced() const noexcept { return announced_; }
    const std::byte* at(Position p) const noexcept;
    // As Head::copy: for the head of a running process.
    bool copy(Position from, std::span<std::byte> to) const noexcept;

private:
    State state_ = State::absent;
    std::string why_;
    std::unique_ptr<SharedRing> memory_;
    std::uint64_t epoch_ = 0;
    Position first_, committed_, synced_, announced_;
    std::uint32_t last_checksum_ = 0;
};

// The head's file name: pawl-<identity>-<shard>.
std::string head_name(const Identity& identity, std::uint32_t shard);

}  // namespace pawl::journal
