// Links over TCP: who listens, who calls, how a thread sleeps until a socket has something. Knows
// that there are sockets; the library behind them stays in the tcp_ sources.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/replication/link.hpp"
#include "pawl/result.hpp"

namespace pawl::replication {

// An address is "host:port", "[::1]:port" for IPv6, or ":port" for this machine only: loopback is
// the default. "localhost" is 127.0.0.1. A host that is called may be a name: it is looked up
// beside this thread, again after half a minute and when nobody answered, and what was heard last
// is used meanwhile. Who listens says a number.
//
// All links and listeners of one network belong to one thread, and must be destroyed before it.
class TcpNetwork final : public Connector {
public:
    // An error (io) when the system has no more descriptors. `random` draws connection numbers.
    static Result<std::unique_ptr<TcpNetwork>> create(const LinkOptions& options,
                                                      RandomSource random);
    ~TcpNetwork() override;
    TcpNetwork(const TcpNetwork&) = delete;
    TcpNetwork& operator=(const TcpNetwork&) = delete;

    std::unique_ptr<Link> connect(const std::string& address) override;
    // Port 0: the system chooses one, Listener::address() says which.
    Result<std::unique_ptr<Listener>> listen(const std::string& address);

    // Sleeps until a socket of this network can go on, `max_ns` passed, or the descriptor `also_fd`
    // is readable (-1: there is none): then true. The links do not need it: who spins calls their
    // do_work() only.
    bool wait(std::int64_t max_ns, int also_fd = -1);

    struct Core;  // the sockets' library

private:
    explicit TcpNetwork(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

// "127.0.0.1:4711" for ":4711", and so on; or what is wrong with it.
Result<std::string> normal_tcp_address(const std::string& address);

}  // namespace pawl::replication
