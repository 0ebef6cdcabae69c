// Two processes, one connection, no delay.
#include "perf/tcp_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "engine/ring/idle.hpp"

namespace pawl::perf {
namespace {

void send_at_once(int socket) {
    const int yes = 1;
    static_cast<void>(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes));
}

void echo(int socket) {
    std::vector<std::byte> bytes(4096);
    for (;;) {
        const ssize_t came = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (came <= 0 || !send_all(socket, std::span(bytes).first(static_cast<std::size_t>(came))))
            return;
    }
}

constexpr std::size_t piece_bytes = std::size_t{256} << 10;

void swallow(int socket) {
    std::vector<std::byte> bytes(piece_bytes);
    while (::recv(socket, bytes.data(), bytes.size(), 0) > 0) {
    }
}

}  // namespace

bool send_all(int socket, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

bool receive_all(int socket, std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t came = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (came <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(came));
    }
    return true;
}

TcpPeer::TcpPeer(void (*serve)(int socket)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 1) != 0 ||
        ::getsockname(listener_, generic, &size) != 0)
        return;
    child_ = std::make_unique<ChildProcess>([listener = listener_, serve] {
        const int socket = ::accept(listener, nullptr, nullptr);
        if (socket < 0) return;
        send_at_once(socket);
        serve(socket);
    });
    child_->go();
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ >= 0 && ::connect(socket_, generic, size) != 0) {
        ::close(socket_);
        socket_ = -1;
    }
    if (socket_ >= 0) send_at_once(socket_);
}

TcpPeer::~TcpPeer() {
    if (socket_ >= 0) ::close(socket_);
    if (listener_ >= 0) ::close(listener_);
}

TcpEcho::TcpEcho() : TcpPeer(&echo) {}

TcpSink::TcpSink() : TcpPeer(&swallow) {}

double TcpSink::measure(double seconds) {
    using Clock = std::chrono::steady_clock;
    const std::vector<std::byte> piece(piece_bytes, std::byte{'x'});
    const auto begin = Clock::now();
    double sent = 0;
    std::chrono::duration<double> took{};
    do {
        if (!send_all(socket_, piece)) return 0;
        sent += static_cast<double>(piece.size());
        took = Clock::now() - begin;
    } while (took.count() < seconds);
    return sent / took.count();
}

bool TcpEcho::measure(std::size_t bytes, double rate, double seconds, cli::Histogram& histogram) {
    using Clock = std::chrono::steady_clock;
    std::vector<std::byte> message(bytes, std::byte{'x'});
    const auto begin = Clock::now();
    const auto since_begin_ns = [&] {
        return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    };
    const auto count = static_cast<std::uint64_t>(rate * seconds);
    for (std::uint64_t i = 0; i < count; ++i) {
        const double meant_ns = static_cast<double>(i) * 1e9 / rate;
        while (since_begin_ns() < meant_ns) detail::cpu_relax();
        if (!send_all(socket_, message) || !receive_all(socket_, message)) return false;
        histogram.record(static_cast<std::int64_t>(since_begin_ns() - meant_ns));
    }
    return true;
}

}  // namespace pawl::perf
