// The domain that the whole path is measured with: accounts, deposits, withdrawals. Knows the
// public headers; no load, no clock.
#pragma once

#include <cstdint>

#include "pawl/engine.hpp"

namespace pawl::perf {

struct Account {
    struct Deposit {
        std::int64_t cents;
    };
    struct Withdraw {
        std::int64_t cents;
    };
    struct Deposited {
        std::int64_t cents;
    };
    struct Withdrawn {
        std::int64_t cents;
    };
    enum class Reason : std::uint16_t { not_positive = 1, not_enough };

    using Commands = pawl::Commands<Deposit, Withdraw>;
    using Events = pawl::Events<Deposited, Withdrawn>;

    std::int64_t balance = 0;

    Verdict decide(const Deposit& ask, Context<Account>& ctx) const {
        if (ask.cents <= 0) return reject(Reason::not_positive);
        ctx.emit(Deposited{ask.cents});
        return accept;
    }
    Verdict decide(const Withdraw& ask, Context<Account>& ctx) const {
        if (ask.cents <= 0) return reject(Reason::not_positive);
        if (ask.cents > balance) return reject(Reason::not_enough);
        ctx.emit(Withdrawn{ask.cents});
        return accept;
    }
    void apply(const Deposited& event) noexcept { balance += event.cents; }
    void apply(const Withdrawn& event) noexcept { balance -= event.cents; }
};

inline constexpr std::uint64_t account_count = 100'000;

// One ask of the load: which account, and a deposit (above 0) or a withdrawal (below 0).
struct Ask {
    std::uint64_t account;
    std::int64_t cents;
};

// An endless row of asks, the same for the same seed: any account, about as many deposits as
// withdrawals. Costs about a nanosecond. Needs accounts with opening_cents.
class Asks {
public:
    explicit Asks(std::uint64_t seed, std::uint64_t accounts = account_count) noexcept
        : state_(seed * 2 + 1), accounts_(accounts) {}
    Ask next() noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return {((state_ >> 32) * accounts_) >> 32, (state_ & 1) != 0 ? 1 : -1};
    }

private:
    std::uint64_t state_;
    std::uint64_t accounts_;
};

inline constexpr std::int64_t opening_cents = 1'000'000'000'000;

}  // namespace pawl::perf
