// A bare TCP connection over loopback to a process that sends everything back. Knows sockets;
// nothing of pawl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cli/report/histogram.hpp"
#include "perf/child_process.hpp"

namespace pawl::perf {

// Made while this process has one thread. Both sides wait in the kernel.
class TcpEcho {
public:
    TcpEcho();
    ~TcpEcho();
    TcpEcho(const TcpEcho&) = delete;
    TcpEcho& operator=(const TcpEcho&) = delete;

    bool good() const noexcept { return socket_ >= 0; }
    // Sends so many bytes at a rate for a while and waits for them each time: from the intended
    // send time to their return. False: the connection broke.
    bool measure(std::size_t bytes, double rate, double seconds, cli::Histogram& histogram);

private:
    int listener_ = -1;
    int socket_ = -1;
    std::unique_ptr<ChildProcess> child_;
};

}  // namespace pawl::perf
