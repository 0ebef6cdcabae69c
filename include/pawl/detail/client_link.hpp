// What the client's template calls and the compiled client defines. Knows messages and replies; no
// user type, no socket.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pawl/detail/core.hpp"
#include "pawl/detail/message.hpp"
#include "pawl/future.hpp"
#include "pawl/reply.hpp"
#include "pawl/result.hpp"

namespace pawl {

// How a client is opened.
struct ClientOptions {
    // ---- behaviour ----
    std::vector<std::string> servers{};  // "host:port": all nodes of one engine
    std::string session{};  // 1 to 255 bytes: whose commands these are. One client at a time has it
    std::string secret{};   // as EngineOptions::secret
    // How long open() looks for a primary.
    std::chrono::nanoseconds open_within = std::chrono::seconds(10);
    // A command without an answer for so long is told as unknown; it is sent on all the same, and a
    // later answer is told too. max(): never.
    std::chrono::nanoseconds give_up_after = std::chrono::seconds(10);

    // ---- performance ----
    // A server of which nothing was heard for so long is left. Longer than any pause of process,
    // machine or network that shall not cost a new connection; at least a second, since a server
    // gives a sign of life five times a second.
    std::chrono::milliseconds silent_after{1000};
    // Between two rounds of looking for a server: begins here, doubles, ends there.
    std::chrono::milliseconds pause_min{10};
    std::chrono::milliseconds pause_max{100};
};

namespace detail {

// One thread, poll_while_waiting() too.
class ClientLink : public Waiter {
public:
    using Answer = std::function<void(const Reply&)>;
    // Who hears the reply of a command.
    enum class Hears : std::uint8_t {
        nobody,
        handler,   // the one given to poll()
        callback,  // `answer`, inside poll()
        future,    // `answer`, at once, and only the first word
    };

    virtual std::uint32_t shard_count() const noexcept = 0;  // 0: no server was found yet
    virtual Durability default_durability() const noexcept = 0;
    // `parts` without number, token and shard's business; a number that is given is kept.
    virtual Offer try_send(std::uint32_t shard, MessageParts& parts, Hears hears,
                           Answer answer) = 0;
    virtual Offer send(std::uint32_t shard, MessageParts& parts, Hears hears, Answer answer,
                       std::chrono::nanoseconds patience) = 0;
    // Moves bytes, then hands out up to `limit` replies.
    virtual std::size_t poll(std::size_t limit, const Answer& handler) = 0;
    // Sleeps until something came, or so long.
    virtual void wait(std::chrono::nanoseconds longest) = 0;
    virtual std::size_t waiting() const noexcept = 0;
    virtual std::uint64_t next_number() const noexcept = 0;
    virtual SessionId session() const noexcept = 0;
    virtual void ask_status(std::uint64_t number, Durability durability,
                            std::shared_ptr<FutureState<CommandStatus>> state) = 0;
    virtual const std::string& server() const noexcept = 0;
    virtual const std::string& why() const noexcept = 0;
    virtual bool over() const noexcept = 0;
    // Nothing is heard or sent any more.
    virtual void close() noexcept = 0;
};

// Waits until a server has welcomed the client.
Result<std::shared_ptr<ClientLink>> open_client(const ClientOptions& options,
                                                const std::string& schema_text);

}  // namespace detail

}  // namespace pawl
