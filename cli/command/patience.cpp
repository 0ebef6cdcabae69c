// A signal as a descriptor, and a look at the reader of a pipe.
#include "cli/command/patience.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "pawl/detail/assert.hpp"

namespace pawl::cli {

namespace {
constexpr int wait_ms = 50;
}  // namespace

Patience::Patience() {
    sigset_t ends{};
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &before_);
    signals_ = ::signalfd(-1, &ends, SFD_CLOEXEC);
    PAWL_ASSERT(signals_ >= 0);
}

Patience::~Patience() {
    ::close(signals_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool Patience::wait() const {
    // Standard output is asked for nothing: a pipe without a reader says so unasked.
    pollfd both[] = {{.fd = signals_, .events = POLLIN, .revents = 0},
                     {.fd = STDOUT_FILENO, .events = 0, .revents = 0}};
    (void)::poll(both, 2, wait_ms);
    if ((both[0].revents & POLLIN) != 0) {
        // Taken, or it would end the process as soon as it may.
        signalfd_siginfo taken{};
        static_cast<void>(::read(signals_, &taken, sizeof taken) == sizeof taken);
        return false;
    }
    return (both[1].revents & (POLLERR | POLLHUP)) == 0;
}

}  // namespace pawl::cli
