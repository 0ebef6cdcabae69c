// Arbitrary bytes as what comes from a client: frames, greeting, commands, into a gateway with an
// engine behind it. Never a crash; the engine goes on.
#include "tests/unit/client/memory_kit.hpp"
#include "wire.hpp"

namespace {

using namespace pawl;
using namespace pawl::replication;

class OneCaller final : public Listener {
public:
    explicit OneCaller(std::unique_ptr<Link> link) : link_(std::move(link)) {}
    const std::string& address() const noexcept override { return address_; }
    std::unique_ptr<Link> accept() override { return std::move(link_); }

private:
    std::string address_ = "fuzzer";
    std::unique_ptr<Link> link_;
};

void serve(std::span<const std::byte> input) {
    auto all = fuzz::said(input);
    if (!all) return;
    const unsigned flags = all->flags;
    auto link = fuzz::patient_link(std::move(*all));

    const auto core = detail::open_core(testing::in_memory(2), testing::Bank::domain()).value();
    testing::Bank bank = testing::Bank::on(core);
    detail::GatewayOptions options;
    options.boot = 1;
    options.random = fuzz::our_chance();
    options.greeting_ns_max = 1'000;
    options.silent_ns = 100'000;
    if ((flags & fuzz::secret) != 0) options.secret = "a secret of some length";
    detail::Gateway gateway(std::make_unique<OneCaller>(std::move(link)),
                            detail::gateway_for(testing::Bank::domain(), std::move(options)));
    gateway.set_core(core, 3);
    for (std::int64_t now_ns = 1; gateway.counters().ended == 0; ++now_ns) {
        PAWL_ASSERT(now_ns < 10'000'000);
        gateway.do_work(now_ns);
        bank.poll();
    }
    const detail::GatewayCounters& counters = gateway.counters();
    PAWL_ASSERT(counters.accepted == 1 && counters.ended == 1);
    PAWL_ASSERT((flags & fuzz::secret) == 0 || counters.welcomed == 0);
    PAWL_ASSERT(counters.welcomed != 0 || counters.commands == 0);
    PAWL_ASSERT(counters.replies <= counters.commands + (1U << 16));
    gateway.set_not_primary("");
    // the engine is as well as before
    auto reply = bank.submit(1, testing::Account::Deposit{1}, use_future);
    PAWL_ASSERT(reply.get().accepted());
    PAWL_ASSERT(!bank.failed());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    serve(std::as_bytes(std::span(data, size)));
    return 0;
}
