// What one order costs: through the whole engine, and in the book alone. Knows the matching core,
// the engine, and the floor of an order book.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "cli/report/histogram.hpp"
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
constexpr int rounds_of_files = 10;  // a real day is soon over

// What is played before the time begins: books filled, caches and rings warm.
std::size_t warm_up_of(std::size_t steps) {
    return steps / 10;
}

// play(from, to) plays those steps.
template <class Play>
double ns_per_step(std::size_t steps, Play&& play) {
    const std::size_t warm = warm_up_of(steps);
    play(std::size_t{0}, warm);
    const auto begin = SteadyClock::now();
    play(warm, steps);
    const std::chrono::duration<double, std::nano> took = SteadyClock::now() - begin;
    return took.count() / static_cast<double>(steps - warm);
}

struct Played {
    double ns = 0;
    std::uint64_t accepted = 0;
};

Played play_directly(const Market& market) {
    DirectBooks books(market);
    const std::uint64_t before = books.accepted();
    Played played;
    played.ns = ns_per_step(market.steps.size(), [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) books.play(market.steps[i]);
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
    std::size_t sent = 0;
    std::uint64_t answered = 0;
    const auto take = [&](const Reply& reply) { played.accepted += reply.accepted() ? 1U : 0U; };
    played.ns = ns_per_step(market.steps.size(), [&](std::size_t, std::size_t to) {
        while (answered < to) {
            std::size_t burst = 0;
            for (; burst < 64 && sent < to && sent - answered < window; ++burst) {
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
    return ns_per_step(orders.size(), [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) floors[orders[i].book].play(orders[i], count);
        asm volatile("" : : "r"(count.volume) : "memory");  // the trades must happen
    });
}

// Each command's own time: play(i) plays step i. With a look at the clock.
template <class Play>
cli::Histogram times_of(std::size_t steps, Play&& play) {
    const std::size_t warm = warm_up_of(steps);
    for (std::size_t i = 0; i < warm; ++i) play(i);
    cli::Histogram times;
    auto begin = SteadyClock::now();
    for (std::size_t i = warm; i < steps; ++i) {
        play(i);
        const auto end = SteadyClock::now();
        times.record(std::chrono::nanoseconds(end - begin).count());
        begin = end;
    }
    return times;
}

void single_commands(const std::string& name, const Market& market,
                     const std::vector<bench::Order>& orders, std::uint32_t books, std::size_t ids,
                     std::vector<Figure>& figures) {
    std::vector<bench::Floor> floors(books, bench::Floor(ids));
    bench::Count count;
    const cli::Histogram least = times_of(
        orders.size(), [&](std::size_t i) { floors[orders[i].book].play(orders[i], count); });
    asm volatile("" : : "r"(count.volume) : "memory");  // the trades must happen
    DirectBooks direct(market);
    const cli::Histogram ours =
        times_of(market.steps.size(), [&](std::size_t i) { direct.play(market.steps[i]); });
    for (const auto& [word, percent] : {std::pair{"p50", 50.0}, {"p99", 99.0}, {"p99.9", 99.9}})
        figures.push_back({"matching " + name + " book, one command " + word,
                           static_cast<double>(ours.percentile(percent)), "ns",
                           "array-ladder floor, same stream, with the clock as here",
                           static_cast<double>(least.percentile(percent)),
                           "as the book, and one look at the clock"});
}

// Best of several: a neighbour can only make it slower.
template <class Measure>
double best_of(int repeats, Measure&& measure) {
    double best = measure();
    for (int i = 1; i < repeats; ++i) best = std::min(best, measure());
    return best;
}

Status measure(const RunOptions& options, int repeats, const std::string& name,
               const Market& market, double floor_ns, const char* floor_name,
               std::vector<Figure>& figures) {
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
    const int repeats = options.tiny ? 1 : rounds;
    const auto commands =
        options.tiny ? std::size_t{20'000} : static_cast<std::size_t>(options.seconds * 500'000);
    const auto day = generated_market(commands);
    if (!day) return day.error();
    if (Status done = measure(options, repeats, "generated day", day.value(), 0, "", figures);
        !done)
        return done.error();
    if (!options.order_flow.empty()) {
        const auto days = market_of_files(options.order_flow);
        if (!days) return days.error();
        if (Status done = measure(options, options.tiny ? 1 : rounds_of_files, "order flow",
                                  days.value(), 0, "", figures);
            !done)
            return done.error();
    }
    for (const std::uint32_t books : {1U, 100U}) {
        std::size_t ids = 0;
        const auto orders = bench::make_stream(books, commands, options.tiny ? 100 : 1'000, ids);
        const double floor = best_of(repeats, [&] { return play_floor(orders, books, ids); });
        const std::string name =
            std::string("mix, ") + std::to_string(books) + (books == 1 ? " book," : " books,");
        const Market market = mixed_market(orders, books);
        if (Status done = measure(options, repeats, name, market, floor,
                                  "array-ladder floor, same stream", figures);
            !done)
            return done.error();
        single_commands(name, market, orders, books, ids, figures);
    }
    return figures;
}

}  // namespace pawl::perf
