// A whole life of two nodes with your own aggregates, in one thread under one seed: the production
// code on simulated disks, clocks, networks and an arbiter, under every fault there is. Knows the
// user's types; what happens to them is behind a handle. Link pawl::testing.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "pawl/detail/submission.hpp"
#include "pawl/detail/typed_machine.hpp"
#include "pawl/engine.hpp"
#include "pawl/testing/simulated.hpp"

namespace pawl::testing {

// What a client asks for: an aggregate's id and a command of one of the types.
template <class... As>
class Ask {
    using Lists = pawl::detail::Lists<As...>;

public:
    template <class C>
    Ask(Id id, const C& command) {
        static_assert(Lists::template owners<C> == 1,
                      "a command belongs to exactly one aggregate of the simulation");
        using A = typename Lists::template At<Lists::template command_owner<C>>;
        asked_.id = id;
        asked_.key = pawl::route<A>(id);
        asked_.aggregate_type = Lists::template command_owner<C>;
        asked_.command_type = Lists::template command_number<C>;
        asked_.payload.resize(pawl::detail::payload_bytes<C>);
        if (!asked_.payload.empty())
            std::memcpy(asked_.payload.data(), &command, asked_.payload.size());
        asked_.valid = pawl::detail::structurally_valid<A>(command);
    }
    const detail::Asked& asked() const noexcept { return asked_; }

private:
    detail::Asked asked_;
};

// The states of a node between two commands. Lives during an invariant's call.
template <class... As>
class View {
public:
    explicit View(const detail::Machines& shards) noexcept : shards_(shards) {}

    // Calls visit(id, const A&) for each aggregate of the type to which something happened.
    template <class A, class Visit>
    void for_each(Visit&& visit) const {
        for (const auto& shard : shards_)
            table<A>(*shard).for_each([&](const auto& slot) { visit(slot.id, slot.state); });
    }
    // As nothing happened to it yet: a new one.
    template <class A>
    const A& state(Id id) const {
        const auto shards = static_cast<std::uint32_t>(shards_.size());
        const auto& owner = table<A>(*shards_[pawl::detail::shard_of(pawl::route<A>(id), shards)]);
        const auto* slot = owner.find(id);
        return slot != nullptr ? slot->state : owner.blank();
    }

private:
    template <class A>
    static const pawl::detail::StateTable<A>& table(const pawl::detail::Machine& machine) {
        return static_cast<const pawl::detail::TypedMachine<As...>&>(machine).template table<A>();
    }
    const detail::Machines& shards_;
};

// Always checked, without a word of yours: every command that was acknowledged is in the journal
// of every later primary, with the outcome that was told; each session's commands are there once
// and in order; no epoch has two engines; a node's states are what its records amount to; and after
// healing there is one primary, its standby is equal, and everything is answered.
//
//   pawl::testing::Simulation<Account> sim({.seed = 7});
//   sim.load([](pawl::testing::Random& random) -> pawl::testing::Ask<Account> {
//       return {random.below(100), Account::Deposit{100}};
//   });
//   sim.invariant<Account>("no debts", [](const Account& one) { return one.balance >= 0; });
//   const auto report = sim.run();
//   if (!report.ok()) std::puts(report.sentence.c_str());
//
// One thread; no other world is touched.
template <class... As>
class Simulation {
    static_assert((pawl::detail::Checked<As>::ok && ...));

public:
    using Command = Ask<As...>;
    using States = View<As...>;

    // A session of your own beside those of load(): its commands are asked in this order.
    class Client {
    public:
        template <class C>
        Client& submit(Id id, const C& command) {
            simulation_->plan_.scripts[script_].commands.push_back(Command(id, command).asked());
            return *this;
        }

    private:
        friend class Simulation;
        Client(Simulation& simulation, std::size_t script) noexcept
            : simulation_(&simulation), script_(script) {}
        Simulation* simulation_;
        std::size_t script_;
    };

    explicit Simulation(const SimulationOptions& options = {}) {
        plan_.options = options;
        plan_.domain = Engine<As...>::domain();
    }

    // Lives as long as the simulation. The same name, the same session.
    Client client(const std::string& session) {
        for (std::size_t i = 0; i < plan_.scripts.size(); ++i)
            if (plan_.scripts[i].session == session) return Client(*this, i);
        plan_.scripts.push_back({session, {}});
        return Client(*this, plan_.scripts.size() - 1);
    }
    // next(Random&) -> Ask: what options.clients sessions ask for, one after the other, while
    // faults happen. Chance from anywhere else would end what a seed promises.
    template <class Next>
        requires std::is_invocable_r_v<Command, Next&, Random&>
    void load(Next next) {
        plan_.load = [next = std::move(next)](Random& random) mutable {
            return Command(next(random)).asked();
        };
    }
    // check(const View<As...>&) -> bool: between any two commands of each node that reigns, and of
    // what its standby has after healing.
    template <class Check>
        requires std::is_invocable_r_v<bool, Check&, const States&>
    void invariant(const std::string& name, Check check) {
        plan_.invariants.push_back(
            {name, [check = std::move(check)](const detail::Machines& shards) mutable {
                 return static_cast<bool>(check(States(shards)));
             }});
    }
    // check(const A&) -> bool, of each state of the type.
    template <class A, class Check>
        requires std::is_invocable_r_v<bool, Check&, const A&>
    void invariant(const std::string& name, Check check) {
        invariant(name, [check = std::move(check)](const States& states) mutable {
            bool holds = true;
            states.template for_each<A>(
                [&](Id, const A& state) { holds = holds && static_cast<bool>(check(state)); });
            return holds;
        });
    }

    // Leads one life; again: the same one.
    SimulationReport run() const { return detail::run(plan_); }

private:
    detail::Plan plan_;
};

}  // namespace pawl::testing
