// Two nodes with one history in one process: the primary goes away, the standby goes on, and a
// command that is sent again acts once.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "pawl/standby.hpp"

struct Account {
    struct Deposit {
        std::int64_t cents;
    };
    struct Deposited {
        std::int64_t cents;
    };
    using Commands = pawl::Commands<Deposit>;
    using Events = pawl::Events<Deposited>;

    std::int64_t balance = 0;

    pawl::Verdict decide(const Deposit& ask, pawl::Context<Account>& ctx) const {
        ctx.emit(Deposited{ask.cents});
        return pawl::accept;
    }
    void apply(const Deposited& event) noexcept { balance += event.cents; }
};

using Bank = pawl::Engine<Account>;
using Node = pawl::Standby<Account>;

namespace {

Node open_node(const std::string& name) {
    const std::string folder = std::filesystem::absolute("nodes").string();
    std::filesystem::create_directories(folder);
    const auto address_of = [](const std::string& node) {
        return node == "oslo" ? "127.0.0.2:7411" : "127.0.0.3:7411";
    };
    const std::string peer = name == "oslo" ? "rome" : "oslo";
    pawl::EngineOptions options;
    options.directory = folder + "/" + name;
    options.heads = folder + "/heads-" + name;  // two nodes on one machine need two
    options.replication.node = name;
    options.replication.address = address_of(name);
    options.replication.peers = {{peer, address_of(peer)}};
    options.replication.arbiter = "file://" + folder + "/arbiter";
    options.replication.may_begin = name == "oslo";
    options.replication.fail_after =
        std::chrono::milliseconds(2000);  // a busy machine is no failure
    options.replication.degrade_after = std::chrono::milliseconds(4000);
    return Node::open(options).value();
}

// Whoever's turn it is.
Bank next_primary(std::array<std::optional<Node>, 2>& nodes) {
    for (;;) {
        for (std::optional<Node>& node : nodes) {
            if (!node || !node->wait_for_turn(std::chrono::milliseconds(1)).value()) continue;
            auto bank = std::move(*node).promote();
            if (!bank.ok()) continue;  // the other node was faster
            node.reset();
            return std::move(bank).value();
        }
    }
}

pawl::Reply deposit(Bank& bank) {
    pawl::SubmitOptions options;
    options.session = pawl::session_id("desk-7");
    options.number = pawl::CommandNumber{1};
    options.durability = pawl::Durability::replicated;
    return bank.submit(42, Account::Deposit{100}, options, pawl::use_future).get();
}

}  // namespace

int main() {
    std::array<std::optional<Node>, 2> nodes{open_node("oslo"), open_node("rome")};
    pawl::Reply first;
    {
        Bank bank = next_primary(nodes);
        while (bank.node_status().in_sync.size() != 2) std::this_thread::yield();
        first = deposit(bank);
        std::puts(first.accepted() ? "the standby has it" : "it was not accepted");
    }  // the primary is gone
    Bank bank = next_primary(nodes);
    const pawl::Reply again = deposit(bank);
    std::puts(again.sequence() == first.sequence() ? "the same answer" : "another answer");
    auto balance =
        bank.query(42, [](const Account& account) { return account.balance; }, pawl::use_future);
    std::printf("%lld cents\n", static_cast<long long>(balance.get()));
}
