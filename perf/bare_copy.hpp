// Bytes of one file over loopback into another one, by two processes that do nothing else with
// them: the least that a catch-up on one machine costs. Knows sockets and files; nothing of pawl.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "perf/disk_limits.hpp"
#include "perf/tcp_peer.hpp"

namespace pawl::perf {

class BareCopy : private TcpPeer {
public:
    // Made while this process has one thread.
    BareCopy();
    using TcpPeer::good;
    // Two files of so many bytes, a multiple of 4 MiB, below this folder; gone with this object.
    // False: they could not be made.
    bool prepare(const std::string& directory, std::uint64_t file_bytes);
    // Reads, sends, receives and writes, all past the page cache, each piece durable before the
    // next is received, for about so long, round and round in the two files. Bytes per second; 0:
    // something was refused. Any thread, once.
    double measure(double seconds);

private:
    std::unique_ptr<ScratchFile> from_;
    std::unique_ptr<ScratchFile> to_;
};

}  // namespace pawl::perf
