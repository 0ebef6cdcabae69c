// Clients over the network: who listens, who is in, which session is whose. Knows links and a core;
// not what a command means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/replication/handshake.hpp"
#include "engine/replication/tcp_network.hpp"
#include "engine/runtime/client_session.hpp"
#include "pawl/detail/core.hpp"
#include "pawl/journal.hpp"

namespace pawl::detail {

class ClientConnection;

struct GatewayOptions {
    std::string name = "gateway";        // of this node, in the greeting
    std::string secret{};                // empty: none
    std::uint64_t boot = 0;              // as in LinkOptions; 0: open() draws one
    replication::RandomSource random{};  // empty: the system's
    std::uint64_t schema_hash = 0;
    std::uint64_t router_hash = 0;
    Judged (*judge)(const MessageHeader&, const std::byte*, std::uint32_t) = nullptr;
    std::uint32_t session_window = 1024;
    // Operators may read what has happened. Only where shards have threads of their own: they
    // would wait while the gateway reads.
    bool reads_history = false;
    // Where operators get ranges of the journal for a copy that is damaged. Empty: nowhere. Called
    // on the gateway's thread; it may read from the disk.
    FetchRecords fetch{};
    std::size_t connections_max = 256;  // further callers wait outside
    // From the call to client_hello. Default: more than a lost packet or two cost.
    std::int64_t greeting_ns_max = 3'000'000'000;
    std::int64_t heartbeat_ns = 200'000'000;
    // A client of which nothing was heard is dropped; it comes back when it has something to say.
    // Default: a program that does something else for a while is still there.
    std::int64_t silent_ns = 60'000'000'000;
};
// The same with what the domain says.
GatewayOptions gateway_for(const Domain& domain, GatewayOptions options);

struct GatewayCounters {
    std::uint64_t accepted = 0;     // connections
    std::uint64_t turned_away = 0;  // by the greeting: foreign bytes, another secret, too slow
    std::uint64_t welcomed = 0;
    std::uint64_t taken_over = 0;  // sessions, by a newer connection
    std::uint64_t faulty = 0;      // ended because of what they said
    std::uint64_t ended = 0;       // all that were accepted and are over
    std::uint64_t commands = 0;    // given to the core, questions too
    std::uint64_t replies = 0;     // given to connections
};

// An agent. One thread uses all of it; nothing blocks. Destroyed: every connection is closed.
class Gateway {
public:
    // Begins without a core: whoever comes hears not_primary.
    Gateway(std::unique_ptr<replication::Listener> listener, GatewayOptions options);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // From now on commands go there, in this epoch. A core that failed or closed, or that was taken
    // away, does not come back. Must be let go, by set_not_primary() or the destructor, before the
    // last owner of the core lets go.
    void set_core(std::shared_ptr<Core> core, std::uint64_t epoch);
    // Everybody is sent away, with the primary's address when it is known (else empty).
    void set_not_primary(std::string primary_address);
    // Without a core: what clients hear of the primary, and operators of this node.
    void set_status(NodeStatus status);

    std::size_t do_work(std::int64_t now_ns);
    const std::string& address() const noexcept { return listener_->address(); }
    const GatewayCounters& counters() const noexcept { return counters_; }
    std::size_t connection_count() const noexcept { return connections_.size(); }

private:
    friend class ClientConnection;
    friend class OperatorTalk;
    // For connections. Null: there is no core, or it takes nothing more.
    Core* core() noexcept { return core_.get(); }
    // Another life was welcome with it, or is to be: this one may be the newer, or dead for long
    // and its hello late.
    bool had_by_another(const std::string& name, std::uint64_t life) const;
    void welcomed(const ClientSession& session, std::uint64_t life);
    NodeStatus node_status() const { return core_ != nullptr ? core_->node_status() : status_; }
    // Null: this life was welcome before, and a newer one is since.
    std::shared_ptr<ClientSession> take_session(const std::string& name, std::uint64_t life,
                                                bool resumes, std::uint64_t connection);
    std::size_t accept(std::int64_t now_ns);
    std::size_t work_on_sessions();
    void leave_core();

    const GatewayOptions options_;
    const std::unique_ptr<replication::Listener> listener_;
    std::shared_ptr<Core> core_;
    std::uint64_t epoch_ = 0;
    std::string primary_address_;
    NodeStatus status_;  // without a core
    std::uint64_t last_connection_ = 0;
    std::vector<std::unique_ptr<ClientConnection>> connections_;
    std::map<std::string, std::shared_ptr<ClientSession>> sessions_;  // with a lane
    // Who was welcome last: an older life does not get the session back. By session id.
    std::unordered_map<std::uint64_t, std::uint64_t> lives_;
    GatewayCounters counters_;
};

// A gateway with the network that its listener belongs to.
class OpenGateway {
public:
    // On TCP. An error when the address makes no sense or is somebody else's, or the secret is too
    // short.
    static Result<std::unique_ptr<OpenGateway>> open(const std::string& address,
                                                     GatewayOptions options);
    // On a network of somebody else's, in a world without threads. `options` with a boot and
    // chance.
    static std::unique_ptr<OpenGateway> on(std::unique_ptr<replication::Listener> listener,
                                           GatewayOptions options);
    Gateway& gateway() noexcept { return *gateway_; }
    const Gateway& gateway() const noexcept { return *gateway_; }
    // For its thread, between two do_work(): until a client has something, so long, or the
    // descriptor is readable: then true. We outlive it. On TCP.
    std::function<bool(int bell_fd)> sleeper(std::int64_t max_ns);
    // How connections ended.
    const replication::LinkEnds& ends() const noexcept { return *ends_; }

private:
    OpenGateway() = default;
    std::unique_ptr<replication::LinkEnds> ends_;
    std::unique_ptr<replication::TcpNetwork> network_;  // null: somebody else's
    std::unique_ptr<Gateway> gateway_;
};

// Of an engine or a standby; null when nobody is listened to.
Result<std::unique_ptr<OpenGateway>> open_gateway(const EngineOptions& options,
                                                  const Domain& domain);
// The same where a test's network brings the clients.
std::unique_ptr<OpenGateway> open_gateway(const EngineOptions& options, const Domain& domain,
                                          std::unique_ptr<replication::Listener> listener,
                                          std::uint64_t boot, replication::RandomSource random);

}  // namespace pawl::detail
