// A bank behind an engine, as the load sees it: one producer with a session. Knows the façade.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "perf/bank.hpp"
#include "perf/load.hpp"

namespace pawl::perf {

class EngineClient {
public:
    EngineClient(Engine<Account>& bank, std::string session,
                 Durability durability = Durability::journaled)
        : producer_(bank.producer({.session = std::move(session)})) {
        options_.durability = durability;
    }

    bool send(const Ask& ask) {
        const Offer offer = ask.cents > 0
                                ? producer_.try_submit(ask.account, Account::Deposit{ask.cents},
                                                       options_, want_reply)
                                : producer_.try_submit(ask.account, Account::Withdraw{-ask.cents},
                                                       options_, want_reply);
        return offer == Offer::accepted;
    }
    void flush() {}
    template <class Handler>
    std::size_t poll(std::size_t limit, Handler&& handler) {
        return producer_.poll_replies(
            limit, [&handler](const Reply& reply) { handler(reply.accepted()); });
    }

private:
    Producer<Account> producer_;
    SubmitOptions options_;
};

// Every account with money, decided and answered.
inline void open_accounts(Engine<Account>& bank, std::uint64_t count = account_count) {
    auto teller = bank.producer({.session = "opening"});
    std::uint64_t answered = 0;
    Patience patience;
    for (std::uint64_t account = 0; answered < count;) {
        while (account < count && account - answered < 1024) {
            const Offer offer = teller.try_submit(account, Account::Deposit{opening_cents},
                                                  SubmitOptions{}, want_reply);
            if (offer != Offer::accepted) break;
            ++account;
        }
        const std::size_t taken = teller.poll_replies(64, [](const Reply&) {});
        answered += taken;
        patience.wait(taken != 0);
    }
}

// Its threads yield while they have nothing to do; every account has money.
inline Result<Engine<Account>> open_bank(EngineOptions options,
                                         std::uint64_t count = account_count) {
    options.idle = Idle::yield;
    auto bank = Engine<Account>::open(options);
    if (bank) open_accounts(*bank, count);
    return bank;
}

// Only to show that it runs: no time is spent on preparing files.
inline void make_small(EngineOptions& options) {
    options.segment_bytes = std::uint64_t{4} << 20;
    options.head_bytes = std::uint64_t{4} << 20;
}

// A folder for journals that goes away again.
class Scratch {
public:
    Scratch(const std::string& directory, const std::string& name)
        : path_(directory + "/pawl-bench-" + name) {
        clear();
    }
    ~Scratch() { clear(); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    void clear() const {
        std::error_code ignored;  // what is left behind is the user's to see, not ours to fail on
        std::filesystem::remove_all(path_, ignored);
    }
    std::string path_;
};

}  // namespace pawl::perf
