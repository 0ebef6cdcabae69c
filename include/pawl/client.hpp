// Commands over the network: the same as a Producer, from another process, to whichever node is
// primary. Knows commands; no socket.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "pawl/detail/client_link.hpp"
#include "pawl/detail/submission.hpp"
#include "pawl/detail/typed_machine.hpp"
#include "pawl/future.hpp"
#include "pawl/producer.hpp"
#include "pawl/result.hpp"

namespace pawl {

// Used by one thread, which also moves its bytes: inside submit(), poll_replies(), wait() and
// Future::get(). When the connection is lost it looks for the primary by itself and sends again, in
// order and with the same numbers, what was not answered: nothing acts twice, and each answer is
// told once. A command ends as done (Reply::accepted), not done (rejected, refused) or unknown
// (Reply::unknown): then a later answer is told too, and status() tells at any time.
// docs/clients.md says what is promised.
template <class... As>
class Client {
    using Lists = detail::Lists<As...>;
    using Hears = detail::ClientLink::Hears;

public:
    // Finds the primary. Errors are sentences: nobody there in time, another secret, other types.
    static Result<Client> open(const ClientOptions& options) {
        auto link = detail::open_client(options, detail::schema_text<As...>());
        if (!link) return link.error();
        return on(std::move(link).value());
    }
    // For simulations and tests: the types on a connection of their own.
    static Client on(std::shared_ptr<detail::ClientLink> link) { return Client(std::move(link)); }
    Client(Client&&) noexcept = default;
    Client& operator=(Client&& other) noexcept {
        if (this != &other) {
            close_quietly();
            link_ = std::move(other.link_);
        }
        return *this;
    }
    // What was not answered stays unknown: futures hear it, callbacks do not.
    ~Client() { close_quietly(); }

    // Sends a command; waits while a whole session window of them is unanswered, at most
    // options.patience. Without a callback nobody hears the reply.
    template <class C>
    Offer submit(Id id, const C& command, const SubmitOptions& options = {}) {
        return send<false>(id, command, options, Hears::nobody, nullptr);
    }
    // The callback runs inside poll_replies(), once with the answer if, and only if, the offer was
    // accepted; before that once with Reply::unknown() when there is none in time.
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    Offer submit(Id id, const C& command, const SubmitOptions& options, F&& callback) {
        return send<false>(id, command, options, Hears::callback, std::forward<F>(callback));
    }
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    Offer submit(Id id, const C& command, F&& callback) {
        return send<false>(id, command, {}, Hears::callback, std::forward<F>(callback));
    }
    template <class C>
    Offer submit(Id id, const C& command, const SubmitOptions& options, WantReply) {
        return send<false>(id, command, options, Hears::handler, nullptr);
    }
    // The future hears the first word, be it unknown. To be waited for on this thread.
    template <class C>
    Future<Reply> submit(Id id, const C& command, const SubmitOptions& options, UseFuture) {
        auto state = std::make_shared<detail::FutureState<Reply>>(link_);
        const Offer offer = send<false>(id, command, options, Hears::future,
                                        [state](const Reply& reply) { state->set(reply); });
        if (offer != Offer::accepted) state->set(Reply(detail::refused_by(offer), nullptr));
        return Future<Reply>(std::move(state));
    }
    template <class C>
    Future<Reply> submit(Id id, const C& command, UseFuture) {
        return submit(id, command, SubmitOptions{}, use_future);
    }

    // The same without waiting, ever.
    template <class C>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options = {}) {
        return send<true>(id, command, options, Hears::nobody, nullptr);
    }
    template <class C, class F>
        requires std::is_invocable_v<F&, const Reply&>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options,
                                   F&& callback) {
        return send<true>(id, command, options, Hears::callback, std::forward<F>(callback));
    }
    template <class C>
    [[nodiscard]] Offer try_submit(Id id, const C& command, const SubmitOptions& options,
                                   WantReply) {
        return send<true>(id, command, options, Hears::handler, nullptr);
    }

    // Runs the callbacks of up to `limit` replies that have arrived. Returns how many.
    std::size_t poll_replies(std::size_t limit) {
        return poll_replies(limit, [](const Reply&) {});
    }
    // The same; replies of commands sent with want_reply go to `handler`.
    template <class Handler>
        requires std::is_invocable_v<Handler&, const Reply&>
    std::size_t poll_replies(std::size_t limit, Handler&& handler) {
        return link_->poll(limit, [&handler](const Reply& reply) { handler(reply); });
    }
    // Sleeps until something has come, or so long.
    void wait(std::chrono::nanoseconds longest) { link_->wait(longest); }

    // What became of a command of this session, also of an earlier life. To be waited for on this
    // thread. `durability`: below it, the answer is `pending`.
    Future<CommandStatus> status(CommandNumber number,
                                 Durability durability = Durability::journaled) {
        auto state = std::make_shared<detail::FutureState<CommandStatus>>(link_);
        link_->ask_status(number.value, durability, state);
        return Future<CommandStatus>(std::move(state));
    }

    // Commands without an answer, and answers not told yet.
    std::size_t waiting() const noexcept { return link_->waiting(); }
    // The number the next command gets, when it is not given one.
    CommandNumber next_number() const noexcept { return CommandNumber{link_->next_number()}; }
    SessionId session() const noexcept { return link_->session(); }
    // The server that has welcomed us; empty: there is none at present, why() has the last reason.
    const std::string& server() const noexcept { return link_->server(); }
    const std::string& why() const noexcept { return link_->why(); }
    // Another client has the session, see why(): every offer is Offer::closed.
    bool over() const noexcept { return link_->over(); }

private:
    explicit Client(std::shared_ptr<detail::ClientLink> link) : link_(std::move(link)) {}

    void close_quietly() noexcept {
        if (link_ != nullptr) link_->close();
    }

    template <bool never_wait, class C>
    Offer send(Id id, const C& command, const SubmitOptions& options, Hears hears,
               detail::ClientLink::Answer answer) {
        static_assert(Lists::template owners<C> == 1,
                      "a command belongs to exactly one aggregate of the engine");
        using A = typename Lists::template At<Lists::template command_owner<C>>;
        if (!detail::structurally_valid<A>(command)) return Offer::malformed;
        if (options.session.value != 0 && options.session != link_->session())
            return Offer::malformed;
        SubmitOptions own = options;
        own.session = {};
        detail::MessageParts parts;
        parts.header.aggregate = id;
        const Durability durability = options.durability == SubmitOptions::unset
                                          ? link_->default_durability()
                                          : options.durability;
        parts.header.durability = static_cast<std::uint8_t>(durability) & 0x0F;
        detail::attach(parts, own);
        parts.header.command_type = Lists::template command_number<C>;
        parts.header.aggregate_type = Lists::template command_owner<C>;
        parts.header.payload_bytes = static_cast<std::uint16_t>(detail::payload_bytes<C>);
        parts.payload = &command;
        const auto shard = detail::shard_of(route<A>(id), link_->shard_count());
        if constexpr (never_wait)
            return link_->try_send(shard, parts, hears, std::move(answer));
        else
            return link_->send(shard, parts, hears, std::move(answer), options.patience);
    }

    std::shared_ptr<detail::ClientLink> link_;
};

}  // namespace pawl
