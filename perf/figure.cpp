// Prints figures for people and for programs. Knows how results look; measures nothing.
#include "perf/figure.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <limits>

#include "cli/report/json.hpp"
#include "cli/report/table.hpp"
#include "perf/machine_limits.hpp"

namespace pawl::perf {
namespace {

// In this order. What others have left in the process would hide what something takes: footprint is
// the first.
constexpr std::array<Program, 10> all_programs{{
    {"footprint", "memory per account and per order, bytes of journal per command", &run_footprint},
    {"throughput", "commands per second: bursts of 1, 16 and 64; 4 producers; 2 shards",
     &run_throughput},
    {"latency", "open loop at 10 k, 100 k, 1 M and 5 M commands/s, from the intended send time",
     &run_latency},
    {"durability", "decided, journaled and synced: latency at 10 k/s, and throughput",
     &run_durability},
    {"matching", "a generated day and a stream of orders: through the engine, and the book alone",
     &run_matching},
    {"snapshot", "open loop at 10 k and 100 k commands/s, with and without snapshots beside it",
     &run_snapshot},
    {"recovery", "opening after a loss of power, with and without a snapshot, 1 and 2 shards",
     &run_recovery},
    {"growth", "cost by aggregates, producers, bytes of an event and resting orders", &run_growth},
    {"pressure", "half of the peak beside another process that writes and syncs: faults, stalls",
     &run_pressure},
    {"replication", "round trip, throughput and catch-up with a standby on this machine",
     &run_replication},
}};

std::string number_text(double value) {
    std::array<char, 64> text{};
    const int decimals = value >= 1000 ? 0 : value >= 10 ? 1 : 2;
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm date{};
    std::array<char, 16> text{};
    if (::gmtime_r(&now, &date) != nullptr)
        std::strftime(text.data(), text.size(), "%Y-%m-%d", &date);
    return text.data();
}

}  // namespace

std::span<const Program> programs() noexcept {
    return all_programs;
}

std::string describe_machine() {
    const MachineLimits limits = measure_machine_quickly();
    std::string text = limits.processor + ", " + std::to_string(limits.cores) + " cores";
    if (limits.round_trip_ns > 0)
        text += ", round trip " + std::to_string(static_cast<long>(limits.round_trip_ns)) + " ns";
    return text + ", " + today();
}

std::string figures_table(std::span<const Figure> figures) {
    cli::Table table({"figure", "value", "unit", "limit", "ratio", "the limit is"});
    for (const Figure& figure : figures) {
        const bool held = figure.limit > 0;
        table.add_row({figure.name, number_text(figure.value), figure.unit,
                       held ? number_text(figure.limit) : "-",
                       held ? number_text(figure.ratio()) : "-", figure.limit_name});
    }
    std::string text = table.text();
    std::string last;
    for (const Figure& figure : figures) {
        if (figure.included == last || figure.included.empty()) continue;
        text += "\n" + figure.name + ": " + figure.included;
        last = figure.included;
    }
    return text + "\n";
}

std::string figures_json(std::span<const Figure> figures, const std::string& machine) {
    std::string text;
    for (const Figure& figure : figures) {
        constexpr double none = std::numeric_limits<double>::quiet_NaN();  // null in JSON
        cli::JsonObject object;
        object.add("name", figure.name)
            .add("value", figure.value)
            .add("unit", figure.unit)
            .add("limit", figure.limit > 0 ? figure.limit : none)
            .add("ratio", figure.limit > 0 ? figure.ratio() : none)
            .add("included", figure.included)
            .add("machine", machine)
            .add("limit_name", figure.limit_name);
        text += object.text() + "\n";
    }
    return text;
}

}  // namespace pawl::perf
