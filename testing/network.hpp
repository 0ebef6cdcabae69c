// A network for several nodes in one thread under a seed: delays, breaks, half-open and one-way
// connections, damaged bytes, slow readers. Knows bytes and names; the frames above are the real
// ones. Within a connection order is kept, as TCP keeps it, unless the weather says otherwise;
// between connections it is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/replication/link.hpp"
#include "testing/chance.hpp"
#include "testing/trace.hpp"

namespace pawl::sim {

// How the ways behave. Chances are 1 in n for each write; 0 is never. May change at any time.
struct NetworkWeather {
    std::int64_t delay_ns_min = 20'000;  // of each run of bytes; a later one never overtakes
    std::int64_t delay_ns_max = 200'000;
    std::uint64_t broken_one_in = 0;     // both sides hear of it, some of what was sent is lost
    std::uint64_t half_open_one_in = 0;  // nothing arrives any more, nobody hears of it
    std::uint64_t flipped_one_in = 0;    // one bit of what is sent
    std::uint64_t vanished_one_in = 0;   // what is sent is not in the stream
    std::uint64_t doubled_one_in = 0;    // it is there twice
    std::uint64_t overtaken_one_in = 0;  // it comes before what was sent just before it
    std::uint64_t refused_one_in = 0;    // of the attempts to connect
    std::uint64_t split_one_in = 4;      // a write or a read takes only a part of what it could
    std::size_t window_bytes = std::size_t{256} << 10;  // sent and not yet read: then no more
};

// What it did to whom.
struct NetworkFigures {
    std::uint64_t connections = 0;
    std::uint64_t broken = 0;
    std::uint64_t half_open = 0;
    std::uint64_t flipped = 0;
    std::uint64_t vanished = 0;
    std::uint64_t doubled = 0;
    std::uint64_t overtaken = 0;
    std::uint64_t refused = 0;
    std::uint64_t bytes = 0;
};

// Outlives listeners and connectors; links may live longer. One thread.
class Network {
public:
    // `trace` may be null; it outlives the network.
    explicit Network(std::uint64_t seed, Trace* trace = nullptr);
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    NetworkWeather& weather() noexcept;
    const NetworkFigures& figures() const noexcept;

    // A node's address is its name. One listener per node; callers of a node without one are told
    // that nobody is there. Links of a node have its `options`.
    std::unique_ptr<replication::Listener> listen(const std::string& node,
                                                  const replication::LinkOptions& options);
    std::unique_ptr<replication::Connector> connector(const std::string& node,
                                                      const replication::LinkOptions& options);

    // While true, nothing gets from `from` to `to`; what was sent waits and arrives later, as TCP
    // sends it again.
    void cut(const std::string& from, const std::string& to, bool cut);
    // Whatever this node has is gone. Its process died: the peers hear of it. Its machine died:
    // nobody does.
    void process_dies(const std::string& node);
    void machine_dies(const std::string& node);
    // Every connection that is there breaks, or becomes half-open.
    void break_all();
    void half_open_all();

    // Lets everything arrive that is due: before the nodes work.
    void advance_to(std::int64_t now_ns);
    // When the next thing arrives; none: nothing is under way that could.
    std::optional<std::int64_t> next_ns() const;

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace pawl::sim
