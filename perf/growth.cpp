// What a command costs as the work grows: more aggregates, more producers, larger events, more
// resting orders. Knows bank, book and engine; the limits are the least loops of the same size.
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "perf/bare_loop.hpp"
#include "perf/cpu_time.hpp"
#include "perf/direct_book.hpp"
#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/market_steps.hpp"
#include "perf/producers.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included_thread =
    "one thread does everything from submit to reply: session, ring, decide, record with checksum, "
    "version, reply; bursts of 64, in time of that thread on its core. Not included: the way "
    "between two cores, the disk";
constexpr const char* included_pause =
    "the longest burst of 64 commands while so many aggregates come into being";
constexpr const char* included_producers =
    "each producer on a thread of its own, 1,024 commands on their way in all, bursts of 64; no "
    "disk. More threads than cores take turns";
constexpr const char* included_book =
    "decide with all checks, events staged as in a record, apply; about so many orders rest, the "
    "book has been filled before. Not included: ring, session, journal, checksum, reply";

// An engine without a disk and one producer, both on the calling thread.
template <class Domain>
class OneThread {
public:
    static Result<OneThread> open(const RunOptions& run) {
        EngineOptions options;
        if (run.tiny) make_small(options);
        options.transient = true;
        options.threading = Threading::none;
        auto engine = Engine<Domain>::open(options);
        if (!engine) return engine.error();
        return OneThread(std::move(engine).value());
    }

    // `send(producer)` offers one command: 64 times, then all are answered.
    template <class Send>
    void burst(Send&& send) {
        std::size_t sent = 0;
        while (sent < burst_commands && send(producer_) == Offer::accepted) ++sent;
        for (std::size_t answered = 0; answered < sent;) {
            engine_.poll();
            answered += producer_.poll_replies(
                burst_commands, [this](const Reply& reply) { accepted_ &= reply.accepted(); });
        }
        done_ += sent;
    }
    // Nanoseconds per command over about so many seconds.
    template <class Send>
    double ns_per_command(double seconds, Send&& send) {
        const std::uint64_t before = done_;
        const double begin = thread_cpu_ns();
        double took = 0;
        do {
            for (int i = 0; i < 16; ++i) burst(send);
            took = thread_cpu_ns() - begin;
        } while (took < seconds * 1e9);
        return took / static_cast<double>(done_ - before);
    }
    bool accepted() const noexcept { return accepted_; }

private:
    static constexpr std::size_t burst_commands = 64;
    explicit OneThread(Engine<Domain> engine)
        : engine_(std::move(engine)), producer_(engine_.producer({.session = "desk"})) {}

    Engine<Domain> engine_;
    Producer<Domain> producer_;
    std::uint64_t done_ = 0;
    bool accepted_ = true;
};

Error not_accepted(const char* what) {
    return {ErrorCode::stopped, std::string("growth, ") + what +
                                    ": a command was not accepted: look at its domain's rules"};
}

double least_ns(const RunOptions& options, std::uint64_t accounts, std::size_t payload_bytes) {
    BareLoop loop;
    loop.accounts = accounts;
    loop.payload_bytes = payload_bytes;
    if (options.tiny) loop.ring_bytes = std::size_t{1} << 20;
    return bare_loop_ns(loop, options.tiny ? 0.001 : options.seconds / 8);
}

// "growth aggregates 1000": the curve's name, then the place on it.
std::string place(const char* curve, std::uint64_t size) {
    return std::string("growth ") + curve + " " + std::to_string(size);
}

Status aggregates(const RunOptions& options, std::vector<Figure>& figures) {
    const std::vector<std::uint64_t> sizes =
        options.tiny ? std::vector<std::uint64_t>{1'000, 4'000}
                     : std::vector<std::uint64_t>{1'000, 10'000, 100'000, 1'000'000, 10'000'000};
    const double seconds = options.tiny ? 0.001 : options.seconds / 4;
    std::vector<Figure> pauses;
    for (const std::uint64_t size : sizes) {
        auto bank = OneThread<Account>::open(options);
        if (!bank) return bank.error();
        std::uint64_t next = 0;
        double longest_ns = 0;
        while (next < size) {
            const double begin = thread_cpu_ns();
            bank->burst([&](auto& producer) {
                return producer.try_submit(next++ % size, Account::Deposit{opening_cents}, {},
                                           want_reply);
            });
            longest_ns = std::max(longest_ns, thread_cpu_ns() - begin);
        }
        pauses.push_back({place("longest pause while aggregates come", size), longest_ns / 1e3,
                          "us", "", 0, included_pause});
        Asks asks(1, size);
        const double ns = bank->ns_per_command(seconds, [&](auto& producer) {
            const Ask ask = asks.next();
            return ask.cents > 0 ? producer.try_submit(ask.account, Account::Deposit{ask.cents}, {},
                                                       want_reply)
                                 : producer.try_submit(ask.account, Account::Withdraw{-ask.cents},
                                                       {}, want_reply);
        });
        if (!bank->accepted()) return not_accepted("aggregates");
        figures.push_back({place("aggregates", size), ns, "ns/command",
                           "state, record and checksum in a loop, as many accounts",
                           least_ns(options, size, 16), included_thread});
    }
    figures.insert(figures.end(), pauses.begin(), pauses.end());
    return Done{};
}

// An aggregate whose events are so large.
template <std::size_t bytes>
struct Parcel {
    struct Send {
        std::uint64_t seed;
    };
    struct Sent {
        std::array<std::uint64_t, bytes / 8> words;
    };
    using Commands = pawl::Commands<Send>;
    using Events = pawl::Events<Sent>;

    std::uint64_t sum = 0;

    Verdict decide(const Send& ask, Context<Parcel>& ctx) const {
        Sent sent;
        for (std::uint64_t& word : sent.words) word = ask.seed;
        ctx.emit(sent);
        return accept;
    }
    void apply(const Sent& event) noexcept { sum += event.words[0]; }
};

template <std::size_t bytes>
Status events_of(const RunOptions& options, std::vector<Figure>& figures) {
    constexpr std::uint64_t parcels = 1'000;
    const double seconds = options.tiny ? 0.001 : options.seconds / 4;
    auto post = OneThread<Parcel<bytes>>::open(options);
    if (!post) return post.error();
    std::uint64_t next = 0;
    const auto send = [&](auto& producer) {
        ++next;
        return producer.try_submit(next % parcels, typename Parcel<bytes>::Send{next}, {},
                                   want_reply);
    };
    static_cast<void>(post->ns_per_command(seconds / 4, send));  // the ring was written once
    const double ns = post->ns_per_command(seconds, send);
    if (!post->accepted()) return not_accepted("event bytes");
    figures.push_back({place("event bytes", bytes), ns, "ns/command",
                       "state, record and checksum in a loop, as many bytes",
                       least_ns(options, parcels, bytes + 8), included_thread});
    return Done{};
}

Status events(const RunOptions& options, std::vector<Figure>& figures) {
    using Measure = Status (*)(const RunOptions&, std::vector<Figure>&);
    constexpr std::array<Measure, 7> all{&events_of<16>,  &events_of<32>,  &events_of<64>,
                                         &events_of<128>, &events_of<256>, &events_of<512>,
                                         &events_of<1024>};
    for (const Measure measure : all)
        if (Status done = measure(options, figures); !done) return done;
    return Done{};
}

Status producers(const RunOptions& options, std::vector<Figure>& figures) {
    EngineOptions engine;
    if (options.tiny) make_small(engine);
    engine.transient = true;
    auto bank = open_bank(engine);
    if (!bank) return bank.error();
    BurstOptions burst;
    burst.seconds = options.tiny ? 0.005 : options.seconds / 4;
    const int turns = options.tiny ? 1 : 3;
    double one = 0;
    bool accepted = true;
    for (const std::size_t count : {1U, 2U, 4U, 8U, 16U, 32U, 64U}) {
        if (options.tiny && count > 4) break;
        std::vector<double> rates;
        for (int turn = 0; turn < turns; ++turn)
            rates.push_back(all_producers(*bank, count, burst, accepted));
        std::nth_element(rates.begin(), rates.begin() + turns / 2, rates.end());
        const double rate = rates[static_cast<std::size_t>(turns / 2)];
        if (count == 1) one = rate;
        figures.push_back({place("producers", count), rate, "commands/s", "one producer, same run",
                           one, included_producers});
    }
    return accepted ? Status(Done{}) : Status(not_accepted("producers"));
}

// The least time per step of the last `counted` ones; those before them fill the book.
template <class Play>
double ns_of_the_last(std::size_t steps, std::size_t counted, Play&& play) {
    for (std::size_t i = 0; i < steps - counted; ++i) play(i);
    const double begin = thread_cpu_ns();
    for (std::size_t i = steps - counted; i < steps; ++i) play(i);
    return (thread_cpu_ns() - begin) / static_cast<double>(counted);
}

Status resting_orders(const RunOptions& options, std::vector<Figure>& figures) {
    const auto counted =
        options.tiny ? std::size_t{1'000} : static_cast<std::size_t>(options.seconds * 250'000);
    const int turns = options.tiny ? 1 : 2;
    for (const std::uint32_t resting : {1U, 10U, 100U, 1'000U, 10'000U, 100'000U, 1'000'000U}) {
        if (options.tiny && resting > 100) break;
        std::size_t ids = 0;
        const auto orders = bench::make_stream(1, 2 * std::size_t{resting} + counted, resting, ids);
        const Market market = mixed_market(orders, 1);
        double floor_ns = std::numeric_limits<double>::max();
        double book_ns = floor_ns;
        for (int turn = 0; turn < turns; ++turn) {
            bench::Floor floor(ids);
            bench::Count count;
            floor_ns = std::min(
                floor_ns, ns_of_the_last(orders.size(), counted,
                                         [&](std::size_t i) { floor.play(orders[i], count); }));
            asm volatile("" : : "r"(count.volume) : "memory");  // the trades must happen
            DirectBooks books(market);
            book_ns = std::min(book_ns, ns_of_the_last(orders.size(), counted, [&](std::size_t i) {
                                   books.play(market.steps[i]);
                               }));
            if (books.trades() != count.trades)
                return Error{ErrorCode::stopped,
                             "growth, resting orders: the book made " +
                                 std::to_string(books.trades()) + " trades, the array " +
                                 std::to_string(count.trades) + ": they must agree"};
        }
        figures.push_back({place("resting orders", resting), book_ns, "ns/command",
                           "array-ladder floor, same stream", floor_ns, included_book});
    }
    return Done{};
}

}  // namespace

Result<std::vector<Figure>> run_growth(const RunOptions& options) {
    std::vector<Figure> figures;
    for (const auto measure : {&aggregates, &events, &producers, &resting_orders})
        if (Status done = measure(options, figures); !done) return done.error();
    return figures;
}

}  // namespace pawl::perf
