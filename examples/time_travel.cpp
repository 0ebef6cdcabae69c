// A warehouse is counted at the close of two days; later somebody asks what was on the shelf then,
// and why.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <pawl/replay.hpp>
#include <string>

struct Shelf {
    struct Put {
        std::int64_t pieces;
    };
    struct Take {
        std::int64_t pieces;
    };
    struct Filled {
        std::int64_t pieces;
    };
    struct Taken {
        std::int64_t pieces;
    };
    enum class Reason : std::uint16_t { not_there = 1 };

    using Commands = pawl::Commands<Put, Take>;
    using Events = pawl::Events<Filled, Taken>;
    std::int64_t pieces = 0;

    pawl::Verdict decide(const Put& ask, pawl::Context<Shelf>& ctx) const {
        ctx.emit(Filled{ask.pieces});
        return pawl::accept;
    }
    pawl::Verdict decide(const Take& ask, pawl::Context<Shelf>& ctx) const {
        if (ask.pieces > pieces) return pawl::reject(Reason::not_there);
        ctx.emit(Taken{ask.pieces});
        return pawl::accept;
    }
    void apply(const Filled& event) noexcept { pieces += event.pieces; }
    void apply(const Taken& event) noexcept { pieces -= event.pieces; }
};

int main() {
    const std::string directory = "warehouse.journal";
    std::filesystem::remove_all(directory);
    {
        auto warehouse =
            pawl::Engine<Shelf>::open({.directory = directory, .segment_bytes = 1 << 20}).value();
        warehouse.submit(7, Shelf::Put{100});
        warehouse.submit(7, Shelf::Take{30}, pawl::use_future).get();
        if (!warehouse.mark("monday").ok()) return 1;
        warehouse.submit(7, Shelf::Take{50}, pawl::use_future).get();
        if (!warehouse.snapshot().ok()) return 1;  // opening it again begins here
        warehouse.submit(7, Shelf::Take{15}, pawl::use_future).get();
        if (!warehouse.mark("tuesday").ok()) return 1;
        warehouse.submit(7, Shelf::Put{500}, pawl::use_future).get();
    }
    using Replay = pawl::Replay<Shelf>;
    for (const char* day : {"monday", "tuesday"}) {
        auto then = Replay::open({.directory = directory, .until = pawl::Until::mark(day)});
        if (!then) return std::puts(then.error().sentence.c_str()), 1;
        std::printf("%s: %lld pieces\n", day,
                    static_cast<long long>(then->state<Shelf>(7)->pieces));
    }
    auto why = Replay::open({.directory = directory, .until = pawl::Until::mark("tuesday")});
    if (!why) return std::puts(why.error().sentence.c_str()), 1;
    const auto tell = [](const auto& event) {
        if (const auto* taken = event.template as<Shelf::Taken>())
            std::printf("version %llu: %lld taken\n",
                        static_cast<unsigned long long>(event.version().value),
                        static_cast<long long>(taken->pieces));
    };
    return why->history<Shelf>(7, tell) ? 0 : 1;
}
