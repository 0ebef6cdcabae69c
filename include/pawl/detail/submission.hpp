// From a typed command to the bytes of a message, and from a raw reply back to its caller. Knows
// lists and options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "pawl/aggregate.hpp"
#include "pawl/detail/core.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/future.hpp"
#include "pawl/options.hpp"
#include "pawl/reply.hpp"

namespace pawl::detail {

// What a list of aggregate types says about its commands and events at compile time.
template <class... As>
struct Lists {
    template <class C>
    static constexpr std::size_t owners =
        (std::size_t{index_in<C, typename As::Commands> >= 0} + ...);

    // Place of the aggregate that owns command C, and C's number over all of them.
    template <class C>
    static constexpr std::uint8_t command_owner = [] {
        std::uint8_t i = 0;
        static_cast<void>(((index_in<C, typename As::Commands> >= 0 || (++i, false)) || ...));
        return i;
    }();
    template <class C>
    static constexpr std::uint16_t command_number = [] {
        std::size_t base = 0;
        int found = -1;
        ((found < 0 ? (index_in<C, typename As::Commands> >= 0
                           ? (found = static_cast<int>(base) + index_in<C, typename As::Commands>)
                           : (base += As::Commands::count, 0))
                    : 0),
         ...);
        return static_cast<std::uint16_t>(found);
    }();
    template <class E>
    static constexpr std::uint8_t event_owner = [] {
        std::uint8_t i = 0;
        static_cast<void>(((index_in<E, typename As::Events> >= 0 || (++i, false)) || ...));
        return i;
    }();
    template <class E>
    static constexpr bool has_event = ((index_in<E, typename As::Events> >= 0) || ...);

    template <class A>
    static constexpr std::uint8_t aggregate =
        static_cast<std::uint8_t>(index_in<A, Commands<As...>>);

    // Calls use.template operator()<A>() for the aggregate at `index`.
    template <class Use>
    static void with(std::size_t index, Use&& use) {
        std::size_t i = 0;
        static_cast<void>(((i++ == index && (use.template operator()<As>(), true)) || ...));
    }
    template <std::size_t index>
    using At = std::tuple_element_t<index, std::tuple<As...>>;
};

// The shard of an id for the aggregate that owns the command.
template <class A>
std::uint32_t shard_for(const Core& core, Id id) noexcept {
    return shard_of(route<A>(id), core.shard_count());
}

template <class A, class C>
bool structurally_valid(const C& command) {
    if constexpr (requires {
                      { A::validate(command) } -> std::convertible_to<bool>;
                  })
        return A::validate(command);
    else
        return true;
}

inline void attach(MessageParts& parts, const SubmitOptions& options) noexcept {
    if (options.correlation != 0 || options.cause != 0) {
        parts.header.flags |= message_has_links;
        parts.links = {options.correlation, options.cause};
    }
    if (options.expected_version != SubmitOptions::no_version) {
        parts.header.flags |= message_has_expected;
        parts.expected_version = options.expected_version.value;
    }
    if (options.session.value != 0) {
        parts.header.flags |= message_has_session;
        parts.session = options.session.value;
    }
    parts.header.number = options.number.value;
}

inline MessageParts parts_for(Core& core, Id id, const SubmitOptions& options) noexcept {
    MessageParts parts;
    parts.header.aggregate = id;
    parts.header.captured_ns = core.now_ns();
    const Durability durability =
        options.durability == SubmitOptions::unset ? core.default_durability() : options.durability;
    parts.header.durability = static_cast<std::uint8_t>(durability) & 0x0F;
    attach(parts, options);
    return parts;
}

inline Refusal refusal_of(Offer offer) noexcept {
    switch (offer) {
        case Offer::back_pressured:
            return Refusal::back_pressured;
        case Offer::disk_full:
            return Refusal::disk_full;
        case Offer::malformed:
            return Refusal::malformed;
        case Offer::unavailable:
            return Refusal::unavailable;
        case Offer::accepted:
        case Offer::not_primary:
        case Offer::closed:
            break;
    }
    return Refusal::closed;
}

inline RawReply refused_by(Offer offer) noexcept {
    RawReply reply;
    reply.position = RawReply::no_record;
    reply.reason = static_cast<std::uint16_t>(refusal_of(offer));
    return reply;
}

// ---- where a reply goes when there is no producer: an object that deletes itself ----

class FutureCompletion final : public Completion {
public:
    FutureCompletion(std::shared_ptr<FutureState<Reply>> state, Core* core)
        : state_(std::move(state)), core_(core) {}
    void complete(const RawReply& reply) noexcept override {
        state_->set(Reply(reply, core_));
        delete this;
    }

private:
    std::shared_ptr<FutureState<Reply>> state_;
    Core* core_;
};

class CallbackCompletion final : public Completion {
public:
    CallbackCompletion(std::function<void(const Reply&)> callback, Core* core)
        : callback_(std::move(callback)), core_(core) {}
    void complete(const RawReply& reply) noexcept override {
        callback_(Reply(reply, core_));
        delete this;
    }

private:
    std::function<void(const Reply&)> callback_;
    Core* core_;
};

// Calls `visit` with the state, or with a blank one when nothing ever happened to the aggregate.
template <class A, class Visit>
void with_state(const void* state, Visit&& visit) {
    if (state != nullptr) {
        visit(*static_cast<const A*>(state));
    } else if constexpr (std::is_default_constructible_v<A>) {
        const A blank{};
        visit(blank);
    } else {
        const A blank(std::pmr::new_delete_resource());
        visit(blank);
    }
}

// A read of one state on its shard; the answer travels the way of the replies.
template <class A, class Ask, class Answer>
class QueryTask final : public Question, public Completion {
public:
    QueryTask(Ask ask, std::shared_ptr<FutureState<Answer>> state)
        : ask_(std::move(ask)), state_(std::move(state)) {}
    void answer(const void* state, Version) noexcept override {
        with_state<A>(state, [this](const A& known) { answer_.emplace(ask_(known)); });
    }
    void complete(const RawReply&) noexcept override {
        if (answer_.has_value())
            state_->set(std::move(*answer_));
        else
            state_->abandon();
        delete this;
    }

private:
    Ask ask_;
    std::optional<Answer> answer_;
    std::shared_ptr<FutureState<Answer>> state_;
};

// Asks a shard to keep a copy of one state fresh.
class WatchTask final : public WatchRequest, public Completion {
public:
    explicit WatchTask(std::shared_ptr<FutureState<std::shared_ptr<const ViewCell>>> state)
        : state_(std::move(state)) {}
    void complete(const RawReply&) noexcept override {
        if (cell != nullptr)
            state_->set(std::move(cell));
        else
            state_->abandon();
        delete this;
    }

private:
    std::shared_ptr<FutureState<std::shared_ptr<const ViewCell>>> state_;
};

// Asks every shard about one (session, number) and keeps what the one that knows it says.
class StatusTask final : public Completion {
public:
    StatusTask(std::shared_ptr<FutureState<CommandStatus>> state, Core* core, std::uint32_t shards)
        : state_(std::move(state)), core_(core), left_(shards) {}
    void complete(const RawReply& reply) noexcept override {
        {
            const std::lock_guard lock(mutex_);
            // A shard that never saw the number says forgotten when its own window has passed it.
            if (weight(static_cast<CommandStatus::Known>(reply.status)) > weight(best_.known))
                best_ = {static_cast<CommandStatus::Known>(reply.status), Reply(reply, core_)};
            if (--left_ != 0) return;
        }
        state_->set(best_);
        delete this;
    }

private:
    static int weight(CommandStatus::Known known) noexcept {
        switch (known) {
            case CommandStatus::Known::unknown:
                return 0;
            case CommandStatus::Known::forgotten:
                return 1;
            case CommandStatus::Known::pending:
                return 2;
            case CommandStatus::Known::answered:
                return 3;
        }
        return 0;
    }

    std::shared_ptr<FutureState<CommandStatus>> state_;
    Core* core_;
    std::mutex mutex_;  // a shard that could not be asked is counted on the asker's thread
    std::uint32_t left_;
    CommandStatus best_;
};

}  // namespace pawl::detail
