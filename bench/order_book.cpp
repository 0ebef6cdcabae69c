// What one command costs the matching core, beside the floor: decide, events staged in a buffer as
// in a record, apply. 5,000,000 commands; 1 book or 100 books of about 1,000 resting orders. Not
// included: ring, session, journal, checksum, reply, and making the stream.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "bench/order_book_stream.hpp"
#include "pawl/matching/book.hpp"

namespace pawl::bench {
namespace {

#ifdef NDEBUG
constexpr std::size_t commands = 5'000'000;
#else
constexpr std::size_t commands = 200'000;
#endif
constexpr std::uint32_t resting = 1'000;

struct Stream {
    std::vector<Order> orders;
    std::size_t ids = 0;
};
const Stream& stream_for(std::uint32_t books) {
    static std::map<std::uint32_t, Stream> made;
    Stream& stream = made[books];
    if (stream.orders.empty()) stream.orders = make_stream(books, commands, resting, stream.ids);
    return stream;
}

Count floor_count(std::uint32_t books) {
    static std::map<std::uint32_t, Count> known;
    if (known.contains(books)) return known[books];
    const Stream& stream = stream_for(books);
    std::vector<Floor> floors(books, Floor(stream.ids));
    Count count;
    for (const Order& order : stream.orders) floors[order.book].play(order, count);
    return known[books] = count;
}

void report(benchmark::State& state, const Count& count, std::uint32_t books) {
    if (count != floor_count(books)) state.SkipWithError("not the floor's trades");
    const double all = static_cast<double>(state.iterations()) * static_cast<double>(commands);
    state.counters["per_command"] =
        benchmark::Counter(all, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["trades"] = static_cast<double>(count.trades);
}

void floor_ladder(benchmark::State& state) {
    const auto books = static_cast<std::uint32_t>(state.range(0));
    const Stream& stream = stream_for(books);
    Count count;
    for (auto _ : state) {
        state.PauseTiming();
        std::vector<Floor> floors(books, Floor(stream.ids));
        count = {};
        state.ResumeTiming();
        for (const Order& order : stream.orders) floors[order.book].play(order, count);
        benchmark::DoNotOptimize(count);
        state.PauseTiming();
        floors.clear();
        state.ResumeTiming();
    }
    report(state, count, books);
}

// Events of one command, back to back as in a record: what the engine's context does, without the
// journal around it.
class Stage {
public:
    Stage() : bytes_(1 << 20) {}
    template <class Event>
    void emit(const Event& event) {
        const std::uint64_t type = pawl::detail::index_in<Event, matching::Book::Events>;
        std::memcpy(end_, &type, sizeof type);
        // not memcpy: the fields then go straight to their place instead of through the stack
        ::new (static_cast<void*>(end_ + sizeof type)) Event(event);
        end_ += sizeof type + ((sizeof event + 7) & ~std::size_t{7});
    }
    void apply_to(matching::Book& book, Count& count) {
        const std::byte* cursor = bytes_.data();
        while (cursor != end_) cursor = apply_one(book, cursor, count, matching::Book::Events{});
        end_ = bytes_.data();
    }
    void forget() { end_ = bytes_.data(); }

private:
    template <class... Event>
    const std::byte* apply_one(matching::Book& book, const std::byte* at, Count& count,
                               pawl::Events<Event...>) {
        std::uint64_t type = 0;
        std::memcpy(&type, at, sizeof type);
        at += sizeof type;
        std::size_t size = 0;
        std::uint64_t i = 0;
        (void)((i++ == type ? (size = apply_as<Event>(book, at, count), true) : false) || ...);
        return at + ((size + 7) & ~std::size_t{7});
    }
    template <class Event>
    static std::size_t apply_as(matching::Book& book, const std::byte* at, Count& count) {
        const Event& event = *std::launder(reinterpret_cast<const Event*>(at));
        book.apply(event);
        if constexpr (std::is_same_v<Event, matching::Traded>) {
            ++count.trades;
            count.volume += static_cast<std::uint64_t>(event.quantity);
        }
        return sizeof event;
    }
    std::vector<std::byte> bytes_;
    std::byte* end_ = bytes_.data();
};

template <class Command>
void submit(matching::Book& book, const Command& command, Stage& stage, Count& count) {
    if (std::as_const(book).decide(command, stage).accepted())
        stage.apply_to(book, count);
    else
        stage.forget();
}

void play(matching::Book& book, const Order& order, Stage& stage, Count& count) {
    const matching::Side side = order.sells ? matching::Side::sell : matching::Side::buy;
    const std::int64_t price = std::int64_t{order.price} * 100;
    switch (order.kind) {
        case Order::add:
        case Order::take:
            return submit(
                book,
                matching::NewOrder{.order = order.id,
                                   .price = price,
                                   .quantity = order.quantity,
                                   .owner = 1,
                                   .side = side,
                                   .time_in_force = order.kind == Order::take
                                                        ? matching::TimeInForce::immediate_or_cancel
                                                        : matching::TimeInForce::day},
                stage, count);
        case Order::cancel:
            return submit(book, matching::CancelOrder{.order = order.id, .owner = 1}, stage, count);
        case Order::replace:
            return submit(book,
                          matching::ReplaceOrder{.order = order.id,
                                                 .new_order = order.new_id,
                                                 .price = price,
                                                 .quantity = order.total,
                                                 .owner = 1},
                          stage, count);
    }
}

std::vector<matching::Book> opened(std::uint32_t books) {
    std::vector<matching::Book> all(books);
    Stage stage;
    Count unused;
    for (matching::Book& book : all)
        submit(book,
               matching::AddInstrument{.price_min = 0,
                                       .price_max = price_end * 100,
                                       .quantity_max = 1'000'000,
                                       .tick = 100,
                                       .phase = matching::Phase::continuous},
               stage, unused);
    return all;
}

void matching_core(benchmark::State& state) {
    const auto books = static_cast<std::uint32_t>(state.range(0));
    const Stream& stream = stream_for(books);
    Count count;
    for (auto _ : state) {
        state.PauseTiming();
        std::vector<matching::Book> all = opened(books);
        auto stage = std::make_unique<Stage>();
        count = {};
        state.ResumeTiming();
        for (const Order& order : stream.orders) play(all[order.book], order, *stage, count);
        benchmark::DoNotOptimize(count);
        state.PauseTiming();
        all.clear();
        state.ResumeTiming();
    }
    report(state, count, books);
}

BENCHMARK(floor_ladder)->Arg(1)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK(matching_core)->Arg(1)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pawl::bench
