// A bank: accounts and a ledger of fees, transfers in one piece, a client that may send everything
// twice.
#include <cstdint>
#include <cstdio>
#include <pawl/engine.hpp>

struct Fees {  // one per branch; lives beside the branch's accounts
    struct Close {};
    struct Earned {
        std::int64_t cents;
    };
    using Commands = pawl::Commands<Close>;
    using Events = pawl::Events<Earned>;
    std::int64_t total = 0;
    static pawl::ShardKey route(pawl::Id branch) { return {branch}; }
    pawl::Verdict decide(const Close&, pawl::Context<Fees>&) const { return pawl::accept; }
    void apply(const Earned& event) noexcept { total += event.cents; }
};

struct Account {  // its id: branch * 1000 + number
    struct Deposit {
        std::int64_t cents;
    };
    struct Transfer {
        pawl::Id to;
        std::int64_t cents;
    };
    struct Credited {
        std::int64_t cents;
    };
    struct Debited {
        std::int64_t cents;
    };
    enum class Reason : std::uint16_t { not_positive = 1, not_enough, no_such_account };

    using Commands = pawl::Commands<Deposit, Transfer>;
    using Events = pawl::Events<Credited, Debited>;
    static constexpr std::int64_t fee = 1;

    std::int64_t balance = 0;

    // One branch, one shard: what is transferred within it is decided in one place.
    static pawl::ShardKey route(pawl::Id id) { return {id / 1000}; }
    static bool validate(const Deposit& ask) { return ask.cents > 0; }  // on the caller's thread

    pawl::Verdict decide(const Deposit& ask, pawl::Context<Account>& ctx) const {
        ctx.emit(Credited{ask.cents});
        return pawl::accept;
    }
    pawl::Verdict decide(const Transfer& ask, pawl::Context<Account>& ctx) const {
        if (ask.cents <= 0) return pawl::reject(Reason::not_positive);
        if (ctx.peek<Account>(ask.to) == nullptr) return pawl::reject(Reason::no_such_account);
        if (balance < ask.cents + fee) return pawl::reject(Reason::not_enough);
        ctx.emit(Debited{ask.cents + fee});  // all three, or none of them
        ctx.emit_to<Account>(ask.to, Credited{ask.cents});
        ctx.emit_to<Fees>(ctx.id() / 1000, Fees::Earned{fee});
        return pawl::accept;
    }
    void apply(const Credited& event) noexcept { balance += event.cents; }
    void apply(const Debited& event) noexcept { balance -= event.cents; }
};

using Bank = pawl::Engine<Account, Fees>;

int main() {
    auto opened = Bank::open({.directory = "bank.journal", .shards = 2});
    if (!opened) return std::puts(opened.error().sentence.c_str()), 1;
    Bank bank = std::move(opened).value();

    auto desk = bank.producer({.session = "desk-7"});  // numbers its commands
    int repeats = 0;
    const auto send_day = [&](std::uint64_t first) {
        int accepted = 0;
        const auto hear = [&](const pawl::Reply& reply) {
            accepted += reply.accepted() ? 1 : 0;
            repeats += reply.repeat() ? 1 : 0;
        };
        std::uint64_t number = first;
        const auto send = [&](pawl::Id id, const auto& command) {
            desk.submit(id, command, {.number = pawl::CommandNumber{number++}}, hear);
        };
        send(1001, Account::Deposit{10'00});
        send(1002, Account::Deposit{5'00});
        send(1001, Account::Transfer{1002, 4'00});
        send(1001, Account::Transfer{1002, 40'00});  // not enough
        while (desk.waiting() != 0) desk.poll_replies(64);
        return accepted;
    };
    const std::uint64_t first = desk.next_number().value;
    const int accepted = send_day(first);
    send_day(first);  // the client is not sure that it was heard, and says everything again

    std::printf("%d of 4 accepted, %d repeats\n", accepted, repeats);
    for (const pawl::Id id : {pawl::Id{1001}, pawl::Id{1002}}) {
        const auto balance = [](const Account& account) { return account.balance; };
        const std::int64_t cents = bank.query(id, balance, pawl::use_future).get();
        std::printf("%d has %lld cents\n", static_cast<int>(id), static_cast<long long>(cents));
    }
    const auto total = [](const Fees& fees) { return static_cast<long long>(fees.total); };
    std::printf("fees are %lld cents\n", bank.query(1, total, pawl::use_future).get());
    return 0;
}
