// One thread's own way into an engine: numbered commands, replies in its own hands. Knows commands;
// not rings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "pawl/detail/submission.hpp"

namespace pawl {

struct WantReply {};
// As the last argument of Producer::submit: the reply goes to the handler given to poll_replies().
inline constexpr WantReply want_reply{};

// Used by one thread. Order is kept per shard. Moves; must not outlive its callbacks' captures.
// One producer at a time has a session. When its engine has closed, poll_replies() still hands out
// every reply: what was decided, or Refusal::closed.
template <class... As>
class Producer {
    using Lists = detail::Lists<As...>;

public:
    using Callback = std::function<void(const Reply&)>;

    explicit Producer(std::shared_ptr<detail::Core> core, const ProducerOptions& options)
        : core_(std::move(core)), link_(core_->make_producer(options)) {}
    Producer(Producer&&) noexcept = default;
    Producer& operator=(Producer&&) noexcept = default;

    // Sends a command; waits while the lane is full, at most options.patience. Without a callback
    // nobody hears the reply.
    template <class C>
    Offer submit(Id id, const C& command, const SubmitOptions& options = {}) {
        return send<false>(id, command, options, 0, 0);
    }
    // The callback runs inside poll_replies(). Called exactly once if, and only if, the offer was
    // accepted.
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    Offer submit(Id id, const C& command, const SubmitOptions& options, F&& callback) {
        return send_with_callback<false>(id, command, options, std::forward<F>(callback));
    }
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    Offer submit(Id id, const C& command, F&& callback) {
        return send_with_callback<false>(id, command, {}, std::forward<F>(callback));
    }
    template <class C>
    Offer submit(Id id, const C& command, const SubmitOptions& options, WantReply) {
        return send<false>(id, command, options, detail::message_wants_reply, 0);
    }

    // The same without waiting, ever.
    template <class C>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options = {}) {
        return send<true>(id, command, options, 0, 0);
    }
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options,
                                   F&& callback) {
        return send_with_callback<true>(id, command, options, std::forward<F>(callback));
    }
    template <class C>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options,
                                   WantReply) {
        return send<true>(id, command, options, detail::message_wants_reply, 0);
    }

    // Runs the callbacks of up to `limit` replies that have arrived. Returns how many.
    std::size_t poll_replies(std::size_t limit) {
        return poll_replies(limit, [](const Reply&) {});
    }
    // The same; replies of commands sent with want_reply go to `handler`.
    template <class Handler>
        requires std::is_invocable_v<Handler&, const Reply&>
    std::size_t poll_replies(std::size_t limit, Handler&& handler) {
        std::size_t handled = 0;
        detail::RawReplyRoom<64> replies;
        while (handled < limit) {
            const std::size_t wanted =
                limit - handled < replies.size() ? limit - handled : replies.size();
            const std::size_t count = link_->take(replies.data(), wanted);
            if (count == 0) break;
            for (std::size_t i = 0; i < count; ++i) hand_over(replies[i], handler);
            handled += count;
        }
        if (handled == 0 && waiting_ != 0) core_->poll_while_waiting();
        return handled;
    }

    // Callbacks that have not been called yet.
    std::size_t waiting() const noexcept { return waiting_; }
    // The number the next command gets, when it is not given one.
    CommandNumber next_number() const { return CommandNumber{link_->next_number()}; }
    SessionId session() const { return link_->session(); }

private:
    template <bool never_wait, class C>
    Offer send(Id id, const C& command, const SubmitOptions& options, std::uint8_t flags,
               std::uint64_t token) {
        static_assert(Lists::template owners<C> == 1,
                      "a command belongs to exactly one aggregate of the engine");
        using A = typename Lists::template At<Lists::template command_owner<C>>;
        if (!detail::structurally_valid<A>(command)) return Offer::malformed;
        constexpr std::size_t payload_bytes = detail::payload_bytes<C>;
        detail::MessageParts parts;
        parts.header.flags = flags;
        detail::attach(parts, options);
        const bool numbered = link_->session().value != 0 && options.session.value == 0;
        if (numbered && parts.header.number == 0) parts.header.number = link_->next_number();
        const Durability durability = options.durability == SubmitOptions::unset
                                          ? link_->default_durability()
                                          : options.durability;
        const std::uint32_t shard = detail::shard_of(route<A>(id), link_->shard_count());
        const std::size_t lines =
            detail::lines_of(detail::message_bytes(parts.header.flags, payload_bytes));
        detail::MessagePlace place = link_->place(shard, durability, lines);
        if constexpr (!never_wait)
            if (place.offer == Offer::back_pressured)
                place = link_->place_patiently(shard, durability, lines, options.patience);
        if (place.bytes == nullptr) return place.offer;
        parts.header.aggregate = id;
        parts.header.captured_ns = place.now_ns;
        parts.header.token = token;
        parts.header.payload_bytes = payload_bytes;
        parts.header.command_type = Lists::template command_number<C>;
        parts.header.aggregate_type = Lists::template command_owner<C>;
        parts.header.durability = static_cast<std::uint8_t>(durability) & 0x0F;
        parts.payload = &command;
        detail::write_message(place.bytes, parts);
        link_->send_placed(shard);
        if (numbered) link_->number_used(parts.header.number);
        return Offer::accepted;
    }

    template <bool never_wait, class C, class F>
    Offer send_with_callback(Id id, const C& command, const SubmitOptions& options, F&& callback) {
        if (free_.empty()) {
            slots_.emplace_back();
            free_.push_back(slots_.size());
        }
        const std::uint64_t token = free_.back();
        slots_[token - 1] = std::forward<F>(callback);
        const Offer offer =
            send<never_wait>(id, command, options, detail::message_wants_reply, token);
        if (offer == Offer::accepted) {
            free_.pop_back();
            ++waiting_;
        } else {
            slots_[token - 1] = nullptr;
        }
        return offer;
    }

    template <class Handler>
    void hand_over(const detail::RawReply& raw, Handler& handler) {
        const Reply reply(raw, core_.get());
        if (raw.token == 0) {
            handler(reply);
            return;
        }
        // The slot is free before the callback runs: it may submit again.
        const Callback callback = std::exchange(slots_[raw.token - 1], nullptr);
        free_.push_back(raw.token);
        --waiting_;
        callback(reply);
    }

    std::shared_ptr<detail::Core> core_;
    std::unique_ptr<detail::ProducerLink> link_;
    std::vector<Callback> slots_;
    std::vector<std::uint64_t> free_;  // tokens: slot + 1
    std::size_t waiting_ = 0;
};

}  // namespace pawl
