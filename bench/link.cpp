// What a frame costs over loopback TCP, beside a bare socket that carries the same bytes in the
// same run. Both ping-pongs have the other end on a second thread and spin on neither side: with
// one core they measure the scheduler. Not included: what a message makes a node do, and the disk.
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/replication/frame_reader.hpp"
#include "engine/replication/frame_writer.hpp"
#include "engine/replication/handshake_proof.hpp"
#include "engine/replication/protocol_messages.hpp"
#include "engine/replication/tcp_network.hpp"

namespace {

using namespace pawl::replication;

constexpr std::int64_t patience_ns = 1'000'000'000;

LinkOptions options() {
    LinkOptions options;
    options.boot = 1;
    return options;
}

std::unique_ptr<TcpNetwork> network() {
    return std::move(TcpNetwork::create(options(), strong_random).value());
}

// A frame of `bytes` in all, header included: records of a stream, or what the smallest has room
// for.
struct Load {
    explicit Load(std::int64_t bytes) {
        encode(Records{{0, 0, 0, 0}, {}}, message);
        const std::size_t room = static_cast<std::size_t>(bytes) - sizeof(FrameHeader);
        message.body.resize(std::min(message.body.size(), room));
        records.assign(room - message.body.size(), std::byte{1});
    }
    Message message;
    std::vector<std::byte> records;
};

// Two connected sockets over loopback, as bare as they come.
struct BareSockets {
    BareSockets() {
        const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        ::bind(listener, any, size);
        ::listen(listener, 1);
        ::getsockname(listener, any, &size);
        here = ::socket(AF_INET, SOCK_STREAM, 0);
        ::connect(here, any, size);
        there = ::accept(listener, nullptr, nullptr);
        ::close(listener);
        const int on = 1;
        for (const int socket : {here, there})
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~BareSockets() {
        ::close(here);
        ::close(there);
    }
    static bool send_all(int socket, const std::vector<std::byte>& bytes) {
        for (std::size_t at = 0; at < bytes.size();) {
            const auto sent = ::send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (sent <= 0) return false;
            at += static_cast<std::size_t>(sent);
        }
        return true;
    }
    static bool receive_all(int socket, std::vector<std::byte>& bytes) {
        return ::recv(socket, bytes.data(), bytes.size(), MSG_WAITALL) ==
               static_cast<ssize_t>(bytes.size());
    }
    int here = -1, there = -1;
};

void bare_ping_pong(benchmark::State& state) {
    BareSockets sockets;
    std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)));
    std::thread echo([&sockets, size = bytes.size()] {
        std::vector<std::byte> received(size);
        while (BareSockets::receive_all(sockets.there, received) &&
               BareSockets::send_all(sockets.there, received)) {
        }
    });
    for (auto _ : state) {
        if (!BareSockets::send_all(sockets.here, bytes) ||
            !BareSockets::receive_all(sockets.here, bytes)) {
            state.SkipWithError("the sockets broke");
            break;
        }
    }
    ::shutdown(sockets.here, SHUT_RDWR);
    echo.join();
    state.SetBytesProcessed(state.iterations() * 2 * state.range(0));
}

// Sleeps until there is one, or the link ended.
std::optional<Received> next_frame(TcpNetwork& network, Link& link) {
    for (;;) {
        link.do_work(0);
        auto received = link.receive();
        if (received || link.state() == LinkState::closed) return received;
        network.wait(patience_ns);
    }
}

void link_ping_pong(benchmark::State& state) {
    auto here = network();
    auto listener = std::move(here->listen(":0").value());
    const Load load(state.range(0));
    std::thread echo([address = listener->address(), bytes = state.range(0)] {
        auto there = network();
        auto link = there->connect(address);
        link->admit();
        const Load answer(bytes);
        while (next_frame(*there, *link)) {
            link->send(answer.message, answer.records);
            link->do_work(0);
        }
    });
    std::unique_ptr<Link> link;
    while (link == nullptr) {
        here->wait(patience_ns);
        link = listener->accept();
    }
    link->admit();
    link->do_work(0);
    for (auto _ : state) {
        link->send(load.message, load.records);
        if (!next_frame(*here, *link)) {
            state.SkipWithError("the link ended");
            break;
        }
    }
    link->close("done");
    echo.join();
    state.SetBytesProcessed(state.iterations() * 2 * state.range(0));
}

// One way, both ends on this thread: as many frames as go, then all of them read.
void link_stream(benchmark::State& state) {
    auto both = network();
    auto listener = std::move(both->listen(":0").value());
    auto sender = both->connect(listener->address());
    std::unique_ptr<Link> receiver;
    while (receiver == nullptr || sender->state() != LinkState::open) {
        both->wait(1'000'000);
        sender->do_work(0);
        if (receiver == nullptr) receiver = listener->accept();
    }
    receiver->admit();
    const Load load(state.range(0));
    const std::int64_t batch =
        std::max<std::int64_t>(1, (std::int64_t{128} << 10) / state.range(0));
    for (auto _ : state) {
        for (std::int64_t i = 0; i < batch; ++i) sender->send(load.message, load.records);
        for (std::int64_t got = 0; got < batch;) {
            sender->do_work(0);
            receiver->do_work(0);
            while (receiver->receive()) ++got;
        }
    }
    state.SetItemsProcessed(state.iterations() * batch);
    state.SetBytesProcessed(state.iterations() * batch * state.range(0));
}

// The frame alone: header, checksums, checks; no socket.
void frame_alone(benchmark::State& state) {
    FrameWriter writer(options(), 1);
    FrameReader reader(payload_bytes_default);
    reader.admit();
    const Load load(state.range(0));
    for (auto _ : state) {
        const FramePieces frame(writer.next_header(load.message, load.records), load.message.body,
                                load.records);
        for (auto piece : frame.pieces()) {
            while (!piece.empty()) {
                const auto space = reader.space();
                const std::size_t some = std::min(space.size(), piece.size());
                std::memcpy(space.data(), piece.data(), some);
                reader.filled(some);
                piece = piece.subspan(some);
            }
        }
        while (const auto received = reader.next()) benchmark::DoNotOptimize(received->payload);
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(frame_alone)->Arg(64)->Arg(64 << 10);
BENCHMARK(link_stream)->Arg(64)->Arg(64 << 10);
BENCHMARK(bare_ping_pong)->Arg(64)->Arg(64 << 10)->UseRealTime();
BENCHMARK(link_ping_pong)->Arg(64)->Arg(64 << 10)->UseRealTime();

}  // namespace
