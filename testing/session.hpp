// A client of the simulated pair: a session that asks for one thing after the other, and for
// everything unanswered again until somebody says what became of it. Knows messages; not what they
// mean.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "pawl/detail/core.hpp"
#include "pawl/testing/simulated.hpp"

namespace pawl::sim {

// One thread.
class Session {
public:
    using Asked = testing::detail::Asked;
    // Hears every answer that says what became of a command.
    using Hear = std::function<void(const Session& session, const pawl::detail::RawReply& reply)>;

    Session(std::string name, Durability durability, Hear hear);
    virtual ~Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const std::string& name() const noexcept { return name_; }
    SessionId id() const noexcept { return id_; }
    // Commands without an answer, sent or not.
    std::size_t open() const noexcept { return open_.size(); }
    void ask(Asked asked) { open_.push_back({0, std::move(asked), false}); }

protected:
    struct Open {
        std::uint64_t number;  // 0: none yet
        Asked asked;
        bool sent;
    };
    static constexpr std::size_t sent_max = 8;  // and not answered

    Durability durability() const noexcept { return durability_; }
    // Offers what was not sent, in order, up to what is not taken.
    void send(const std::function<bool(Open& one)>& offer);
    std::uint64_t new_number() noexcept { return ++last_; }
    // Somebody else has given it.
    void set_number(Open& one, std::uint64_t number) noexcept { one.number = last_ = number; }
    void forget_numbers() noexcept;
    void unsend() noexcept;
    // Of those that were sent.
    Open* find(std::uint64_t number) noexcept;
    // It is known what became of it.
    void hear(Open& one, const pawl::detail::RawReply& reply);

private:
    const std::string name_;
    const SessionId id_;
    const Durability durability_;
    const Hear hear_;
    std::uint64_t last_ = 0;
    std::deque<Open> open_;
};

// Nobody can say yet what became of the command; or nothing has.
bool decides_nothing(const pawl::detail::RawReply& reply) noexcept;

}  // namespace pawl::sim
