// What comes over connections, as counters that another process can read. Knows names; not who
// calls.
#pragma once

#include <array>
#include <cstddef>

#include "engine/replication/link.hpp"
#include "engine/runtime/gateway.hpp"
#include "engine/shard/counters.hpp"

namespace pawl::detail {

// How connections ended: "clients.ended_damaged", … Written by the links' thread.
class EndCounters {
public:
    EndCounters(CounterPage& page, const char* whose);
    void show(const replication::LinkEnds& ends) noexcept;

private:
    std::array<Counter*, static_cast<std::size_t>(replication::LinkEnd::count_of_ends)> counters_{};
};

// "clients.accepted", … Written by the gateway's thread.
class TrafficCounters {
public:
    explicit TrafficCounters(CounterPage& page);
    void show(const OpenGateway& open) noexcept;

private:
    Counter& accepted_;
    Counter& turned_away_;
    Counter& welcomed_;
    Counter& taken_over_;
    Counter& faulty_;
    Counter& commands_;
    Counter& replies_;
    EndCounters ends_;
};

}  // namespace pawl::detail
