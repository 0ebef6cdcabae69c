// An engine, a gateway and clients in one thread, on a network in memory and a clock of the test's
// own. Knows the inside of both ends.
#pragma once

#include <memory>
#include <string>

#include "cut_network.hpp"
#include "engine/client/client_core.hpp"
#include "engine/runtime/gateway.hpp"
#include "pawl/client.hpp"
#include "pawl/engine.hpp"
#include "testing/chance.hpp"
#include "tests/unit/engine/domain.hpp"

namespace pawl::testing {

using Bank = Engine<Account, Book>;
using BankClient = Client<Account, Book>;

inline replication::RandomSource chance_of(std::uint64_t seed) {
    auto chance = std::make_shared<sim::Chance>(seed);
    return [chance] { return chance->next(); };
}

inline EngineOptions in_memory(std::uint32_t shards) {
    EngineOptions options;
    options.shards = shards;
    options.transient = true;
    options.head_bytes = 256U << 10;
    options.threading = Threading::none;
    return options;
}

inline detail::GatewayOptions gateway_options(const std::string& secret = {}) {
    detail::GatewayOptions options;
    options.boot = CutNetwork::server_boot;
    options.random = chance_of(5);
    options.secret = secret;
    return detail::gateway_for(Bank::domain(), std::move(options));
}

// A core that lives as long as somebody has it, as a gateway needs it.
struct Served {
    explicit Served(CutNetwork& network, const EngineOptions& options = in_memory(2),
                    const std::string& secret = {})
        : core(detail::open_core(options, Bank::domain()).value()),
          bank(Bank::on(core)),
          gateway(network.listen(), gateway_options(secret)) {
        gateway.set_core(core, 3);
    }
    ~Served() { gateway.set_not_primary(""); }

    std::shared_ptr<detail::Core> core;
    Bank bank;
    detail::Gateway gateway;
};

// A client on the memory's network; `step` moves it.
struct Caller {
    Caller(CutNetwork& network, const std::int64_t& clock, ClientOptions options)
        : core(std::make_shared<detail::ClientCore>(
              options, detail::schema_text<Account, Book>(),
              detail::ClientWorld{network, [&clock] { return clock; }, [](std::int64_t) {},
                                  chance_of(9), CutNetwork::client_boot})),
          client(BankClient::on(core)) {}
    std::shared_ptr<detail::ClientCore> core;
    BankClient client;
};

inline ClientOptions memory_client(const std::string& session) {
    ClientOptions options;
    options.servers = {"memory"};
    options.session = session;
    options.give_up_after = std::chrono::nanoseconds::max();
    return options;
}

}  // namespace pawl::testing
