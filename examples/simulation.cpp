// A bank under every fault there is: fifty lives of two nodes, each under a seed of its own, and
// what must hold in all of them.
#include <cstdint>
#include <cstdio>

#include "pawl/testing/simulation.hpp"

struct Account {
    struct Deposit {
        std::int64_t cents;
    };
    struct Withdraw {
        std::int64_t cents;
    };
    struct Moved {
        std::int64_t cents;
    };
    enum class Reason : std::uint16_t { not_enough = 1 };
    using Commands = pawl::Commands<Deposit, Withdraw>;
    using Events = pawl::Events<Moved>;

    std::int64_t balance = 0;

    pawl::Verdict decide(const Deposit& ask, pawl::Context<Account>& ctx) const {
        ctx.emit(Moved{ask.cents});
        return pawl::accept;
    }
    pawl::Verdict decide(const Withdraw& ask, pawl::Context<Account>& ctx) const {
        if (ask.cents > balance) return pawl::reject(Reason::not_enough);
        ctx.emit(Moved{-ask.cents});
        return pawl::accept;
    }
    void apply(const Moved& event) noexcept { balance += event.cents; }
};

int main() {
    std::uint64_t take_overs = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        pawl::testing::Simulation<Account> sim({.seed = seed});
        sim.load([](pawl::testing::Random& random) -> pawl::testing::Ask<Account> {
            const auto cents = static_cast<std::int64_t>(random.between(1, 50));
            if (random.coin()) return {random.below(100), Account::Deposit{cents}};
            return {random.below(100), Account::Withdraw{cents}};
        });
        sim.invariant<Account>("no debts", [](const Account& one) { return one.balance >= 0; });
        const auto report = sim.run();
        if (!report.ok()) return std::puts(report.sentence.c_str()), 1;
        take_overs += report.happened(pawl::testing::Happened::reigns) - 1;
    }
    std::puts(take_overs > 50 ? "50 lives, many take-overs, nothing lost" : "hardly a take-over");
}
