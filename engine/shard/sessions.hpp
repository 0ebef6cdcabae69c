// What each session was answered: makes a retry harmless. Knows numbers and outcomes; not messages,
// not records' bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "pawl/archive.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/detail/raw_reply.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

// One shard's sessions. Only the shard's thread, or the replaying one before it. Memory is bounded
// by sessions_max × window × 48 bytes and grows with use.
class Sessions {
public:
    struct Answer {                // the first outcome of one number
        std::uint64_t number = 0;  // 0: none
        std::uint64_t version = 0;
        std::uint64_t sequence = 0;
        std::uint64_t position = 0;
        std::uint64_t end = 0;
        std::uint16_t reason = 0;
        std::uint16_t event_count = 0;
        Outcome outcome{};
        bool open = false;  // claimed by a command of the present batch

        // What a reply says of the outcome; token, number, shard and durability are not touched.
        void tell(RawReply& reply) const noexcept {
            reply.version = version;
            reply.sequence = sequence;
            reply.position = position;
            reply.reason = reason;
            reply.event_count = event_count;
            reply.outcome = outcome;
        }
    };
    enum class Found : std::uint8_t { fresh, repeat, open, forgotten };

    Sessions(std::uint32_t window, std::uint32_t sessions_max)
        : window_(window), sessions_max_(sessions_max) {
        PAWL_ASSERT(window > 0 && sessions_max > 0);
    }

    // Index of a session from 1, 0 when this shard has not met it.
    std::uint32_t find(SessionId id) const noexcept;
    // The same for the hot path: remembers the last one it found.
    std::uint32_t resolve(SessionId id) noexcept {
        if (id != last_found_) {
            last_index_ = find(id);
            last_found_ = last_index_ != 0 ? id : SessionId{};
        }
        return last_index_;
    }
    bool full() const noexcept { return sessions_.size() >= sessions_max_; }
    // The next free index belongs to it from now on. Not when full.
    std::uint32_t open(SessionId id);
    SessionId id(std::uint32_t index) const noexcept { return at(index).id; }
    std::size_t count() const noexcept { return sessions_.size(); }
    std::vector<std::uint64_t> ids() const;  // by index; 0 where there is none

    // What is known of a number. `answer` is set for repeat and open.
    Found look(std::uint32_t index, std::uint64_t number, const Answer*& answer) const noexcept {
        return look(at(index), number, answer);
    }
    // A new batch: nothing was touched in it yet.
    void begin_batch() noexcept { ++batch_; }
    enum class Entry : std::uint8_t { fresh, repeat, forgotten, crowded };
    // This batch answers a command with this number; a fresh one is claimed by it. crowded: that
    // would push another one that this batch has touched out of the window before it is answered;
    // begin a new batch first.
    Entry enter(std::uint32_t index, std::uint64_t number);
    void unclaim(std::uint32_t index, std::uint64_t number) noexcept;
    // Where the outcome of a number is to be written, `open` with it. Claimed before, or replayed;
    // null: the window has passed it.
    Answer* settle(std::uint32_t index, std::uint64_t number);
    void settle(std::uint32_t index, const Answer& answer) {
        PAWL_ASSERT(!answer.open);
        if (Answer* const place = settle(index, answer.number)) *place = answer;
    }
    // Highest number with an outcome, 0 = none.
    std::uint64_t highest(std::uint32_t index) const noexcept { return at(index).highest; }

    // ---- snapshots ----
    // One session with its answers inside the window, by number. Nothing of it is claimed.
    void save(SaveArchive& archive, std::uint32_t index) const;
    // Opens the next index with what was saved; the archive fails when it cannot be a session. What
    // the window of the one that saved had left behind stays forgotten, also in a larger window: a
    // late retry is refused, never decided twice.
    void load_next(LoadArchive& archive);

private:
    struct alignas(64) Session {
        SessionId id;
        std::uint64_t highest = 0;   // settled
        std::uint64_t frontier = 0;  // settled or claimed: what moves the window
        std::uint64_t lowest = 0;    // in the window; below: left behind, or before it was saved
        std::uint64_t batch = 0;     // the last one that touched it
        std::uint64_t oldest = 0;    // number touched in that batch
        std::uint64_t mask = 0;      // of the ring's places
        std::vector<Answer> ring;    // by number; as many as a power of two

        Answer& at(std::uint64_t number) noexcept { return ring[number & mask]; }
        const Answer& at(std::uint64_t number) const noexcept { return ring[number & mask]; }
        void take_ring(std::vector<Answer>&& answers) noexcept {
            ring = std::move(answers);
            mask = ring.size() - 1;
        }
        // The window has left the number behind.
        bool passed(std::uint64_t number) const noexcept { return number < lowest; }
    };
    // A number that was settled or claimed moves the window.
    void reach(Session& session, std::uint64_t number) const noexcept {
        if (number <= session.frontier) return;
        session.frontier = number;
        if (number - session.lowest >= window_) session.lowest = number - window_ + 1;
    }
    static Found look(const Session& session, std::uint64_t number, const Answer*& answer) noexcept;
    bool touch(Session& session, std::uint64_t number) const noexcept;
    void claim(Session& session, std::uint64_t number);
    Session& at(std::uint32_t index) noexcept {
        PAWL_ASSERT(index - 1 < sessions_.size());
        return sessions_[index - 1];
    }
    const Session& at(std::uint32_t index) const noexcept {
        PAWL_ASSERT(index - 1 < sessions_.size());
        return sessions_[index - 1];
    }
    // The place of a number; what the window has left behind there is overwritten.
    Answer& place(Session& session, std::uint64_t number);
    void make_room(Session& session, std::uint64_t number);

    const std::uint32_t window_;
    const std::uint32_t sessions_max_;
    std::uint64_t batch_ = 1;
    SessionId last_found_;  // most commands come from the session that the one before came from
    std::uint32_t last_index_ = 0;
    std::vector<Session> sessions_;
    std::unordered_map<std::uint64_t, std::uint32_t> by_id_;
};

// ---- once per command, so that the shard's loop holds them ----

inline Sessions::Found Sessions::look(const Session& session, std::uint64_t number,
                                      const Answer*& answer) noexcept {
    PAWL_ASSERT(number != 0);
    if (session.passed(number)) return Found::forgotten;
    const Answer& known = session.at(number);
    if (known.number != number) return Found::fresh;
    answer = &known;
    return known.open ? Found::open : Found::repeat;
}

inline Sessions::Entry Sessions::enter(std::uint32_t index, std::uint64_t number) {
    Session& session = at(index);
    const Answer* answer = nullptr;
    // Above all that was settled or claimed there is nothing to look for.
    const Found found = number > session.frontier ? Found::fresh : look(session, number, answer);
    if (found == Found::forgotten) return Entry::forgotten;
    if (!touch(session, number)) return Entry::crowded;
    if (found != Found::fresh) return Entry::repeat;
    claim(session, number);
    return Entry::fresh;
}

inline bool Sessions::touch(Session& session, std::uint64_t number) const noexcept {
    if (session.batch != batch_) {
        session.batch = batch_;
        session.oldest = number;
        return true;
    }
    if (number >= session.oldest && number - session.oldest >= window_) return false;
    if (number < session.oldest) session.oldest = number;
    return true;
}

inline void Sessions::claim(Session& session, std::uint64_t number) {
    PAWL_ASSERT(!session.passed(number));
    reach(session, number);
    Answer& answer = place(session, number);
    answer.number = number;
    answer.open = true;
}

inline Sessions::Answer* Sessions::settle(std::uint32_t index, std::uint64_t number) {
    PAWL_ASSERT(number != 0);
    Session& session = at(index);
    reach(session, number);
    if (number > session.highest) session.highest = number;
    if (Answer& claimed = session.at(number); claimed.number == number) return &claimed;
    return session.passed(number) ? nullptr : &place(session, number);
}

inline Sessions::Answer& Sessions::place(Session& session, std::uint64_t number) {
    const Answer& there = session.at(number);
    if (there.number != 0 && there.number != number && !session.passed(there.number))
        make_room(session, number);
    return session.at(number);
}

}  // namespace pawl::detail
