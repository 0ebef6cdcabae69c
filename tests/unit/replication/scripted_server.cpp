// Non-blocking sockets; one act after the other.
#include "scripted_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "pawl/detail/assert.hpp"

namespace pawl::replication::test {
namespace {

constexpr std::size_t piece_bytes = 65'536;

}  // namespace

std::string http(const std::string& body, const std::string& status) {
    return "HTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

Script saying(const std::string& bytes) {
    return {{Act::What::hear}, {Act::What::say, bytes}, {Act::What::close}};
}

ScriptedServer::ScriptedServer() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const bool ok = ::bind(listener_, generic, bytes) == 0 && ::listen(listener_, 64) == 0 &&
                    ::getsockname(listener_, generic, &bytes) == 0;
    PAWL_ASSERT(ok);
    port_ = ntohs(address.sin_port);
}

ScriptedServer::~ScriptedServer() {
    for (const Peer& peer : peers_) ::close(peer.descriptor);
    ::close(listener_);
}

void ScriptedServer::do_work() {
    for (;;) {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0) break;
        ++connections_;
        Peer peer{descriptor, {}};
        if (!scripts_.empty()) peer.script = std::move(scripts_.front());
        if (!scripts_.empty()) scripts_.pop_front();
        peers_.push_back(std::move(peer));
    }
    for (auto peer = peers_.begin(); peer != peers_.end();) {
        while (peer->at < peer->script.size() && step(*peer)) {
            ++peer->at;
            peer->done_bytes = 0;
        }
        if (peer->at < peer->script.size()) {
            ++peer;
            continue;
        }
        ::close(peer->descriptor);
        peer = peers_.erase(peer);
    }
}

bool ScriptedServer::step(Peer& peer) {
    Act& act = peer.script[peer.at];
    switch (act.what) {
        case Act::What::hear:
            return hear(peer);
        case Act::What::say:
            return say(peer, piece_bytes);
        case Act::What::trickle:
            return say(peer, 1);
        case Act::What::flood:
            if (say(peer, piece_bytes)) {
                const bool gone = peer.done_bytes > act.bytes.size();
                peer.done_bytes = 0;
                return gone;
            }
            return false;
        case Act::What::wait:
            return released_;
        case Act::What::close:
            peer.script.resize(peer.at + 1);
            return true;
        case Act::What::reset: {
            const linger hard{1, 0};
            ::setsockopt(peer.descriptor, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            peer.script.resize(peer.at + 1);
            return true;
        }
    }
    return true;
}

bool ScriptedServer::hear(Peer& peer) {
    char piece[4096];
    for (;;) {
        const auto got = ::recv(peer.descriptor, piece, sizeof piece, 0);
        if (got <= 0) break;
        peer.heard.append(piece, static_cast<std::size_t>(got));
    }
    const auto blank = peer.heard.find("\r\n\r\n");
    const auto length = peer.heard.find("Content-Length: ");
    if (blank == std::string::npos || length == std::string::npos) return false;
    const auto body_bytes = std::strtoull(peer.heard.c_str() + length + 16, nullptr, 10);
    if (peer.heard.size() < blank + 4 + body_bytes) return false;
    requests_.push_back(peer.heard.substr(blank + 4, body_bytes));
    peer.heard.clear();
    return true;
}

// True when all is said, or nobody is there to hear it; then done_bytes is more than there are.
bool ScriptedServer::say(Peer& peer, std::size_t bytes_max) {
    const std::string& bytes = peer.script[peer.at].bytes;
    const std::size_t now = std::min(bytes_max, bytes.size() - peer.done_bytes);
    const auto sent = ::send(peer.descriptor, bytes.data() + peer.done_bytes, now, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        peer.done_bytes = bytes.size() + 1;
        return true;
    }
    if (sent > 0) {
        said_bytes_ += static_cast<std::uint64_t>(sent);
        peer.done_bytes += static_cast<std::size_t>(sent);
    }
    return peer.done_bytes >= bytes.size();
}

}  // namespace pawl::replication::test
