// Orders are accepted on two shards; a watcher dispatches each one exactly once, whoever is killed
// when.
//
// It accepts three orders and runs the watcher until every one is dispatched. Kill it at any moment
// and start it again: the watcher keeps its cursor in the same file as its effect, renamed into
// place in one step.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <pawl/engine.hpp>
#include <string>

struct Order {
    struct Accept {
        std::uint64_t product;
    };
    struct Dispatch {};
    struct Accepted {
        std::uint64_t product;
    };
    struct Dispatched {};
    enum class Reason : std::uint16_t { known_already = 1, not_accepted, dispatched_already };
    enum class Stage : std::uint64_t { none, accepted, dispatched };

    using Commands = pawl::Commands<Accept, Dispatch>;
    using Events = pawl::Events<Accepted, Dispatched>;
    Stage stage = Stage::none;

    pawl::Verdict decide(const Accept& ask, pawl::Context<Order>& ctx) const {
        if (stage != Stage::none) return pawl::reject(Reason::known_already);
        ctx.emit(Accepted{ask.product});
        return pawl::accept;
    }
    pawl::Verdict decide(const Dispatch&, pawl::Context<Order>& ctx) const {
        if (stage == Stage::none) return pawl::reject(Reason::not_accepted);
        if (stage == Stage::dispatched) return pawl::reject(Reason::dispatched_already);
        ctx.emit(Dispatched{});
        return pawl::accept;
    }
    void apply(const Accepted&) noexcept { stage = Stage::accepted; }
    void apply(const Dispatched&) noexcept { stage = Stage::dispatched; }
};

// What the watcher has done, and where it stands: one file, so that both are there or neither.
struct Shipments {
    std::string path;
    std::string lines;
    pawl::Cursor cursor;

    explicit Shipments(std::string file) : path(std::move(file)) {
        std::ifstream in(path);
        std::string line;
        if (std::getline(in, line)) cursor = pawl::Cursor::parse(line).value();
        while (std::getline(in, line)) lines += line + "\n";
    }
    void keep() const {
        std::ofstream(path + ".new") << cursor.to_string() << "\n" << lines;
        std::filesystem::rename(path + ".new", path);
    }
};

constexpr pawl::Id orders[] = {12004, 12005, 12006};

int main(int count, char** words) {
    const std::string directory = count > 1 ? words[1] : "orders.journal";
    auto opened = pawl::Engine<Order>::open(
        {.directory = directory, .shards = 2, .segment_bytes = 1 << 20, .head_bytes = 1 << 20});
    if (!opened) return std::puts(opened.error().sentence.c_str()), 1;
    auto engine = std::move(opened).value();

    // A client that never knows whether it was heard: it sends all its orders with the same numbers
    // in every life.
    std::uint64_t number = 0;
    for (const pawl::Id order : orders)
        engine.submit(
            order, Order::Accept{order * 10},
            {.session = pawl::session_id("shop"), .number = pawl::CommandNumber{++number}});

    Shipments shipments(directory + ".shipments");
    auto events = engine.subscribe({.from = shipments.cursor});
    int waiting = 3;
    for (const pawl::Id order : orders)
        if (shipments.lines.find(std::to_string(order)) != std::string::npos) --waiting;
    while (waiting > 0) {
        const auto watch = [&](const auto& event) {
            if (event.template as<Order::Accepted>() == nullptr) return;
            // The command is numbered by the event that caused it: seen twice, it acts once.
            const pawl::SubmitOptions once{.cause = event.sequence().value,
                                           .session = pawl::session_id("watcher"),
                                           .number = pawl::CommandNumber{event.sequence().value}};
            const pawl::Reply reply =
                engine.submit(event.id(), Order::Dispatch{}, once, pawl::use_future).get();
            if (!reply.accepted())
                std::printf("order %llu: not dispatched\n",
                            static_cast<unsigned long long>(event.id()));
            shipments.lines += "dispatched " + std::to_string(event.id()) + "\n";
            --waiting;
        };
        if (!events.poll(watch, 1)) return 1;
        shipments.cursor = events.cursor();
        shipments.keep();
    }
    std::printf("%s", shipments.lines.c_str());
    return 0;
}
