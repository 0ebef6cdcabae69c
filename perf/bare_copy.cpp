// Pieces of 4 MiB, as large as a block of a catch-up.
#include "perf/bare_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

namespace pawl::perf {
namespace {

constexpr std::size_t piece_bytes = std::size_t{4} << 20;

// What the other process is told first.
struct Target {
    std::uint64_t file_bytes = 0;
    std::array<char, 4096> path{};
};

// The other process: until the connection ends.
void store(int socket) {
    Target target;
    if (!receive_all(socket, std::as_writable_bytes(std::span(&target, 1)))) return;
    const int file = ::open(target.path.data(), O_WRONLY | O_DIRECT | O_DSYNC | O_CLOEXEC);
    if (file < 0) return;
    DirectBuffer piece(piece_bytes);
    for (std::uint64_t offset = 0; receive_all(socket, piece.writable());
         offset = (offset + piece_bytes) % target.file_bytes)
        if (::pwrite(file, piece.bytes().data(), piece_bytes, static_cast<off_t>(offset)) !=
            static_cast<ssize_t>(piece_bytes))
            return;
}

}  // namespace

BareCopy::BareCopy() : TcpPeer(&store) {}

bool BareCopy::prepare(const std::string& directory, std::uint64_t file_bytes) {
    const std::string base = directory + "/bare_copy." + std::to_string(::getpid());
    from_ = std::make_unique<ScratchFile>(base + ".from", file_bytes, DurableWay::direct);
    to_ = std::make_unique<ScratchFile>(base + ".to", file_bytes, DurableWay::direct);
    Target target{file_bytes, {}};
    const std::string path = base + ".to";
    if (!from_->good() || !to_->good() || path.size() >= target.path.size()) return false;
    std::copy(path.begin(), path.end(), target.path.begin());
    return send_all(socket_, std::as_bytes(std::span(&target, 1)));
}

double BareCopy::measure(double seconds) {
    using Clock = std::chrono::steady_clock;
    DirectBuffer piece(piece_bytes);
    std::uint64_t sent = 0;
    std::chrono::duration<double> took{};
    const auto begin = Clock::now();
    do {
        if (!from_->read(sent % from_->size_bytes(), piece.writable()) ||
            !send_all(socket_, piece.bytes()))
            return 0;
        sent += piece_bytes;
        took = Clock::now() - begin;
    } while (took.count() < seconds);
    return static_cast<double>(sent) / took.count();
}

}  // namespace pawl::perf
