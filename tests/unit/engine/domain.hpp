// Two aggregates that can do everything the engine must cope with: deposit, throw, flood, cascade,
// reach for others. Knows the contract only.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <stdexcept>
#include <variant>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"
#include "pawl/text.hpp"

namespace pawl::testing {

struct Book;

struct Account {
    struct Deposit {
        std::int64_t cents;
    };
    struct Withdraw {
        std::int64_t cents;
    };
    struct Poison {
        std::uint64_t events_first;
    };  // emits, then throws
    struct Flood {
        std::uint64_t events;
    };  // emits so many events of 1024 bytes
    struct Draw {};  // notes chance and time
    struct Spend {
        std::int64_t each;
        std::uint64_t times;
    };  // withdraws, then asks itself to go on
    struct Transfer {
        Id to;
        std::int64_t cents;
    };  // touches two accounts
    struct Enter {
        Id book;
        std::int64_t cents;
    };  // touches an aggregate of another type

    struct Deposited {
        std::int64_t cents;
    };
    struct Withdrawn {
        std::int64_t cents;
    };
    struct Filled {
        std::uint64_t number;
        std::array<std::uint64_t, 127> rest;
    };
    struct Drawn {
        std::uint64_t random;
        std::int64_t now_ns;
        std::int64_t captured_ns;
    };
    enum class Reason : std::uint16_t { not_positive = 1, not_enough, unknown_target };

    using Commands = pawl::Commands<Deposit, Withdraw, Poison, Flood, Draw, Spend, Transfer, Enter>;
    using Events = pawl::Events<Deposited, Withdrawn, Filled, Drawn>;

    std::int64_t balance = 0;
    std::uint64_t last_random = 0;

    static bool validate(const Deposit& ask) { return ask.cents < 1'000'000'000'000; }

    Verdict decide(const Deposit& ask, Context<Account>& ctx) const {
        if (ask.cents <= 0) return reject(Reason::not_positive);
        ctx.emit(Deposited{ask.cents});
        return accept;
    }
    Verdict decide(const Withdraw& ask, Context<Account>& ctx) const {
        if (ask.cents > balance) return reject(Reason::not_enough);
        ctx.emit(Withdrawn{ask.cents});
        return accept;
    }
    Verdict decide(const Poison& ask, Context<Account>& ctx) const {
        for (std::uint64_t i = 0; i < ask.events_first; ++i) ctx.emit(Deposited{1});
        throw std::runtime_error("poison");
    }
    Verdict decide(const Flood& ask, Context<Account>& ctx) const {
        for (std::uint64_t i = 0; i < ask.events; ++i) ctx.emit(Filled{i, {}});
        return accept;
    }
    Verdict decide(const Draw&, Context<Account>& ctx) const {
        ctx.emit(Drawn{ctx.random(), ctx.now().ns, ctx.captured().ns});
        return accept;
    }
    Verdict decide(const Spend& ask, Context<Account>& ctx) const {
        if (ask.each > balance) return reject(Reason::not_enough);
        ctx.emit(Withdrawn{ask.each});
        if (ask.times > 1) ctx.then(Spend{ask.each, ask.times - 1});
        return accept;
    }
    Verdict decide(const Transfer& ask, Context<Account>& ctx) const {
        const Account* other = ctx.peek<Account>(ask.to);
        if (other == nullptr) return reject(Reason::unknown_target);
        if (ask.cents > balance) return reject(Reason::not_enough);
        ctx.emit(Withdrawn{ask.cents});
        ctx.emit_to<Account>(ask.to, Deposited{ask.cents});
        return accept;
    }
    inline Verdict decide(const Enter& ask, Context<Account>& ctx) const;

    void apply(const Deposited& event) noexcept { balance += event.cents; }
    void apply(const Withdrawn& event) noexcept { balance -= event.cents; }
    void apply(const Filled& event) noexcept { last_random = event.number; }
    void apply(const Drawn& event) noexcept { last_random = event.random; }
};

// A second type: a book of entries, with alternatives as its state.
struct Book {
    struct Open {
        std::uint64_t pages;
    };
    struct Close {};
    struct Opened {
        std::uint64_t pages;
    };
    struct Closed {};
    struct Entered {
        Id account;
        std::int64_t cents;
    };
    enum class Reason : std::uint16_t { already_open = 1, not_open };

    using Commands = pawl::Commands<Open, Close>;
    using Events = pawl::Events<Opened, Closed, Entered>;

    struct Empty {};
    struct InUse {
        std::uint64_t pages;
        std::int64_t sum;
    };
    struct Shut {
        std::int64_t sum;
    };
    std::variant<Empty, InUse, Shut> state;

    Verdict decide(const Open& ask, Context<Book>& ctx) const {
        if (std::holds_alternative<InUse>(state)) return reject(Reason::already_open);
        ctx.emit(Opened{ask.pages});
        return accept;
    }
    Verdict decide(const Close&, Context<Book>& ctx) const {
        if (!std::holds_alternative<InUse>(state)) return reject(Reason::not_open);
        ctx.emit(Closed{});
        return accept;
    }
    void apply(const Opened& event) noexcept { state = InUse{event.pages, 0}; }
    void apply(const Closed&) noexcept {
        const InUse* used = std::get_if<InUse>(&state);
        state = Shut{used != nullptr ? used->sum : 0};
    }
    void apply(const Entered& event) noexcept {
        if (InUse* used = std::get_if<InUse>(&state)) used->sum += event.cents;
    }
    template <class Archive>
    void snapshot(Archive& archive) {
        std::uint64_t which = state.index();
        archive.value(which);
        if constexpr (Archive::loading) {
            if (which == 1) state = InUse{};
            if (which == 2) state = Shut{};
        }
        if (InUse* used = std::get_if<InUse>(&state)) archive.value(*used);
        if (Shut* shut = std::get_if<Shut>(&state)) archive.value(*shut);
    }
};

inline Verdict Account::decide(const Enter& ask, Context<Account>& ctx) const {
    const Book* book = ctx.peek<Book>(ask.book);
    if (book == nullptr || !std::holds_alternative<Book::InUse>(book->state))
        return reject(Reason::unknown_target);
    ctx.emit(Deposited{ask.cents});
    ctx.emit_to<Book>(ask.book, Book::Entered{ctx.id(), ask.cents});
    return accept;
}

}  // namespace pawl::testing
