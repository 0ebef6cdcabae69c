// Events on Linux.
#include "engine/platform/event.hpp"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

namespace pawl::detail {

Event::Event() noexcept : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Event::~Event() {
    if (fd_ >= 0) close(fd_);
}

void Event::signal() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);  // full: it is readable
}

void Event::clear() noexcept {
    std::uint64_t signals = 0;
    [[maybe_unused]] const ssize_t drained = read(fd_, &signals, sizeof signals);
}

bool Event::sleep_on(int fd, std::int64_t max_ns) noexcept {
    pollfd watched{fd, POLLIN, 0};
    return sleep_on({&watched, 1}, max_ns);
}

bool Event::sleep_on(std::span<pollfd> watched, std::int64_t max_ns) noexcept {
    if (max_ns < 0) max_ns = 0;
    const timespec patience{max_ns / 1'000'000'000, max_ns % 1'000'000'000};
    // early or late: who slept looks again
    return ppoll(watched.data(), watched.size(), &patience, nullptr) > 0 &&
           watched.front().revents != 0;
}

}  // namespace pawl::detail
