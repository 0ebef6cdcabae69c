// A descriptor that becomes readable when somebody signals it. Knows the operating system.
#pragma once

#include <poll.h>

#include <cstdint>
#include <span>

namespace pawl::detail {

// Any thread. Who wants to wait polls the descriptor.
class Event {
public:
    Event() noexcept;
    ~Event();
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    // Of no use when the system had no descriptor left.
    bool ok() const noexcept { return fd_ >= 0; }
    int fd() const noexcept { return fd_; }
    void signal() noexcept;  // readable from now on
    void clear() noexcept;   // not readable any more

    // Until a descriptor is readable: true; or so long.
    static bool sleep_on(int fd, std::int64_t max_ns) noexcept;
    // Until one of several (at least one) is ready, or so long. True: the first of them is.
    static bool sleep_on(std::span<pollfd> watched, std::int64_t max_ns) noexcept;

private:
    int fd_;
};

}  // namespace pawl::detail
