// Arbitrary bytes as what a client hears from a server: frames, greeting, welcome, replies. Never a
// crash, never an answer to what was not asked, never a second one.
#include "tests/unit/client/memory_kit.hpp"
#include "wire.hpp"

namespace {

using namespace pawl;
using namespace pawl::replication;

void listen(std::span<const std::byte> input) {
    auto all = fuzz::said(input);
    if (!all) return;
    const unsigned flags = all->flags;
    fuzz::OneAnswer server(std::move(*all));
    ClientOptions options = testing::memory_client("fuzzed");
    if ((flags & fuzz::secret) != 0) options.secret = "a secret of some length";
    std::int64_t clock = 1;
    const auto core = std::make_shared<detail::ClientCore>(
        options, detail::schema_text<testing::Account, testing::Book>(),
        detail::ClientWorld{server, [&clock] { return clock; }, [](std::int64_t) {},
                            fuzz::our_chance(), 1});
    auto client = testing::BankClient::on(core);
    constexpr std::size_t commands = 4;
    int told[commands] = {};
    std::size_t submitted = 0;
    std::optional<Future<CommandStatus>> status;
    while (server.calls < 3 && !client.over()) {
        clock += 1'000;
        PAWL_ASSERT(clock < 60'000'000'000);
        client.poll_replies(2);
        if (client.server().empty() || submitted == commands) continue;
        PAWL_ASSERT((flags & fuzz::secret) == 0);
        for (; submitted < commands; ++submitted)
            if (client.try_submit(submitted, testing::Account::Deposit{1}, {},
                                  [&told, i = submitted](const Reply& reply) {
                                      if (!reply.unknown()) ++told[i];
                                  }) != Offer::accepted)
                break;
        if (!status) status = client.status(CommandNumber{1});
    }
    client.poll_replies(64);
    std::size_t answered = 0;
    for (const int times : told) {
        PAWL_ASSERT(times <= 1);
        answered += static_cast<std::size_t>(times);
    }
    PAWL_ASSERT(core->counters().answered == answered);
    PAWL_ASSERT(client.over() || client.waiting() == submitted - answered);
    PAWL_ASSERT(!client.why().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    listen(std::as_bytes(std::span(data, size)));
    return 0;
}
