// A server on loopback that does to each connection what a script says, driven by the test's own
// loop. Knows sockets and where a request ends; not etcd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <vector>

namespace pawl::replication::test {

struct Act {
    enum class What : std::uint8_t {
        hear,     // go on when a whole request is there
        say,      // send `bytes`, as fast as the peer takes them
        trickle,  // send them one byte in each do_work
        flood,    // send them again and again until the peer is gone
        wait,     // go on after release()
        close,    // in order
        reset,    // without order
    };
    What what{};
    std::string bytes{};
};
using Script = std::vector<Act>;

// Status line, headers and a body of the right length.
std::string http(const std::string& body, const std::string& status = "200 OK");
// Hears a request, says these bytes, closes.
Script saying(const std::string& bytes);

class ScriptedServer {
public:
    ScriptedServer();
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    std::uint16_t port() const { return port_; }
    // For the connections to come, one each. One without a script is closed at once.
    void next(Script script) { scripts_.push_back(std::move(script)); }
    void do_work();
    void release() { released_ = true; }  // all that wait, and that will

    std::size_t connections() const { return connections_; }
    std::uint64_t said_bytes() const { return said_bytes_; }
    const std::vector<std::string>& requests() const { return requests_; }  // their bodies

private:
    struct Peer {
        int descriptor;
        Script script;
        std::size_t at = 0;
        std::size_t done_bytes = 0;
        std::string heard{};
    };
    bool step(Peer& peer);  // false: this act is not over
    bool hear(Peer& peer);
    bool say(Peer& peer, std::size_t bytes_max);

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::deque<Script> scripts_;
    std::list<Peer> peers_;
    bool released_ = false;
    std::size_t connections_ = 0;
    std::uint64_t said_bytes_ = 0;
    std::vector<std::string> requests_;
};

}  // namespace pawl::replication::test
