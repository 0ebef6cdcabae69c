// A small but telling domain: money that moves between neighbours, follow-ups, rejections, and a
// state with memory of its own. Knows the contract only.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"

namespace pawl::sim {

// Two neighbours, 2n and 2n+1, live on one shard.
struct Account {
    struct Deposit {
        std::int64_t cents;
    };
    struct Withdraw {
        std::int64_t cents;
    };
    struct Transfer {
        std::int64_t cents;
    };  // to the neighbour
    struct Drain {
        std::int64_t cents;
        std::uint64_t times;
    };  // withdraws, then asks itself to go on

    struct Deposited {
        std::int64_t cents;
    };
    struct Withdrawn {
        std::int64_t cents;
    };
    enum class Reason : std::uint16_t { not_positive = 1, not_enough, no_neighbour };

    using Commands = pawl::Commands<Deposit, Withdraw, Transfer, Drain>;
    using Events = pawl::Events<Deposited, Withdrawn>;

    std::int64_t balance = 0;
    std::uint64_t moves = 0;
    std::uint64_t history = 0;  // of every event, in order

    static constexpr ShardKey route(Id id) { return ShardKey{id / 2}; }

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
    Verdict decide(const Transfer& ask, Context<Account>& ctx) const {
        const Id neighbour = ctx.id() ^ 1U;
        if (ctx.peek<Account>(neighbour) == nullptr) return reject(Reason::no_neighbour);
        if (ask.cents > balance) return reject(Reason::not_enough);
        ctx.emit(Withdrawn{ask.cents});
        ctx.emit_to<Account>(neighbour, Deposited{ask.cents});
        return accept;
    }
    Verdict decide(const Drain& ask, Context<Account>& ctx) const {
        if (ask.cents > balance) return reject(Reason::not_enough);
        ctx.emit(Withdrawn{ask.cents});
        if (ask.times > 1) ctx.then(Drain{ask.cents, ask.times - 1});
        return accept;
    }
    void apply(const Deposited& event) noexcept { move(event.cents); }
    void apply(const Withdrawn& event) noexcept { move(-event.cents); }

private:
    void move(std::int64_t cents) noexcept {
        balance += cents;
        ++moves;
        history = history * 31 + static_cast<std::uint64_t>(cents);
    }
};

// Large events, and a state that is not one plain value.
struct Diary {
    struct Write {
        std::uint64_t word;
        std::uint64_t words;  // 1 … 48
    };
    struct Tear {};  // takes the last entry out

    struct Written {
        std::array<std::uint64_t, 48> words;
    };
    struct Torn {
        std::uint64_t word;
    };
    enum class Reason : std::uint16_t { too_long = 1, empty };

    using Commands = pawl::Commands<Write, Tear>;
    using Events = pawl::Events<Written, Torn>;

    static constexpr std::size_t entries_max = 24;
    std::pmr::vector<std::uint64_t> entries;

    Diary() = default;
    explicit Diary(std::pmr::memory_resource* memory) : entries(memory) {}
    static constexpr ShardKey route(Id id) { return ShardKey{id / 2}; }

    Verdict decide(const Write& ask, Context<Diary>& ctx) const {
        if (ask.words == 0 || ask.words > 48) return reject(Reason::too_long);
        Written event{};
        for (std::uint64_t i = 0; i < ask.words; ++i) event.words[i] = ask.word + i;
        ctx.emit(event);
        return accept;
    }
    Verdict decide(const Tear&, Context<Diary>& ctx) const {
        if (entries.empty()) return reject(Reason::empty);
        ctx.emit(Torn{entries.back()});
        return accept;
    }
    void apply(const Written& event) noexcept {
        std::uint64_t sum = 0;
        for (const std::uint64_t word : event.words) sum = sum * 7 + word;
        if (entries.size() == entries_max) entries.erase(entries.begin());
        entries.push_back(sum);
    }
    void apply(const Torn&) noexcept { entries.pop_back(); }

    template <class Archive>
    void snapshot(Archive& archive) {
        const std::size_t count = archive.count(entries.size());
        if constexpr (Archive::loading) entries.resize(count);
        for (std::uint64_t& entry : entries) archive.value(entry);
    }
};

}  // namespace pawl::sim
