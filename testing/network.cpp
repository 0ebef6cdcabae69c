// Simulated connections as links, listeners and connectors. Knows the real frames' seam.
#include "testing/network.hpp"

#include <algorithm>

#include "engine/replication/link_framed.hpp"
#include "testing/network_state.hpp"

namespace pawl::sim {
namespace {

using replication::ByteStream;
using replication::FramedLink;
using replication::LinkOptions;
using replication::StreamResult;
using replication::StreamStep;

class SimStream final : public ByteStream {
public:
    SimStream(std::shared_ptr<Network::State> state, std::shared_ptr<Connection> connection,
              std::size_t side)
        : state_(std::move(state)), connection_(std::move(connection)), side_(side) {}
    ~SimStream() override { close(); }
    SimStream(const SimStream&) = delete;
    SimStream& operator=(const SimStream&) = delete;

    const std::string& peer() const noexcept override { return connection_->ways[side_].to; }

    StreamStep connect() override {
        if (side_ == 1) return StreamStep::moved;
        if (connection_->answered_at_ns == 0 || connection_->answered_at_ns > state_->now_ns)
            return StreamStep::later;
        return connection_->accepted ? StreamStep::moved : StreamStep::unreachable;
    }

    StreamResult write(std::span<const std::span<const std::byte>> pieces) override {
        if (incoming().reset) return {StreamStep::reset, 0};
        const std::size_t bytes = state_->write(*connection_, side_, pieces);
        return {bytes == 0 ? StreamStep::later : StreamStep::moved, bytes};
    }

    StreamResult read(std::span<std::byte> to) override {
        Pipe& pipe = incoming();
        if (pipe.unread.empty()) {
            if (pipe.reset) return {StreamStep::reset, 0};
            return {pipe.ended ? StreamStep::ended : StreamStep::later, 0};
        }
        const std::size_t bytes = state_->part_of(std::min(to.size(), pipe.unread.size()));
        const auto end = pipe.unread.begin() + static_cast<std::ptrdiff_t>(bytes);
        std::copy(pipe.unread.begin(), end, to.begin());
        pipe.unread.erase(pipe.unread.begin(), end);
        pipe.sent_bytes -= bytes;
        return {StreamStep::moved, bytes};
    }

    std::string fault() const override {
        return connection_->accepted ? "broken by the simulation" : "nobody is there";
    }
    void close() noexcept override { state_->close(*connection_, side_); }
    void wants(replication::StreamWishes) noexcept override {}

private:
    Pipe& incoming() const noexcept { return connection_->ways[1 - side_]; }

    std::shared_ptr<Network::State> state_;
    std::shared_ptr<Connection> connection_;
    std::size_t side_;
};

std::unique_ptr<replication::Link> link_of(const std::shared_ptr<Network::State>& state,
                                           const std::shared_ptr<Connection>& connection,
                                           std::size_t side, const LinkOptions& options) {
    return std::make_unique<FramedLink>(std::make_unique<SimStream>(state, connection, side),
                                        options, state->chance.next() | 1);
}

class SimListener final : public replication::Listener {
public:
    SimListener(std::shared_ptr<Network::State> state, std::string node, const LinkOptions& options)
        : state_(std::move(state)), node_(std::move(node)), options_(options) {
        state_->listening[node_] = {this, {}};
    }
    ~SimListener() override {
        if (mine() != nullptr) state_->listening.erase(node_);
    }
    SimListener(const SimListener&) = delete;
    SimListener& operator=(const SimListener&) = delete;

    const std::string& address() const noexcept override { return node_; }
    std::unique_ptr<replication::Link> accept() override {
        Waiting* const waiting = mine();
        if (waiting == nullptr || waiting->callers.empty()) return nullptr;
        const auto connection = waiting->callers.front();
        waiting->callers.pop_front();
        return link_of(state_, connection, 1, options_);
    }

private:
    // Null: the node died since, or another listener took its place.
    Waiting* mine() const noexcept {
        const auto found = state_->listening.find(node_);
        const bool ours = found != state_->listening.end() && found->second.listener == this;
        return ours ? &found->second : nullptr;
    }

    std::shared_ptr<Network::State> state_;
    std::string node_;
    LinkOptions options_;
};

class SimConnector final : public replication::Connector {
public:
    SimConnector(std::shared_ptr<Network::State> state, std::string node,
                 const LinkOptions& options)
        : state_(std::move(state)), node_(std::move(node)), options_(options) {}
    std::unique_ptr<replication::Link> connect(const std::string& address) override {
        return link_of(state_, state_->call(node_, address), 0, options_);
    }

private:
    std::shared_ptr<Network::State> state_;
    std::string node_;
    LinkOptions options_;
};

}  // namespace

Network::Network(std::uint64_t seed, Trace* trace) : state_(std::make_shared<State>(seed, trace)) {}

Network::~Network() = default;

NetworkWeather& Network::weather() noexcept {
    return state_->weather;
}

const NetworkFigures& Network::figures() const noexcept {
    return state_->figures;
}

std::unique_ptr<replication::Listener> Network::listen(const std::string& node,
                                                       const LinkOptions& options) {
    return std::make_unique<SimListener>(state_, node, options);
}

std::unique_ptr<replication::Connector> Network::connector(const std::string& node,
                                                           const LinkOptions& options) {
    return std::make_unique<SimConnector>(state_, node, options);
}

void Network::cut(const std::string& from, const std::string& to, bool cut) {
    if (cut) {
        state_->cuts.insert({from, to});
    } else {
        state_->cuts.erase({from, to});
    }
    if (state_->trace != nullptr)
        state_->trace->note(cut ? "cut" : "mend", from + ">" + to, 0, 0,
                            static_cast<std::uint64_t>(state_->now_ns));
}

void Network::process_dies(const std::string& node) {
    state_->lose(node, true);
}
void Network::machine_dies(const std::string& node) {
    state_->lose(node, false);
}
void Network::break_all() {
    for (const auto& connection : state_->connections) state_->break_now(*connection);
}
void Network::half_open_all() {
    for (const auto& connection : state_->connections) state_->half_open_now(*connection);
}

void Network::advance_to(std::int64_t now_ns) {
    state_->advance_to(now_ns);
}

std::optional<std::int64_t> Network::next_ns() const {
    std::optional<std::int64_t> next;
    const auto consider = [&next](std::int64_t at_ns) {
        if (!next || at_ns < *next) next = at_ns;
    };
    for (const auto& connection : state_->connections) {
        const Pipe& there = connection->ways[0];
        const bool cut =
            state_->is_cut(there.from, there.to) || state_->is_cut(there.to, there.from);
        if (connection->answered_at_ns == 0) {
            if (!cut) consider(connection->asked_at_ns);
            continue;
        }
        if (connection->answered_at_ns > state_->now_ns) consider(connection->answered_at_ns);
        for (const Pipe& pipe : connection->ways) {
            if (pipe.dead || pipe.under_way.empty() || state_->is_cut(pipe.from, pipe.to)) continue;
            consider(pipe.under_way.front().at_ns);
        }
    }
    return next;
}

}  // namespace pawl::sim
