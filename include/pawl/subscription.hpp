// A reader of events with a position that can be kept. Knows events; not where they lie.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pawl/detail/submission.hpp"
#include "pawl/result.hpp"

namespace pawl {

// Where a subscription stands, per shard: the record, and how many of its events were handed out. A
// value to keep with the effect, so that both are there or neither.
class Cursor {
public:
    struct Place {
        std::uint64_t position = 0;
        std::uint32_t events_done = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };
    Cursor() = default;  // the beginning
    explicit Cursor(std::vector<Place> places) : places_(std::move(places)) {}

    // "0:1024+2 1:512+0"; parse(to_string()) is the same cursor.
    std::string to_string() const;
    static Result<Cursor> parse(std::string_view text);

    const std::vector<Place>& places() const noexcept { return places_; }
    friend bool operator==(const Cursor&, const Cursor&) = default;

private:
    std::vector<Place> places_;
};

struct SubscribeOptions {
    Cursor from{};          // a kept cursor; the beginning by default
    bool from_end = false;  // only what happens from now on
    // Sees an event when it is as safe as this: journaled (default) or synced.
    Durability durability = Durability::journaled;
    bool rejections =
        false;  // also hands out records without events: see JournaledEvent::is_rejection
    // Not empty: the engine keeps this reader's cursor under this name (1 to 64 of a-z A-Z 0-9 _ -,
    // a letter or digit first; one subscription at a time). It begins where it was kept last;
    // `from` and `from_end` count only when the name is new. Retention spares what it has not seen,
    // from the first subscription until Engine::forget_cursor.
    std::string durable_name{};
};

// A durable cursor: where the reader of this name stands.
struct NamedCursor {
    std::string name;
    Cursor cursor;
};

// One event as a subscription hands it out. Lives during the handler's call.
template <class... As>
class JournaledEvent {
    using Lists = detail::Lists<As...>;

public:
    JournaledEvent(const detail::StreamRecord& record, const detail::EventView* event,
                   std::uint32_t index, std::uint64_t version) noexcept
        : record_(record), event_(event), index_(index), version_(version) {}

    // The event when it is an E, else null.
    template <class E>
    const E* as() const noexcept {
        static_assert(Lists::template has_event<E>,
                      "as takes an event of one of the engine's aggregates");
        constexpr std::uint8_t owner = Lists::template event_owner<E>;
        using A = typename Lists::template At<owner>;
        constexpr int index = detail::index_in<E, typename A::Events>;
        if (event_ == nullptr || event_->header->aggregate_type != owner ||
            event_->header->type != index)
            return nullptr;
        return reinterpret_cast<const E*>(event_->payload);
    }
    // Calls visit(event) if it takes events of this type; says whether it did.
    template <class Visit>
    bool visit(Visit&& visit) const {
        bool taken = false;
        if (event_ == nullptr) return taken;
        Lists::with(event_->header->aggregate_type, [&]<class A>() {
            taken = detail::offer_event_of(visit, *event_, typename A::Events{});
        });
        return taken;
    }

    bool is_rejection() const noexcept { return event_ == nullptr; }
    std::uint16_t reason_number() const noexcept { return header().reason; }
    Outcome outcome() const noexcept {
        const detail::RecordKind kind = header().kind();
        return kind == detail::RecordKind::rejected  ? Outcome::rejected
               : kind == detail::RecordKind::refused ? Outcome::refused
                                                     : Outcome::accepted;
    }
    Id id() const noexcept { return event_ != nullptr ? event_->target : header().aggregate; }
    std::uint8_t aggregate_type() const noexcept {
        return event_ != nullptr ? event_->header->aggregate_type : header().aggregate_type;
    }
    std::uint32_t shard() const noexcept { return record_.shard; }
    Sequence sequence() const noexcept { return Sequence{header().sequence + index_}; }
    // Of the aggregate after this event; 0 when it is another aggregate's than the command's.
    Version version() const noexcept { return Version{version_}; }
    bool first_of_command() const noexcept { return index_ == 0; }
    std::uint32_t index_in_command() const noexcept { return index_; }
    SessionId session() const noexcept { return SessionId{record_.session_id}; }
    CommandNumber number() const noexcept { return CommandNumber{header().number}; }
    std::uint64_t correlation() const noexcept { return view().links().correlation; }
    std::uint64_t cause() const noexcept { return view().links().cause; }
    Time time() const noexcept { return Time{header().decided_ns}; }
    Time captured() const noexcept { return Time{view().captured_ns()}; }

private:
    detail::RecordView view() const noexcept { return detail::RecordView(record_.bytes); }
    const detail::RecordHeader& header() const noexcept {
        return *reinterpret_cast<const detail::RecordHeader*>(record_.bytes);
    }
    detail::StreamRecord record_;
    const detail::EventView* event_;
    std::uint32_t index_;
    std::uint64_t version_;
};

namespace detail {

// An event of the record's own aggregate, whose version the header gives.
inline std::uint64_t is_own(const EventView& event) noexcept {
    return (event.header->flags & event_has_target) == 0 ? 1 : 0;
}

// Calls visit(JournaledEvent) for each event of a record; a record without events has none.
template <class... As, class Visit>
void for_each_journaled_event(const StreamRecord& record, Visit&& visit) {
    const RecordView view(record.bytes);
    const RecordHeader& header = view.header();
    if (header.kind() != RecordKind::accepted && header.kind() != RecordKind::fact) return;
    std::uint64_t own = 0;
    static_cast<void>(view.for_each_event([&](const EventView& event) { own += is_own(event); }));
    std::uint32_t index = 0;
    std::uint64_t own_before = 0;
    static_cast<void>(view.for_each_event([&](const EventView& event) {
        own_before += is_own(event);
        visit(JournaledEvent<As...>(record, &event, index++,
                                    is_own(event) != 0 ? header.version - own + own_before : 0));
    }));
}

inline std::vector<StreamPlace> places_of(const Cursor& cursor) {
    std::vector<StreamPlace> places;
    for (const Cursor::Place& place : cursor.places())
        places.push_back({place.position, place.events_done});
    return places;
}

inline FollowOptions follow_options(const SubscribeOptions& options) {
    return {places_of(options.from), options.from_end, options.durability, options.durable_name};
}

}  // namespace detail

// Every event from a cursor on, then live ones: none missing, none twice; in order per shard. One
// thread. The engine, or the standby, must be open while it is polled; one of a standby goes on
// with the engine that the standby becomes. A slow reader never slows a shard down: it reads from
// disk what memory no longer has.
template <class... As>
class Subscription {
public:
    Subscription(std::unique_ptr<detail::StreamFollower> follower, const SubscribeOptions& options)
        : follower_(std::move(follower)), rejections_(options.rejections) {
        for (const detail::StreamPlace& place : follower_->places())
            skip_.push_back(place.events_done);
    }

    // Calls handler(const JournaledEvent<As...>&) for up to `limit` events. Returns how many; 0:
    // nothing new at present. The cursor moves past an event when its handler has returned. An
    // error (damage, a transient engine outrun) is final.
    template <class Handler>
    Result<std::size_t> poll(Handler&& handler, std::size_t limit) {
        std::size_t handled = 0;
        while (handled < limit) {
            if (!holding_) {
                const Result<bool> found = follower_->next(record_);
                if (!found) return found.error();
                if (!*found) break;
                holding_ = true;
                done_ = std::exchange(skip_[record_.shard], 0);
            }
            handled += hand_out(handler, limit - handled);
        }
        return handled;
    }

    Cursor cursor() const {
        std::vector<Cursor::Place> places;
        const std::vector<detail::StreamPlace> at = follower_->places();
        for (std::uint32_t shard = 0; shard < at.size(); ++shard) {
            if (holding_ && record_.shard == shard)
                places.push_back({record_.position, done_});
            else
                places.push_back({at[shard].position, skip_[shard]});
        }
        return Cursor(std::move(places));
    }
    // Makes cursor() the durable one of SubscribeOptions::durable_name: on disk when it returns,
    // and so is the journal up to there. What was handed out since the last keep() comes again
    // after a restart: make the effect harmless twice, or keep the cursor with the effect instead.
    Status keep() { return follower_->keep(detail::places_of(cursor())); }
    // Bytes of stream that are there and not handed out.
    std::uint64_t lag_bytes() const { return follower_->lag_bytes(); }
    // How old what was handed out is at most: so long ago the engine, or a standby's primary, had
    // nothing more. As of the last poll() that found nothing; below 0: there was none.
    std::chrono::nanoseconds age() const { return follower_->age(); }

private:
    // Hands out what is left of the record in hand, at most `limit` events.
    template <class Handler>
    std::size_t hand_out(Handler& handler, std::size_t limit) {
        const detail::RecordView view(record_.bytes);
        const detail::RecordHeader& header = view.header();
        const detail::RecordKind kind = header.kind();
        std::size_t handled = 0;
        if (kind == detail::RecordKind::rejected || kind == detail::RecordKind::refused) {
            if (rejections_) {
                handler(JournaledEvent<As...>(record_, nullptr, 0, header.version));
                ++handled;
            }
        } else if (kind == detail::RecordKind::accepted || kind == detail::RecordKind::fact) {
            detail::for_each_journaled_event<As...>(
                record_, [&](const JournaledEvent<As...>& event) {
                    if (event.index_in_command() < done_ || handled == limit) return;
                    handler(event);
                    ++handled;
                    ++done_;
                });
            if (done_ < header.event_count) return handled;
        }
        holding_ = false;
        done_ = 0;
        return handled;
    }

    std::unique_ptr<detail::StreamFollower> follower_;
    bool rejections_;
    std::vector<std::uint32_t> skip_;  // events of the next record that were handed out before
    detail::StreamRecord record_;
    bool holding_ = false;
    std::uint32_t done_ = 0;
};

}  // namespace pawl
