// Events on Linux.
#include "engine/platform/event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

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

}  // namespace pawl::detail
