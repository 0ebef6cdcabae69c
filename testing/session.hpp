// A client of the simulated pair: a session that asks for one thing after the other, and for
// everything unanswered again when there is another primary. Knows messages; not what they mean.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "pawl/detail/core.hpp"
#include "pawl/testing/simulated.hpp"

namespace pawl::sim {

// Sends what was asked under a number and a token of the same value. False: it was not taken.
bool send(pawl::detail::ProducerLink& lanes, pawl::detail::Core& engine,
          const testing::detail::Asked& asked, std::uint64_t number, Durability durability);

// One thread.
class Session {
public:
    using Asked = testing::detail::Asked;
    // Hears every answer that says what became of a command.
    using Hear = std::function<void(const Session& session, const pawl::detail::RawReply& reply)>;

    Session(std::string name, Durability durability, Hear hear);

    const std::string& name() const noexcept { return name_; }
    SessionId id() const noexcept { return id_; }
    // Commands without an answer, sent or not.
    std::size_t open() const noexcept { return open_.size(); }
    void ask(Asked asked) { open_.push_back({++last_, std::move(asked), false}); }

    // Whom it talks to; null: nobody.
    const pawl::detail::Core* engine() const noexcept { return engine_; }
    // Before this engine ends: nothing is heard of it any more.
    void leave(const pawl::detail::Core* engine);
    // Sends what was not sent, hears what is there. `reign` tells engines from each other.
    void speak(pawl::detail::Core& engine, std::uint64_t reign);

private:
    struct Open {
        std::uint64_t number;
        Asked asked;
        bool sent;
    };
    static constexpr std::size_t sent_max = 8;  // and not answered

    void hear(const pawl::detail::RawReply& reply);

    const std::string name_;
    const SessionId id_;
    const Durability durability_;
    const Hear hear_;
    std::uint64_t last_ = 0;
    std::deque<Open> open_;
    pawl::detail::Core* engine_ = nullptr;
    std::uint64_t reign_ = 0;
    std::unique_ptr<pawl::detail::ProducerLink> lanes_;
};

}  // namespace pawl::sim
