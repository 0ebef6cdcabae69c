// The domain of the golden journals. Knows the contract only. Never change it: journals on disk
// were written by it.
#pragma once

#include <array>
#include <cstdint>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"
#include "pawl/text.hpp"

namespace pawl::golden {

struct Vault;

// Every kind of event, field and outcome that the first format knows.
struct Ledger {
    struct Post {
        std::int64_t cents;
        Text<30> memo;
    };
    struct Move {  // to another ledger of the same shard
        Id to;
        std::int64_t cents;
    };
    struct Split {  // posts, then asks itself to go on
        std::int64_t each;
        std::uint64_t times;
    };
    struct Store {  // into an aggregate of another type
        Id vault;
        std::int64_t cents;
    };
    struct Chance {};
    struct Trip {};  // throws

    struct Line {
        std::int32_t row;
        std::uint16_t kind;
        std::uint8_t flag;
        char sign;
        friend bool operator==(const Line&, const Line&) = default;
    };
    struct Posted {
        std::int64_t cents;
        Text<30> memo;
    };
    struct Moved {
        std::int64_t cents;
        std::array<Line, 2> lines;
        Bytes<6> token;
    };
    struct Taken {
        std::uint64_t number;
    };
    struct Noted {};
    enum class Reason : std::uint16_t { nothing = 1, too_much, unknown_target };

    using Commands = pawl::Commands<Post, Move, Split, Store, Chance, Trip>;
    using Events = pawl::Events<Posted, Moved, Taken, Noted>;

    std::int64_t balance = 0;
    std::uint64_t chance = 0;
    std::uint64_t notes = 0;

    Verdict decide(const Post& ask, Context<Ledger>& ctx) const {
        if (ask.cents == 0) return reject(Reason::nothing);
        ctx.emit(Posted{ask.cents, ask.memo});
        return accept;
    }
    Verdict decide(const Move& ask, Context<Ledger>& ctx) const {
        if (ask.cents > balance) return reject(Reason::too_much);
        if (ctx.peek<Ledger>(ask.to) == nullptr) return reject(Reason::unknown_target);
        const std::uint8_t token[] = {1, 2, 3};
        ctx.emit(Moved{-ask.cents, {Line{-1, 2, 3, '-'}, Line{4, 5, 6, '+'}}, {token, 3}});
        ctx.emit_to<Ledger>(ask.to, Moved{ask.cents, {}, {}});
        ctx.emit(Noted{});
        return accept;
    }
    Verdict decide(const Split& ask, Context<Ledger>& ctx) const {
        if (ask.each > balance) return reject(Reason::too_much);
        ctx.emit(Posted{-ask.each, "split"});
        if (ask.times > 1) ctx.then(Split{ask.each, ask.times - 1});
        return accept;
    }
    inline Verdict decide(const Store& ask, Context<Ledger>& ctx) const;
    Verdict decide(const Chance&, Context<Ledger>& ctx) const {
        ctx.emit(Taken{ctx.random()});
        return accept;
    }
    Verdict decide(const Trip&, Context<Ledger>&) const { throw 1; }

    void apply(const Posted& event) noexcept { balance += event.cents; }
    void apply(const Moved& event) noexcept { balance += event.cents; }
    void apply(const Taken& event) noexcept { chance = event.number; }
    void apply(const Noted&) noexcept { ++notes; }
};

struct Vault {
    struct Open {};
    struct Opened {};
    struct Stored {
        Id from;
        std::int64_t cents;
    };
    using Commands = pawl::Commands<Open>;
    using Events = pawl::Events<Opened, Stored>;

    std::int64_t open = 0;
    std::int64_t sum = 0;

    Verdict decide(const Open&, Context<Vault>& ctx) const {
        ctx.emit(Opened{});
        return accept;
    }
    void apply(const Opened&) noexcept { open = 1; }
    void apply(const Stored& event) noexcept { sum += event.cents; }
};

inline Verdict Ledger::decide(const Store& ask, Context<Ledger>& ctx) const {
    const Vault* vault = ctx.peek<Vault>(ask.vault);
    if (vault == nullptr || vault->open == 0) return reject(Reason::unknown_target);
    ctx.emit(Posted{-ask.cents, "stored"});
    ctx.emit_to<Vault>(ask.vault, Vault::Stored{ctx.id(), ask.cents});
    return accept;
}

}  // namespace pawl::golden
