// Values are copied as they are: each has one writer.
#include "engine/runtime/traffic_counters.hpp"

#include <algorithm>
#include <string>

namespace pawl::detail {

using replication::LinkEnd;

namespace {

std::string name_of(const char* whose, LinkEnd end) {
    std::string name = std::string(whose) + ".ended_" + replication::to_string(end);
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

void set(Counter& counter, std::uint64_t value) noexcept {
    counter.store(value, std::memory_order_relaxed);
}

}  // namespace

EndCounters::EndCounters(CounterPage& page, const char* whose) {
    for (std::size_t i = 0; i < counters_.size(); ++i)
        if (const auto end = static_cast<LinkEnd>(i); end != LinkEnd::none)
            counters_[i] = &page.make(name_of(whose, end));
}

void EndCounters::show(const replication::LinkEnds& ends) noexcept {
    for (std::size_t i = 0; i < counters_.size(); ++i)
        if (counters_[i] != nullptr) set(*counters_[i], ends.count[i]);
}

TrafficCounters::TrafficCounters(CounterPage& page)
    : accepted_(page.make("clients.accepted")),
      turned_away_(page.make("clients.turned_away")),
      welcomed_(page.make("clients.welcomed")),
      taken_over_(page.make("clients.taken_over")),
      faulty_(page.make("clients.faulty")),
      commands_(page.make("clients.commands")),
      replies_(page.make("clients.replies")),
      ends_(page, "clients") {}

void TrafficCounters::show(const OpenGateway& open) noexcept {
    const GatewayCounters& now = open.gateway().counters();
    set(accepted_, now.accepted);
    set(turned_away_, now.turned_away);
    set(welcomed_, now.welcomed);
    set(taken_over_, now.taken_over);
    set(faulty_, now.faulty);
    set(commands_, now.commands);
    set(replies_, now.replies);
    ends_.show(open.ends());
}

}  // namespace pawl::detail
