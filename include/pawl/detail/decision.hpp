// One decision in progress: where its events are staged and what its context answers. Knows no user
// type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include "pawl/archive.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/types.hpp"
#include "pawl/verdict.hpp"

namespace pawl::detail {

// Thrown by emit, emit_to, peek and then to leave a decide that cannot be journaled. Caught by the
// machine only.
struct DecisionAborted {
    Refusal refusal;
};

// Commands asked for with then(), waiting for their turn. Reused from command to command: allocates
// while it grows.
class FollowUps {
public:
    struct Entry {
        std::uint16_t command;  // index in the aggregate's list
        std::uint32_t size;
        const std::byte* payload;
    };
    static constexpr std::size_t count_max = 4096;

    void push(std::uint16_t command, const void* payload, std::size_t bytes) {
        if (count_ >= count_max) throw DecisionAborted{Refusal::record_too_large};
        const std::size_t offset = bytes_.size();
        bytes_.resize(offset + sizeof(Head) + padded(bytes));
        const Head head{command, static_cast<std::uint32_t>(bytes)};
        std::memcpy(bytes_.data() + offset, &head, sizeof head);
        if (bytes != 0) std::memcpy(bytes_.data() + offset + sizeof head, payload, bytes);
        ++count_;
    }
    bool empty() const noexcept { return next_ == bytes_.size(); }
    // Takes the oldest. Its payload lives until the next push.
    Entry pop() noexcept {
        PAWL_ASSERT(!empty());
        Head head{};
        std::memcpy(&head, bytes_.data() + next_, sizeof head);
        const std::byte* payload = bytes_.data() + next_ + sizeof head;
        next_ += sizeof head + padded(head.size);
        return {static_cast<std::uint16_t>(head.command), head.size, payload};
    }
    struct Mark {
        std::size_t bytes;
        std::size_t count;
    };
    Mark mark() const noexcept { return {bytes_.size(), count_}; }
    void set_back(Mark mark) noexcept {
        bytes_.resize(mark.bytes);
        count_ = mark.count;
    }
    void clear() noexcept {
        if (bytes_.empty()) return;  // most decisions ask for none
        bytes_.clear();
        next_ = 0;
        count_ = 0;
    }

private:
    struct Head {
        std::uint32_t command;
        std::uint32_t size;
    };
    std::vector<std::byte> bytes_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

// Answers what a decision asks about its neighbours. Implemented by the machine.
class Neighbours {
public:
    virtual std::uint8_t type_of(const void* type_key,
                                 ShardKey key) const = 0;  // throws DecisionAborted
    virtual const void* peek(std::uint8_t aggregate_type, Id id) const = 0;

protected:
    ~Neighbours() = default;
};

// What a decision asks for is looked up when it asks.
struct Decision {
    std::byte* cursor = nullptr;  // where the next event goes
    std::byte* limit = nullptr;   // end of the room for this record
    std::uint32_t event_count = 0;
    std::uint8_t aggregate_type = 0;
    std::uint32_t shard = 0;
    const Work* work = nullptr;
    const Stage* stage_of = nullptr;
    FollowUps* follow_ups = nullptr;
    const Neighbours* neighbours = nullptr;
    Version version;
    Sequence sequence;
    std::uint64_t draws = 0;

    const MessageHeader& message() const noexcept { return work->message.header(); }
    Time now() const noexcept { return stage_of->now; }
    Time captured() const noexcept { return Time{message().captured_ns}; }
    Id id() const noexcept { return message().aggregate; }
    SessionId session() const noexcept { return work->session; }
    CommandNumber number() const noexcept { return CommandNumber{message().number}; }
    std::uint64_t correlation() const noexcept { return work->message.links().correlation; }

    // The directory's seed, this command's place (shard and sequence) and how often it has asked.
    std::uint64_t draw() noexcept {
        const std::uint64_t place =
            stage_of->last_sequence.value + 1 + (std::uint64_t{shard} << 48);
        return mix((stage_of->random_seed ^ mix(place)) + 0x9E3779B97F4A7C15ULL * ++draws);
    }
    std::uint8_t type_of(const void* type_key, ShardKey key) const {
        return neighbours->type_of(type_key, key);
    }
    const void* peek(std::uint8_t type, Id other) const { return neighbours->peek(type, other); }

    // An event of the deciding aggregate, made where it will stand: its fields go straight there.
    template <class Event>
    [[gnu::always_inline]] void stage_own(std::uint16_t type, const Event& event) {
        constexpr std::size_t bytes = std::is_empty_v<Event> ? 0 : sizeof(Event);
        std::byte* const to =
            open(sizeof(EventHeader) + padded(bytes), bytes, type, aggregate_type, 0);
        if constexpr (bytes % record_alignment != 0)
            std::memset(to + (bytes & ~std::size_t{7}), 0, 8);
        if constexpr (bytes != 0) ::new (static_cast<void*>(to)) Event(event);
    }
    void stage(std::uint16_t type, std::uint8_t aggregate, const Id* target, const void* payload,
               std::size_t bytes) {
        const std::size_t before_payload =
            sizeof(EventHeader) + (target != nullptr ? sizeof(Id) : 0);
        std::byte* to = open(before_payload + padded(bytes), bytes, type, aggregate,
                             target != nullptr ? event_has_target : std::uint8_t{0});
        if (target != nullptr) {
            std::memcpy(to, target, sizeof(Id));
            to += sizeof(Id);
        }
        if (bytes % record_alignment != 0) std::memset(to + (bytes & ~std::size_t{7}), 0, 8);
        if (bytes != 0) std::memcpy(to, payload, bytes);
    }

private:
    // Writes an event's header; returns what comes behind it.
    [[gnu::always_inline]] std::byte* open(std::size_t need, std::size_t bytes, std::uint16_t type,
                                           std::uint8_t aggregate, std::uint8_t flags) {
        if (static_cast<std::size_t>(limit - cursor) < need || event_count == 0xFFFF) [[unlikely]]
            throw DecisionAborted{Refusal::record_too_large};
        std::byte* const at = cursor;
        // Field by field: applying reads them again at once, each from the store that wrote it.
        ::new (static_cast<void*>(at))
            EventHeader{static_cast<std::uint32_t>(bytes), type, aggregate, flags};
        cursor = at + need;
        ++event_count;
        return at + sizeof(EventHeader);
    }
};

}  // namespace pawl::detail
