// A user's program against the installed library. Knows the public headers only.
#include <dlfcn.h>
#include <pawl/engine.hpp>
#include <pawl/matching/book.hpp>
#include <pawl/testing/simulation.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

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

// A library must not replace its host's allocator, and some allocators do when they are linked.
static bool malloc_is_the_hosts() {
    Dl_info found{};
    if (dladdr(dlsym(RTLD_DEFAULT, "malloc"), &found) == 0) return false;
    std::printf("malloc is that of %s\n", found.dli_fname);
    return std::strstr(found.dli_fname, "mimalloc") == nullptr;
}

namespace venue = pawl::matching;

using Engine = pawl::Engine<Account, venue::Book>;

static bool pays(Engine& engine) {
    return engine.submit(42, Account::Deposit{10'00}, pawl::use_future).get().accepted();
}

static bool trades(Engine& engine) {
    engine.submit(1,
                  venue::AddInstrument{
                      .price_max = 1000, .quantity_max = 100, .phase = venue::Phase::continuous});
    engine.submit(
        1, venue::NewOrder{
               .order = 1, .price = 500, .quantity = 10, .owner = 1, .side = venue::Side::sell});
    const pawl::Reply reply =
        engine
            .submit(
                1,
                venue::NewOrder{
                    .order = 2, .price = 500, .quantity = 10, .owner = 2, .side = venue::Side::buy},
                pawl::use_future)
            .get();
    int count = 0;
    reply.visit<venue::Book>([&](const venue::Traded&) { ++count; });
    return count == 1;
}

static bool survives() {
    pawl::testing::Simulation<Account> sim({.seed = 3});
    sim.load([](pawl::testing::Random& random) -> pawl::testing::Ask<Account> {
        return {random.below(10), Account::Deposit{1}};
    });
    sim.invariant<Account>("nothing is owed", [](const Account& one) { return one.balance >= 0; });
    const auto report = sim.run();
    std::puts(report.ok() ? "a simulated life went well" : report.sentence.c_str());
    return report.ok() && report.acknowledged != 0;
}

int main(int, char** words) {
    if (!malloc_is_the_hosts()) return 2;
    auto opened = Engine::open({.directory = words[1]});
    if (!opened) {
        std::puts(opened.error().sentence.c_str());
        return 3;
    }
    Engine engine = std::move(opened).value();
    if (!pays(engine)) return 4;
    if (!trades(engine)) return 5;
    return survives() ? 0 : 6;
}
