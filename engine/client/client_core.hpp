// A client's life: finds the primary, sends, hears, sends again. Knows links and messages; no type
// of a command, no thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/client/client_world.hpp"
#include "engine/client/server_search.hpp"
#include "engine/client/unanswered.hpp"
#include "engine/replication/client_messages.hpp"
#include "engine/replication/handshake.hpp"
#include "engine/replication/talk.hpp"
#include "pawl/detail/client_link.hpp"

namespace pawl::detail {

struct ClientCounters {
    std::uint64_t calls = 0;
    std::uint64_t welcomed = 0;
    std::uint64_t sent = 0;        // commands, each time
    std::uint64_t sent_again = 0;  // of those
    std::uint64_t answered = 0;
    std::uint64_t told_unknown = 0;
    std::uint64_t faulty = 0;  // connections ended because of what the server said
};

class ClientCore final : public ClientLink, public std::enable_shared_from_this<ClientCore> {
public:
    ClientCore(const ClientOptions& options, const std::string& schema_text, ClientWorld world);
    ~ClientCore() override;

    std::uint32_t shard_count() const noexcept override { return shards_; }
    Durability default_durability() const noexcept override { return durability_; }
    Offer try_send(std::uint32_t shard, MessageParts& parts, Hears hears, Answer answer) override;
    Offer send(std::uint32_t shard, MessageParts& parts, Hears hears, Answer answer,
               std::chrono::nanoseconds patience) override;
    std::size_t poll(std::size_t limit, const Answer& handler) override;
    void wait(std::chrono::nanoseconds longest) override;
    bool poll_while_waiting() override;
    std::size_t waiting() const noexcept override { return unanswered_.count() + ready_.size(); }
    std::uint64_t next_number() const noexcept override { return next_number_; }
    SessionId session() const noexcept override { return session_id(options_.session); }
    void ask_status(std::uint64_t number, Durability durability,
                    std::shared_ptr<FutureState<CommandStatus>> state) override;
    const std::string& server() const noexcept override { return server_; }
    const std::string& why() const noexcept override { return why_; }
    bool over() const noexcept override { return state_ == State::over; }
    void close() noexcept override;

    // Moves bytes; hands out nothing but futures.
    void work();
    // Every server in turn has said something that waiting does not change.
    bool hopeless() const noexcept { return hopeless_; }
    const ClientCounters& counters() const noexcept { return counters_; }

private:
    enum class State : std::uint8_t { away, greeting, joining, open, over };
    struct Ready {
        Hears hears;
        Answer answer;
        Reply reply;
    };
    struct Question {
        std::uint64_t token = 0;  // of shard 0; the others follow
        std::uint64_t number = 0;
        Durability durability{};
        std::uint32_t left = 0;
        bool sent = false;
        CommandStatus best;
        std::shared_ptr<FutureState<CommandStatus>> state;
    };

    void call();
    void work_on_greeting();
    bool say_hello();
    std::uint64_t numbers_end() const noexcept;
    void join();
    void welcome(const replication::ClientWelcome& welcome);
    void hear();
    bool hear(const replication::ReplyFixed& wire);
    bool hear_status(const RawReply& reply);
    void send_commands();
    void send_questions();
    void give_up();
    void tell(Unanswered& one, const Reply& reply, bool last);
    void lost(const std::string& why, bool for_good);
    void faulty(const std::string& why);
    void end(const std::string& why);
    Reply unknown(const Unanswered& one) const;

    const ClientOptions options_;
    const std::uint64_t schema_hash_;
    const ClientWorld world_;
    const std::uint64_t life_;
    ServerSearch search_;
    State state_ = State::away;
    bool working_ = false;
    std::int64_t now_ns_ = 0;
    std::int64_t since_ns_ = 0;  // of the state
    std::string calling_;
    std::uint64_t calling_boot_ = 0;
    std::string server_;
    std::string why_;
    bool hopeless_ = false;
    std::size_t in_vain_ = 0;  // calls in a row that waiting does not change
    std::unique_ptr<replication::Link> link_;
    std::unique_ptr<replication::Handshake> handshake_;
    std::unique_ptr<replication::Talk> talk_;

    std::uint64_t epoch_ = 0;
    std::uint32_t shards_ = 0;
    std::uint32_t window_ = 0;
    Durability durability_ = Durability::journaled;
    bool welcomed_ = false;          // once
    std::uint64_t welcomed_by_ = 0;  // the boot of the server that was the last to
    bool numbers_given_ = false;     // by whoever submits, who answers for them
    std::uint64_t next_number_ = 1;
    std::uint64_t last_number_ = 0;       // of this life; 0: none yet
    std::uint64_t highest_at_first_ = 0;  // of the session, when this life began
    UnansweredList unanswered_;
    std::uint64_t unsent_ = 1;       // token of the next one for this connection
    std::uint64_t sent_before_ = 1;  // tokens below were sent by an earlier connection
    std::uint64_t patient_ = 1;      // token of the next one to be given up
    std::deque<Ready> ready_;
    std::vector<Question> questions_;
    std::uint64_t next_question_;
    ClientCounters counters_;
    std::vector<std::byte> run_;
    replication::Replies replies_;
};

}  // namespace pawl::detail
