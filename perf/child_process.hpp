// A child that does one thing from a word on until it is killed. Knows the operating system.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pawl::perf {

// Made while this process has one thread. Killed with this object, or with this process.
class ChildProcess {
public:
    template <class Do>
    explicit ChildProcess(const Do& work) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return;
        child_ = ::fork();
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::close(ends[1]);
            char word = 0;
            if (::read(ends[0], &word, 1) == 1) work();
            ::_exit(0);
        }
        ::close(ends[0]);
        word_ = ends[1];
    }
    ~ChildProcess() { end(); }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    bool good() const noexcept { return child_ > 0; }
    void go() const noexcept {
        const char word = 'g';
        static_cast<void>(!::write(word_, &word, 1));
    }
    void end() noexcept {
        if (word_ >= 0) ::close(word_);
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            static_cast<void>(::waitpid(child_, nullptr, 0));
        }
        word_ = -1;
        child_ = -1;
    }

private:
    pid_t child_ = -1;
    int word_ = -1;
};

}  // namespace pawl::perf
