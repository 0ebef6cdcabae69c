// The first example: an account that remembers. Run it twice.
#include <cstdint>
#include <cstdio>
#include <pawl/engine.hpp>

struct Account {
    struct Deposit   { std::int64_t cents; };                    // commands: what is asked
    struct Withdraw  { std::int64_t cents; };
    struct Deposited { std::int64_t cents; };                    // events: what happened
    struct Withdrawn { std::int64_t cents; };
    enum class Reason : std::uint16_t { not_positive = 1, not_enough };

    using Commands = pawl::Commands<Deposit, Withdraw>;
    using Events   = pawl::Events<Deposited, Withdrawn>;         // order = id on disk: append only

    std::int64_t balance = 0;                                    // state

    pawl::Verdict decide(const Deposit& ask, pawl::Context<Account>& ctx) const {
        if (ask.cents <= 0) return pawl::reject(Reason::not_positive);
        ctx.emit(Deposited{ask.cents});
        return pawl::accept;
    }
    pawl::Verdict decide(const Withdraw& ask, pawl::Context<Account>& ctx) const {
        if (ask.cents > balance) return pawl::reject(Reason::not_enough);
        ctx.emit(Withdrawn{ask.cents});
        return pawl::accept;
    }
    void apply(const Deposited& event) noexcept { balance += event.cents; }   // the only code that
    void apply(const Withdrawn& event) noexcept { balance -= event.cents; }   // may change state
};

int main() {
    auto bank = pawl::Engine<Account>::open({.directory = "bank"}).value();
    bank.submit(42, Account::Deposit{10'00});
    const pawl::Reply reply = bank.submit(42, Account::Withdraw{25'00}, pawl::use_future).get();
    std::puts(reply.accepted() ? "paid" : "not enough money");
}
