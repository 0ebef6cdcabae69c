// A client on a machine of its own: the real one, on the simulated network. Its process may end;
// the next one goes on with its session. Knows nodes' addresses; no engine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/client/client_core.hpp"
#include "testing/chance.hpp"
#include "testing/network.hpp"
#include "testing/session.hpp"

namespace pawl::sim {

// What all such clients have in common. Outlives them.
struct ClientSurroundings {
    Network& network;
    Chance& chance;
    const std::int64_t& now_ns;
    const std::string& schema_text;
    std::vector<std::string> servers;
};

class NetworkSession final : public Session {
public:
    // Its machine has the session's name.
    NetworkSession(const ClientSurroundings& surroundings, std::string name, Durability durability,
                   Hear hear);
    ~NetworkSession() override;

    // Sends what was not sent, hears what is there.
    void work();
    // Its process ends, and another one begins. It knows what was asked for and has no answer, and
    // either gives numbers itself and knows them, or leaves them to the client.
    void begin_anew();
    // Not empty: it has given up, or was refused what every engine takes.
    std::string wrong() const;
    // How often it heard that an outcome is unknown. The answer came, or comes, later.
    std::uint64_t told_unknown() const noexcept { return told_unknown_; }

private:
    void begin();
    bool offer(Open& one);
    void hear(const pawl::detail::RawReply& reply);

    const ClientSurroundings& with_;
    std::unique_ptr<replication::Connector> connector_;
    std::shared_ptr<pawl::detail::ClientCore> client_;
    bool gives_numbers_ = false;
    std::uint64_t told_unknown_ = 0;
    std::string refusal_;
};

}  // namespace pawl::sim
