// Events on Linux.
#include "engine/platform/event.hpp"

#include <poll.h>
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
    const timespec patience{max_ns / 1'000'000'000, max_ns % 1'000'000'000};
    return ppoll(&watched, 1, &patience, nullptr) > 0;  // early or late: who slept looks again
}

}  // namespace pawl::detail
