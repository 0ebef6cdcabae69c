// The engine: open a directory, submit commands, ask, follow. Knows the user's types; everything
// else is behind a handle.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"
#include "pawl/detail/judge.hpp"
#include "pawl/detail/submission.hpp"
#include "pawl/detail/typed_machine.hpp"
#include "pawl/future.hpp"
#include "pawl/options.hpp"
#include "pawl/producer.hpp"
#include "pawl/reply.hpp"
#include "pawl/result.hpp"
#include "pawl/subscription.hpp"
#include "pawl/view.hpp"

namespace pawl {

template <class... As>
class Standby;

// Runs aggregates of the given types, sharded over single-threaded cores, journaled in one
// directory. All functions may be called from any thread, except poll(). Moves; closes when
// destroyed. At most 3 * 2^30 aggregates of one type in a shard.
template <class... As>
class Engine {
    static_assert(sizeof...(As) > 0, "an engine runs at least one aggregate type");
    static_assert((detail::Checked<As>::ok && ...));
    using Lists = detail::Lists<As...>;

public:
    // Opens the directory, makes it when there is nothing, recovers it after whatever happened.
    // Errors are sentences.
    static Result<Engine> open(const EngineOptions& options) {
        auto core = detail::open_core(options, domain());
        if (!core) return core.error();
        return on(std::move(core).value());
    }
    // For simulations and tests: the types on a core that was opened in a world of its own.
    static Engine on(std::shared_ptr<detail::Core> core) { return Engine(std::move(core)); }
    static detail::Domain domain() {
        detail::Domain domain;
        domain.schema_text = detail::schema_text<As...>();
        domain.make_machine = [](std::uint32_t shard, std::uint32_t shards,
                                 std::pmr::memory_resource* memory) {
            return std::make_unique<detail::TypedMachine<As...>>(shard, shards, memory);
        };
        domain.judge = &detail::judge<As...>;
        return domain;
    }
    Engine(Engine&&) noexcept = default;
    Engine& operator=(Engine&& other) noexcept {
        if (this != &other) {
            close_quietly();
            core_ = std::move(other.core_);
        }
        return *this;
    }
    ~Engine() { close_quietly(); }

    // ---- commands ----

    // Fire and forget: waits while the queue is full, at most options.patience.
    template <class C>
    Offer submit(Id id, const C& command, const SubmitOptions& options = {}) {
        return send<false>(id, command, options, nullptr);
    }
    // The reply comes as a future. A command that could not be offered is answered with the refusal
    // that says why.
    template <class C>
    Future<Reply> submit(Id id, const C& command, UseFuture) {
        return submit(id, command, SubmitOptions{}, use_future);
    }
    template <class C>
    Future<Reply> submit(Id id, const C& command, const SubmitOptions& options, UseFuture) {
        auto state = std::make_shared<detail::FutureState<Reply>>(core_);
        auto* completion = new detail::FutureCompletion(state, core_.get());
        const Offer offer = send<false>(id, command, options, completion);
        if (offer != Offer::accepted) completion->complete(detail::refused_by(offer));
        return Future<Reply>(std::move(state));
    }
    // The callback runs on the reply thread, exactly once if, and only if, the offer was accepted.
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    Offer submit(Id id, const C& command, const SubmitOptions& options, F&& callback) {
        return send_with_callback<false>(id, command, options, std::forward<F>(callback));
    }
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    Offer submit(Id id, const C& command, F&& callback) {
        return send_with_callback<false>(id, command, SubmitOptions{}, std::forward<F>(callback));
    }
    // Never waits: accepted, or the reason why not.
    template <class C>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options = {}) {
        return send<true>(id, command, options, nullptr);
    }
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options,
                                   F&& callback) {
        return send_with_callback<true>(id, command, options, std::forward<F>(callback));
    }

    // The same decide on the owning core, in order with the commands; nothing is saved. The reply's
    // version is the one it was judged at.
    template <class C>
    Future<Reply> would_accept(Id id, const C& command) {
        auto state = std::make_shared<detail::FutureState<Reply>>(core_);
        auto* completion = new detail::FutureCompletion(state, core_.get());
        using A = typename Lists::template At<Lists::template command_owner<C>>;
        if (!detail::structurally_valid<A>(command)) {
            completion->complete(detail::refused_by(Offer::malformed));
            return Future<Reply>(std::move(state));
        }
        detail::MessageParts parts = command_parts(id, command, SubmitOptions{});
        parts.header.kind = detail::MessageKind::trial;
        const Offer offer = deliver<false>(owner_shard<C>(id), parts, SubmitOptions{}, completion);
        if (offer != Offer::accepted) completion->complete(detail::refused_by(offer));
        return Future<Reply>(std::move(state));
    }

    // Journals and applies an event without a decision: a fact that happened elsewhere.
    template <class E>
    Future<Reply> record(Id id, const E& event, const SubmitOptions& options = {}) {
        static_assert(Lists::template has_event<E>,
                      "record takes an event of one of the engine's aggregates");
        constexpr std::uint8_t owner = Lists::template event_owner<E>;
        using A = typename Lists::template At<owner>;
        auto state = std::make_shared<detail::FutureState<Reply>>(core_);
        auto* completion = new detail::FutureCompletion(state, core_.get());
        detail::MessageParts parts = detail::parts_for(*core_, id, options);
        parts.header.kind = detail::MessageKind::fact;
        parts.header.aggregate_type = owner;
        parts.header.command_type =
            static_cast<std::uint16_t>(detail::index_in<E, typename A::Events>);
        parts.header.payload_bytes = static_cast<std::uint16_t>(detail::payload_bytes<E>);
        parts.payload = &event;
        static_assert(sizeof(E) <= command_bytes_max, "a recorded fact has at most 1024 bytes");
        const Offer offer =
            deliver<false>(detail::shard_for<A>(*core_, id), parts, options, completion);
        if (offer != Offer::accepted) completion->complete(detail::refused_by(offer));
        return Future<Reply>(std::move(state));
    }

    // What became of a command of a session. `durability`: below it, the answer is `pending`.
    Future<CommandStatus> status(SessionId session, CommandNumber number,
                                 Durability durability = Durability::journaled) {
        auto state = std::make_shared<detail::FutureState<CommandStatus>>(core_);
        auto* task = new detail::StatusTask(state, core_.get(), core_->shard_count());
        for (std::uint32_t shard = 0; shard < core_->shard_count(); ++shard) {
            detail::MessageParts parts;
            parts.header.kind = detail::MessageKind::status;
            parts.header.number = number.value;
            parts.header.durability = static_cast<std::uint8_t>(durability) & 0x0F;
            parts.header.flags = detail::message_has_session;
            parts.session = session.value;
            const Offer offer = deliver<false>(shard, parts, SubmitOptions{}, task);
            if (offer != Offer::accepted) task->complete(detail::RawReply{});
        }
        return Future<CommandStatus>(std::move(state));
    }
    // The highest number of a session that was decided, per shard: where a client that resends
    // everything may begin.
    std::vector<std::uint64_t> highest_numbers(SessionId session) {
        return core_->highest_numbers(session);
    }

    // ---- reading ----

    // ask(const A&) runs on the shard, in order with the commands this thread submitted before;
    // what it returns comes back. It must not throw and should be short: the shard does nothing
    // else meanwhile. A is the parameter's type.
    template <class Ask>
    auto query(Id id, Ask ask, UseFuture) {
        constexpr std::size_t asked = asked_aggregate<Ask>();
        static_assert(asked < sizeof...(As),
                      "query takes a function of (const Aggregate&) for one of the engine's types");
        using A = typename Lists::template At<asked>;
        using Answer = std::decay_t<std::invoke_result_t<Ask&, const A&>>;
        auto state = std::make_shared<detail::FutureState<Answer>>(core_);
        auto* task = new detail::QueryTask<A, Ask, Answer>(std::move(ask), state);
        detail::Question* question = task;
        detail::MessageParts parts = detail::parts_for(*core_, id, SubmitOptions{});
        parts.header.kind = detail::MessageKind::question;
        parts.header.aggregate_type = static_cast<std::uint8_t>(asked);
        parts.header.payload_bytes = sizeof question;
        parts.payload = &question;
        const Offer offer =
            deliver<false>(detail::shard_for<A>(*core_, id), parts, SubmitOptions{}, task);
        if (offer != Offer::accepted) task->complete(detail::RawReply{});
        return Future<Answer>(std::move(state));
    }

    // A copy of one plain state that any thread reads without asking the shard; fresh after each
    // journaled batch. Waits for the shard once, now. The shard pays for it only when the aggregate
    // changes.
    template <class A>
    View<A> view(Id id) {
        static_assert(Lists::template aggregate<A> < sizeof...(As),
                      "view takes one of the engine's aggregate types");
        using Cell = std::shared_ptr<const detail::ViewCell>;
        auto state = std::make_shared<detail::FutureState<Cell>>(core_);
        auto* task = new detail::WatchTask(state);
        detail::WatchRequest* request = task;
        detail::MessageParts parts = detail::parts_for(*core_, id, SubmitOptions{});
        parts.header.kind = detail::MessageKind::watch;
        parts.header.aggregate_type = Lists::template aggregate<A>;
        parts.header.payload_bytes = sizeof request;
        parts.payload = &request;
        const Offer offer =
            deliver<false>(detail::shard_for<A>(*core_, id), parts, SubmitOptions{}, task);
        if (offer != Offer::accepted) task->complete(detail::RawReply{});
        return View<A>(Future<Cell>(std::move(state)).get());
    }

    // Events from a cursor on, then live.
    Subscription<As...> subscribe(const SubscribeOptions& options = {}) {
        return Subscription<As...>(core_->follow(detail::follow_options(options)), options);
    }

    // One number for all states: equal on every replay, for every shard count. In order with what
    // this thread submitted.
    std::uint64_t state_hash() { return core_->state_hash(); }
    std::uint64_t aggregate_count() { return core_->aggregate_count(); }

    // ---- life ----

    // A way in for one thread of the host, with replies in its own hands.
    Producer<As...> producer(const ProducerOptions& options = {}) {
        return Producer<As...>(core_, options);
    }

    // Threading::none: one pass of everything; returns how much was done. wake_fd() becomes
    // readable when another thread has left work; poll_timeout_ms() is how long the host may sleep
    // (-1: until then).
    std::size_t poll() { return core_->poll(); }
    int wake_fd() const noexcept { return core_->wake_fd(); }
    int poll_timeout_ms() { return core_->poll_timeout_ms(); }

    // Waits until everything committed so far is on disk.
    Status sync(std::chrono::nanoseconds patience = std::chrono::seconds(60)) {
        return core_->sync(patience);
    }

    // Makes a snapshot of every shard, of everything committed so far, and waits for it; the shards
    // do not. From then on opening replays only what came later, and retention may let go of what
    // came before.
    Status snapshot(std::chrono::nanoseconds patience = std::chrono::minutes(10)) {
        return core_->snapshot(patience);
    }

    // The durable cursors of this directory, by name.
    Result<std::vector<NamedCursor>> cursors() {
        const auto kept = core_->cursors();
        if (!kept) return kept.error();
        std::vector<NamedCursor> cursors;
        for (const detail::NamedPlaces& one : *kept) {
            std::vector<Cursor::Place> places;
            for (const detail::StreamPlace& place : one.places)
                places.push_back({place.position, place.events_done});
            cursors.push_back({one.name, Cursor(std::move(places))});
        }
        return cursors;
    }
    // Retention waits for this reader no more. An error while it is subscribed.
    Status forget_cursor(const std::string& name) { return core_->forget_cursor(name); }

    // Names the present position in every shard: a cut that holds across shards, for
    // Until::mark(name). What was answered before this call is before it, what is submitted after
    // it returned is behind it. Of several with one name the last counts. Journaled when it
    // returns.
    Status mark(std::string_view name) { return core_->mark(name); }

    // Takes no more commands, decides and answers what is there, writes everything, marks the end
    // clean. What is left when the deadline passes is answered Refusal::closed.
    Status close(std::chrono::nanoseconds deadline) { return core_->close(deadline); }
    Status close() { return core_->close(core_->close_deadline()); }  // of the options

    // Of a replicated engine: this peer, which must be in the in-sync set, becomes primary.
    // Commands are decided until the arbiter has named it; then they wait until it has everything.
    // Done: it is under way; this engine stops when it has happened (then step_down()), and goes
    // on when it was called off. See node_status(). Until it follows, replies at `replicated` wait
    // for it, degrade_after at most unless the policy is strict; a process that ends says so, and
    // they do not.
    Status hand_over(const std::string& peer, AfterHandOver then = AfterHandOver::follows) {
        return core_->hand_over(peer, then);
    }
    NodeStatus node_status() { return core_->node_status(); }
    // When another node is primary and this engine has stopped: a standby goes on in memory where
    // it was, nothing is closed, read or opened again. An error of usage: it is still primary, or
    // no node, and nothing has happened. mismatch: another process has this node's name, and
    // nothing has happened: close it, and end one of the two. Any other error: it is closed; open a
    // Standby, which says more. With pawl/standby.hpp.
    Result<Standby<As...>> step_down() &&;

    // What opening found: a new directory, how much its state is made of (with what a snapshot
    // stood for) and how much of that was replayed, and a sentence for everything that was not
    // ordinary.
    bool created() const noexcept { return core_->created(); }
    std::uint64_t recovered_records() const noexcept { return core_->recovered_records(); }
    std::uint64_t recovered_events() const noexcept { return core_->recovered_events(); }
    std::uint64_t replayed_records() const noexcept { return core_->replayed_records(); }
    const std::vector<std::string>& recovery_sentences() const noexcept {
        return core_->recovery_sentences();
    }
    std::uint32_t shard_count() const noexcept { return core_->shard_count(); }
    // Where clients find it; empty: nobody is listened to. See EngineOptions::listen.
    std::string listen_address() const { return core_->listen_address(); }
    // The shard that owns aggregate A's `id`.
    template <class A>
    std::uint32_t shard_of(Id id) const noexcept {
        return detail::shard_for<A>(*core_, id);
    }
    // A write or sync failed: nothing more is acknowledged; close and open again to recover.
    bool failed() const noexcept { return core_->failed(); }
    // No room for another segment: new commands are refused, and what a producer was told is
    // accepted may wait, in order, until there is room. Any thread.
    bool disk_full() const noexcept { return core_->disk_full(); }

    // For code that runs engines of any type (tools, measurements).
    detail::Core& core() noexcept { return *core_; }

private:
    explicit Engine(std::shared_ptr<detail::Core> core) : core_(std::move(core)) {}

    void close_quietly() noexcept {
        if (core_ != nullptr) static_cast<void>(close());
    }

    template <class Ask>
    static consteval std::size_t asked_aggregate() {
        std::size_t i = 0;
        static_cast<void>(((std::is_invocable_v<Ask&, const As&> || (++i, false)) || ...));
        return i;
    }

    template <class C>
    std::uint32_t owner_shard(Id id) const noexcept {
        return detail::shard_for<typename Lists::template At<Lists::template command_owner<C>>>(
            *core_, id);
    }

    template <class C>
    detail::MessageParts command_parts(Id id, const C& command, const SubmitOptions& options) {
        static_assert(Lists::template owners<C> == 1,
                      "a command belongs to exactly one aggregate of the engine");
        detail::MessageParts parts = detail::parts_for(*core_, id, options);
        parts.header.command_type = Lists::template command_number<C>;
        parts.header.aggregate_type = Lists::template command_owner<C>;
        parts.header.payload_bytes = static_cast<std::uint16_t>(detail::payload_bytes<C>);
        parts.payload = &command;
        return parts;
    }

    template <bool never_wait, class C>
    Offer send(Id id, const C& command, const SubmitOptions& options,
               detail::Completion* completion) {
        using A = typename Lists::template At<Lists::template command_owner<C>>;
        if (!detail::structurally_valid<A>(command)) return Offer::malformed;
        detail::MessageParts parts = command_parts(id, command, options);
        return deliver<never_wait>(owner_shard<C>(id), parts, options, completion);
    }

    template <bool never_wait>
    Offer deliver(std::uint32_t shard, detail::MessageParts& parts, const SubmitOptions& options,
                  detail::Completion* completion) {
        if (completion != nullptr) {
            parts.header.flags |= detail::message_wants_reply;
            parts.header.token = reinterpret_cast<std::uint64_t>(completion);
        }
        const detail::MessageBuffer message(parts);
        if constexpr (never_wait)
            return core_->try_send(shard, message);
        else
            return core_->send(shard, message, options.patience);
    }

    template <bool never_wait, class C, class F>
    Offer send_with_callback(Id id, const C& command, const SubmitOptions& options, F&& callback) {
        auto completion =
            std::make_unique<detail::CallbackCompletion>(std::forward<F>(callback), core_.get());
        const Offer offer = send<never_wait>(id, command, options, completion.get());
        if (offer == Offer::accepted) static_cast<void>(completion.release());
        return offer;
    }

    std::shared_ptr<detail::Core> core_;
};

}  // namespace pawl
