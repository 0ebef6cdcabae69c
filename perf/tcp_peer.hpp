// Bare TCP connections over loopback to another process: one that sends everything back, one that
// takes everything. Knows sockets; nothing of pawl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "cli/report/histogram.hpp"
#include "perf/child_process.hpp"

namespace pawl::perf {

// All of it. False: the connection broke.
bool send_all(int socket, std::span<const std::byte> bytes);
bool receive_all(int socket, std::span<std::byte> bytes);

// Made while this process has one thread. Both sides wait in the kernel.
class TcpPeer {
public:
    bool good() const noexcept { return socket_ >= 0; }

protected:
    // What the other process does with its end of the connection.
    explicit TcpPeer(void (*serve)(int socket));
    ~TcpPeer();
    TcpPeer(const TcpPeer&) = delete;
    TcpPeer& operator=(const TcpPeer&) = delete;

    int socket_ = -1;

private:
    int listener_ = -1;
    std::unique_ptr<ChildProcess> child_;
};

class TcpEcho : private TcpPeer {
public:
    TcpEcho();
    using TcpPeer::good;
    // Sends so many bytes at a rate for a while and waits for them each time: from the intended
    // send time to their return. False: the connection broke.
    bool measure(std::size_t bytes, double rate, double seconds, cli::Histogram& histogram);
};

class TcpSink : private TcpPeer {
public:
    TcpSink();
    using TcpPeer::good;
    // Bytes per second, sent in large pieces for about so long. 0: the connection broke.
    double measure(double seconds);
};

}  // namespace pawl::perf
