// One connection, a client's or an operator's: greeting, session, commands in, replies out. Knows
// its gateway; not what a command means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/replication/client_messages.hpp"
#include "engine/replication/handshake.hpp"
#include "engine/replication/talk.hpp"
#include "engine/runtime/gateway.hpp"
#include "engine/runtime/operator_talk.hpp"

namespace pawl::detail {

class ClientConnection {
public:
    ClientConnection(Gateway& gateway, std::unique_ptr<replication::Link> link,
                     std::uint64_t number, std::int64_t now_ns);
    ~ClientConnection();
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    std::size_t do_work(std::int64_t now_ns);
    bool over() const noexcept { return state_ == State::over; }
    // The client is told where to go, and the connection ends.
    void send_away(const std::string& primary_address);

private:
    enum class State : std::uint8_t { greeting, listening, joining, open, operating, over };

    std::size_t work_on_greeting(std::int64_t now_ns);
    std::size_t hear_hello();
    std::size_t join();
    std::size_t take_commands();
    bool offer();  // false: not now
    bool next_command();
    void answer(const MessageParts& parts, Refusal refusal, std::uint32_t shard);
    std::size_t send_replies();
    bool taken_over();
    void superseded();
    void faulty(const std::string& why);
    void finish(replication::TalkEnd end, const std::string& why,
                std::optional<replication::Refusal> refusal = std::nullopt);

    Gateway& gateway_;
    const std::uint64_t number_;
    const std::int64_t since_ns_;
    State state_ = State::greeting;
    bool asked_again_ = false;  // for its hello
    std::uint64_t life_ = 0;
    std::uint64_t last_number_ = 0;            // as in its hello
    std::unique_ptr<replication::Link> link_;  // until the talk has it
    std::unique_ptr<replication::Handshake> handshake_;
    std::unique_ptr<replication::Talk> talk_;
    std::unique_ptr<OperatorTalk> operator_;  // an operator's, no client's
    std::shared_ptr<ClientSession> session_;
    replication::CommandReader commands_;   // of the frame that is being worked on
    std::optional<MessageBuffer> waiting_;  // a command for which there is no room yet
    std::uint32_t waiting_shard_ = 0;
    replication::Replies replies_;  // that could not leave yet
};

}  // namespace pawl::detail
