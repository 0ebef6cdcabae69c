// A matching core inside a host program: two members trade, the host prints what the market sees.
#include <pawl/engine.hpp>
#include <pawl/matching/book.hpp>

#include <cstdio>

namespace venue = pawl::matching;
using Engine = pawl::Engine<venue::Book>;

constexpr pawl::Id gold = 1;  // one aggregate per instrument
constexpr venue::Owner alice = 1;
constexpr venue::Owner bob = 2;

void tell(const char* who, const pawl::Reply& reply) {
    if (reply.rejected())
        std::printf("%-6s rejected: %s\n", who, venue::to_string(reply.reason<venue::Reason>()));
    else
        reply.visit<venue::Book>([&](const venue::Traded& trade) {
            std::printf("%-6s traded %lld at %lld\n", who, static_cast<long long>(trade.quantity),
                        static_cast<long long>(trade.price));
        });
}

int main(int argc, char** argv) {
    auto opened = Engine::open({.directory = argc > 1 ? argv[1] : "venue"});
    if (!opened) {
        std::fprintf(stderr, "%s\n", opened.error().sentence.c_str());
        return 1;
    }
    Engine engine = std::move(opened).value();

    // The producer numbers its commands: a host that crashes and sends them again trades nothing
    // twice.
    auto desk = engine.producer({.session = "desk"});
    if (engine.created())
        desk.submit(gold, venue::AddInstrument{.price_min = 1,
                                               .price_max = 1'000'000,
                                               .quantity_max = 10'000,
                                               .collar = 50,
                                               .phase = venue::Phase::continuous});

    const auto order = [&](const char* who, const venue::NewOrder& ask) {
        desk.submit(gold, ask, [who](const pawl::Reply& reply) { tell(who, reply); });
        while (desk.waiting() != 0)
            desk.poll_replies(64);  // a host with other work polls now and then
    };
    order("alice",
          {.order = 11, .price = 2005, .quantity = 30, .owner = alice, .side = venue::Side::sell});
    order("alice",
          {.order = 12, .price = 2007, .quantity = 30, .owner = alice, .side = venue::Side::sell});
    order("bob",
          {.order = 21, .price = 2006, .quantity = 50, .owner = bob, .side = venue::Side::buy});
    order("bob",
          {.order = 21, .price = 2006, .quantity = 50, .owner = bob, .side = venue::Side::buy});
    order("bob", {.order = 22, .quantity = 10, .owner = bob, .kind = venue::OrderKind::market});
    desk.submit(gold, venue::CancelOrder{.order = 12, .owner = bob},
                [](const pawl::Reply& reply) { tell("bob", reply); });
    while (desk.waiting() != 0) desk.poll_replies(64);

    auto top = engine.query(
        gold,
        [](const venue::Book& book) {
            return std::pair(book.best_bid()->quantity, book.best_ask()->quantity);
        },
        pawl::use_future);
    const auto [bid, ask] = top.get();
    std::printf("the book: %lld wanted, %lld offered\n", static_cast<long long>(bid),
                static_cast<long long>(ask));

    // Everything that ever happened is there to be read, now or after a restart.
    int trades = 0;
    auto tape = engine.subscribe();
    static_cast<void>(tape.poll(
        [&](const auto& event) { trades += event.template as<venue::Traded>() != nullptr; }, 1000));
    std::printf("the tape: %d trades\n", trades);
}
