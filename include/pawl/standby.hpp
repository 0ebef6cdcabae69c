// A node that follows a primary, and takes over when its turn comes. Knows the user's types; what a
// standby may not do is not here.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "pawl/detail/core.hpp"
#include "pawl/detail/submission.hpp"
#include "pawl/engine.hpp"
#include "pawl/role.hpp"

namespace pawl {

// What a standby's copy says, and how it stands to the primary's.
template <class T>
struct StandbyAnswer {
    T value{};
    Version version;               // of the aggregate
    std::chrono::nanoseconds age;  // see NodeStatus::age
};

// Opens the same directory with the same options on every node, again after every end: which of
// them writes is decided between them. The usual life of a node's process:
//
//   auto standby = pawl::Standby<Account>::open(options).value();
//   for (;;) {
//       while (!standby.wait_for_turn(std::chrono::seconds(1)).value()) {}
//       auto bank = std::move(standby).promote();
//       if (!bank.ok()) continue;                    // another node was faster
//       // serve until bank->failed(): another node is primary then
//       standby = std::move(*bank).step_down().value();
//   }
//
// Any thread, except promote(), close() and destruction. Moves; closes when destroyed.
template <class... As>
class Standby {
    using Lists = detail::Lists<As...>;

public:
    // options.replication says who the others are. Recovers what is here; a new directory comes
    // from the primary, or is made by the one node that may begin.
    static Result<Standby> open(const EngineOptions& options) {
        auto core = detail::open_follower(options, Engine<As...>::domain());
        if (!core) return core.error();
        return on(std::move(core).value());
    }
    // For simulations and tests, as Engine::on().
    static Standby on(std::unique_ptr<detail::FollowerCore> core) {
        return Standby(std::move(core));
    }

    NodeStatus status() const { return core_->status(); }
    // true: this node is to be primary, and nothing is served until promote(). false: not within
    // `patience`. An error: it can follow no more (a failed write, states that differ); what it has
    // stays where it is.
    Result<bool> wait_for_turn(std::chrono::nanoseconds patience) {
        return core_->wait_for_turn(patience);
    }
    // The engine goes on in memory where the standby was: nothing is read again. ErrorCode::usage:
    // its turn has passed (this process stood still, and another node took over), and it follows as
    // before. Any other error: wait_for_turn() says it again.
    Result<Engine<As...>> promote() && {
        auto core = core_->promote();
        if (!core) return core.error();
        core_.reset();
        return Engine<As...>::on(std::move(core).value());
    }

    // ask(const A&) runs between two steps of applying, on the caller's thread; short, please. A is
    // the parameter's type. Nothing: there is no copy yet.
    template <class Ask>
    auto query(Id id, Ask ask) {
        constexpr std::size_t asked = asked_aggregate<Ask>();
        static_assert(asked < sizeof...(As),
                      "query takes a function of (const Aggregate&) for one of the types");
        using A = typename Lists::template At<asked>;
        using Answer = std::decay_t<std::invoke_result_t<Ask&, const A&>>;
        Asked<A, Ask, Answer> question(std::move(ask));
        std::optional<StandbyAnswer<Answer>> answer;
        const std::uint32_t shard = detail::shard_of(route<A>(id), core_->shard_count());
        // The age first: what is applied between the two makes the answer younger, not older.
        const auto asked_at = std::chrono::steady_clock::now();
        std::chrono::nanoseconds age = core_->status().age;
        if (!core_->ask(shard, static_cast<std::uint8_t>(asked), id, question)) return answer;
        if (age.count() >= 0) age += std::chrono::steady_clock::now() - asked_at;
        answer.emplace(StandbyAnswer<Answer>{std::move(*question.value), question.version, age});
        return answer;
    }
    // Events from a cursor on, then live, as they are applied here. Goes on by itself, without a
    // gap or a repeat, when promote() has made this node primary: then it is the engine's. A cursor
    // of another node's subscription is good here too; it waits for what has not come yet. What an
    // old primary alone had is cut when a new one reigns: who has seen it gets an error. A standby
    // keeps no durable cursors: SubscribeOptions::durable_name is for engines.
    Subscription<As...> subscribe(const SubscribeOptions& options = {}) {
        return Subscription<As...>(core_->follow(detail::follow_options(options)), options);
    }
    // Of everything applied so far; equal to the primary's at the same positions.
    std::uint64_t state_hash() { return core_->state_hash(); }
    std::uint32_t shard_count() const noexcept { return core_->shard_count(); }

    // An operator's word, when no node may go on: each may have lost something, or the nodes of the
    // in-sync set will not come back. This one has most of what is left, and what is gone is
    // accepted as gone: whoever comes back nevertheless sets its tail aside. Means nothing where
    // the primary is there.
    void accept_loss() { core_->accept_loss(); }
    // Threading::none: one pass; returns how much was done.
    std::size_t poll() { return core_->poll(); }
    Status close() { return core_->close(); }

private:
    explicit Standby(std::unique_ptr<detail::FollowerCore> core) : core_(std::move(core)) {}

    template <class A, class Ask, class Answer>
    struct Asked final : detail::Question {
        explicit Asked(Ask given) : ask(std::move(given)) {}
        void answer(const void* state, Version at) noexcept override {
            version = at;
            detail::with_state<A>(state, [&](const A& known) { value.emplace(ask(known)); });
        }
        Ask ask;
        std::optional<Answer> value;
        Version version;
    };
    template <class Ask>
    static consteval std::size_t asked_aggregate() {
        std::size_t i = 0;
        static_cast<void>(((std::is_invocable_v<Ask&, const As&> || (++i, false)) || ...));
        return i;
    }

    std::unique_ptr<detail::FollowerCore> core_;
};

template <class... As>
Result<Standby<As...>> Engine<As...>::step_down() && {
    auto core = core_->step_down();
    if (core || core.error().code != ErrorCode::usage) core_.reset();
    if (!core) return core.error();
    return Standby<As...>::on(std::move(core).value());
}

}  // namespace pawl
