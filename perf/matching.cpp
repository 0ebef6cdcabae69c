// What one order costs: through the whole engine, and in the book alone. Knows the matching core,
// the engine, and the floor of an order book.
#include <algorithm>
#include <chrono>
#include <vector>

#include "perf/direct_book.hpp"
#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/market_steps.hpp"
#include "perf/pinned.hpp"

namespace pawl::perf {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr const char* included_engine =
    "producer with a session, ring, decide with all checks, events, record with checksum, journal "
    "thread, reply in the producer's hands. Not included: reading input, network, opening";
constexpr const char* included_direct =
    "decide with all checks, events staged as in a record, apply. Not included: ring, session, "
    "journal, checksum, reply";

constexpr int rounds = 3;

template <class Play>
double ns_per_step(std::size_t steps, Play&& play) {
    const auto begin = SteadyClock::now();
    play();
    const std::chrono::duration<double, std::nano> took = SteadyClock::now() - begin;
    return took.count() / static_cast<double>(steps);
}

struct Played {
    double ns = 0;
    std::uint64_t accepted = 0;
};

Played play_directly(const Market& market) {
    DirectBooks books(market);
    const std::uint64_t before = books.accepted();
    Played played;
    played.ns = ns_per_step(market.steps.size(), [&] {
        for (const MarketStep& step : market.steps) books.play(step);
    });
    played.accepted = books.accepted() - before;
    return played;
}

Result<Played> play_through_engine(const Market& market, const std::string& path) {
    const TwoCores cores = TwoCores::choose();
    EngineOptions options;
    options.directory = path;
    options.idle = Idle::yield;
    options.cores = cores.engine_cores();
    auto venue = Engine<matching::Book>::open(options);
    if (!venue) return venue.error();
    for (std::uint32_t i = 0; i < market.instruments; ++i)
        if (!venue->submit(i, terms_of(market), use_future).get().accepted())
            return Error{ErrorCode::stopped, "matching: instrument " + std::to_string(i) +
                                                 " was not accepted: look at its terms"};
    auto producer = venue->producer({.session = "desk"});
    const Pinned pinned(cores.sender);
    constexpr std::uint64_t window = 1024;
    Played played;
    Patience patience;
    std::uint64_t answered = 0;
    const auto take = [&](const Reply& reply) { played.accepted += reply.accepted() ? 1U : 0U; };
    played.ns = ns_per_step(market.steps.size(), [&] {
        std::size_t sent = 0;
        while (answered < market.steps.size()) {
            std::size_t burst = 0;
            for (; burst < 64 && sent < market.steps.size() && sent - answered < window; ++burst) {
                const auto submit = [&](std::uint32_t instrument, const auto& command) {
                    return producer.try_submit(instrument, command, SubmitOptions{}, want_reply);
                };
                if (with_command(market.steps[sent], submit) != Offer::accepted) break;
                ++sent;
            }
            const std::size_t taken = producer.poll_replies(64, take);
            answered += taken;
            patience.wait(taken + burst != 0);
        }
    });
    return played;
}

double play_floor(const std::vector<bench::Order>& orders, std::uint32_t books, std::size_t ids) {
    std::vector<bench::Floor> floors(books, bench::Floor(ids));
    bench::Count count;
    return ns_per_step(orders.size(), [&] {
        for (const bench::Order& order : orders) floors[order.book].play(order, count);
        asm volatile("" : : "r"(count.volume) : "memory");  // the trades must happen
    });
}

// Best of several: a neighbour can only make it slower.
template <class Measure>
double best_of(int repeats, Measure&& measure) {
    double best = measure();
    for (int i = 1; i < repeats; ++i) best = std::min(best, measure());
    return best;
}

Status measure(const RunOptions& options, const std::string& name, const Market& market,
               double floor_ns, const char* floor_name, std::vector<Figure>& figures) {
    const int repeats = options.tiny ? 1 : rounds;
    std::uint64_t accepted_directly = 0;
    const double direct = best_of(repeats, [&] {
        const Played played = play_directly(market);
        accepted_directly = played.accepted;
        return played.ns;
    });
    double through = 0;
    for (int i = 0; i < repeats; ++i) {
        const Scratch scratch(options.directory, "matching");
        const auto played = play_through_engine(market, scratch.path());
        if (!played) return played.error();
        if (played.value().accepted != accepted_directly)
            return Error{ErrorCode::stopped, "matching: the engine accepted " +
                                                 std::to_string(played.value().accepted) +
                                                 " commands, the book alone " +
                                                 std::to_string(accepted_directly) +
                                                 ": they must agree"};
        through = i == 0 ? played.value().ns : std::min(through, played.value().ns);
    }
    figures.push_back({"matching " + name + " book", direct, "ns/command", floor_name, floor_ns,
                       included_direct});
    figures.push_back({"matching " + name + " engine", through, "ns/command",
                       floor_ns > 0 ? floor_name : "the book alone",
                       floor_ns > 0 ? floor_ns : direct, included_engine});
    return Done{};
}

}  // namespace

Result<std::vector<Figure>> run_matching(const RunOptions& options) {
    std::vector<Figure> figures;
    const auto commands =
        options.tiny ? std::size_t{20'000} : static_cast<std::size_t>(options.seconds * 500'000);
    const auto day = generated_market(commands);
    if (!day) return day.error();
    if (Status done = measure(options, "generated day", day.value(), 0, "", figures); !done)
        return done.error();
    for (const std::uint32_t books : {1U, 100U}) {
        std::size_t ids = 0;
        const auto orders = bench::make_stream(books, commands, options.tiny ? 100 : 1'000, ids);
        const double floor =
            best_of(options.tiny ? 1 : rounds, [&] { return play_floor(orders, books, ids); });
        const std::string name =
            std::string("mix, ") + std::to_string(books) + (books == 1 ? " book," : " books,");
        if (Status done = measure(options, name, mixed_market(orders, books), floor,
                                  "array-ladder floor, same stream", figures);
            !done)
            return done.error();
    }
    return figures;
}

}  // namespace pawl::perf
