// What the tcp_ sources share: the context, who sleeps in it, addresses. Knows Asio.
#pragma once

#include <poll.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "engine/replication/link.hpp"
#include "engine/replication/link_stream.hpp"
#include "engine/replication/tcp_names.hpp"
#include "engine/replication/tcp_network.hpp"

namespace pawl::replication {

using Tcp = boost::asio::ip::tcp;

// Somebody who may sleep until its socket can go on.
class TcpSleeper {
public:
    virtual ~TcpSleeper() = default;
    virtual pollfd watched() = 0;  // descriptor -1: nothing now
};

struct TcpNetwork::Core {
    explicit Core(const LinkOptions& link_options, RandomSource random_source);
    std::uint64_t new_connection();

    boost::asio::io_context context;
    // with nobody there yet, poll() does not end it for good
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard;
    TcpNames names{context};
    LinkOptions options;
    RandomSource random;
    std::vector<TcpSleeper*> sleepers;  // each enters in its constructor, leaves in its destructor
    std::vector<pollfd> watched;        // wait()'s, with room for all of them
};

// Keeps a sleeper in the list as long as it lives.
class TcpSleepers {
public:
    TcpSleepers(TcpNetwork::Core& core, TcpSleeper& sleeper);
    ~TcpSleepers();
    TcpSleepers(const TcpSleepers&) = delete;
    TcpSleepers& operator=(const TcpSleepers&) = delete;

private:
    TcpNetwork::Core& core_;
    TcpSleeper& sleeper_;
};

Result<TcpPlace> parse_tcp_address(const std::string& address);
std::string print_tcp_address(const Tcp::endpoint& endpoint);
std::string print_tcp_place(const TcpPlace& place);

// A socket that is open already.
std::unique_ptr<ByteStream> accepted_tcp_stream(TcpNetwork::Core& core, Tcp::socket socket,
                                                const std::string& peer);
// One that begins to connect.
std::unique_ptr<ByteStream> calling_tcp_stream(TcpNetwork::Core& core, TcpPlace place);
Result<std::unique_ptr<Listener>> tcp_listener(TcpNetwork::Core& core,
                                               const Tcp::endpoint& endpoint);

}  // namespace pawl::replication
