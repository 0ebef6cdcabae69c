// Addresses whose host is a name: asked for beside the thread, remembered. Knows Asio's resolver;
// no socket.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pawl::replication {

// Where somebody is called: by number, or by a name that has to be looked up.
struct TcpPlace {
    std::string host;  // without brackets
    std::uint16_t port = 0;
    std::optional<boost::asio::ip::tcp::endpoint> numeric;  // none: host is a name
};

// One thread, that of the context. Never waits: the system is asked on a thread of the context's
// own, which its destructor waits for. What was heard last is used while it is asked again, so that
// a name server that is gone takes nobody's peers away.
class TcpNames {
public:
    using Endpoint = boost::asio::ip::tcp::endpoint;

    explicit TcpNames(boost::asio::io_context& context) : resolver_(context) {}
    TcpNames(const TcpNames&) = delete;
    TcpNames& operator=(const TcpNames&) = delete;

    struct Answer {
        bool there = false;  // false: not yet
        Endpoint endpoint;
        boost::system::error_code problem{};  // of a name that nobody knows
    };
    // Call again until it is there; the context's handlers run elsewhere.
    Answer look_up(const TcpPlace& place);
    // Nobody answered there: the next of its addresses is tried next, and the name is asked for.
    void was_in_vain(const TcpPlace& place);

private:
    using Clock = std::chrono::steady_clock;
    struct Name {
        std::vector<Endpoint> found{};
        std::size_t turn = 0;
        boost::system::error_code problem{};
        bool asking = false;
        bool answered = false;
        Clock::time_point asked{};
        Clock::time_point due{};  // when it is asked for again
    };
    void ask(const TcpPlace& place, const std::shared_ptr<Name>& name);

    boost::asio::ip::tcp::resolver resolver_;
    // Shared with the handlers, which may come after the names are gone.
    std::map<std::pair<std::string, std::uint16_t>, std::shared_ptr<Name>> names_;
};

}  // namespace pawl::replication
