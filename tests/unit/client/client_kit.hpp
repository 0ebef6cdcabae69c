// The small language of the clients' tests: an engine that listens, clients of it, a naive bank.
// Knows loopback only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "pawl/client.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {

using BankClient = Client<Account, Book>;

inline EngineOptions listening(EngineOptions options, const std::string& address = ":0") {
    options.listen = address;
    return options;
}

inline ClientOptions client_of(const Bank& bank, const std::string& session) {
    ClientOptions options;
    options.servers = {bank.listen_address()};
    options.session = session;
    options.give_up_after = std::chrono::seconds(60);
    options.pause_min = std::chrono::milliseconds(1);
    options.pause_max = std::chrono::milliseconds(10);
    return options;
}

inline BankClient connect(const ClientOptions& options) {
    return BankClient::open(options).value();
}

// Until everything is answered and told.
inline void finish(BankClient& client) {
    until([&] {
        if (client.poll_replies(64) == 0) client.wait(std::chrono::milliseconds(1));
        return client.waiting() == 0;
    });
}

// What a bank does, said again without it.
class NaiveBank {
public:
    bool deposit(Id id, std::int64_t cents) {
        if (cents <= 0) return false;
        balances_[id] += cents;
        return true;
    }
    bool withdraw(Id id, std::int64_t cents) {
        if (cents > balances_[id]) return false;
        balances_[id] -= cents;
        return true;
    }
    const std::map<Id, std::int64_t>& balances() const { return balances_; }

private:
    std::map<Id, std::int64_t> balances_;
};

inline void expect_equal(Bank& bank, const NaiveBank& naive) {
    for (const auto& [id, cents] : naive.balances()) EXPECT_EQ(balance(bank, id), cents) << id;
}

}  // namespace pawl::testing
