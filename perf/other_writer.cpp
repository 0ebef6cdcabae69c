// A child behind two pipes. After the fork it calls nothing but the system.
#include "perf/other_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace pawl::perf {
namespace {

constexpr std::size_t write_bytes = std::size_t{1} << 20;

void close_both(const int (&ends)[2]) noexcept {
    for (const int end : ends)
        if (end >= 0) ::close(end);
}

}  // namespace

OtherWriter::OtherWriter(std::string path, std::uint64_t file_bytes)
    : file_(std::move(path), file_bytes, DurableWay::through_cache), buffer_(write_bytes) {
    if (!file_.good()) return;
    if (::pipe2(words_, O_CLOEXEC) != 0 || ::pipe2(answers_, O_CLOEXEC) != 0) return;
    child_ = ::fork();
    if (child_ == 0) obey();
}

OtherWriter::~OtherWriter() {
    close_both(words_);  // the child reads its end
    close_both(answers_);
    if (child_ > 0) static_cast<void>(::waitpid(child_, nullptr, 0));
}

void OtherWriter::go() {
    const char word = 'g';
    static_cast<void>(!::write(words_[1], &word, 1));
}

std::uint64_t OtherWriter::rest() {
    const char word = 'r';
    std::uint64_t bytes = 0;
    if (::write(words_[1], &word, 1) != 1) return 0;
    return ::read(answers_[0], &bytes, sizeof bytes) == sizeof bytes ? bytes : 0;
}

void OtherWriter::obey() const noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(words_[1]);
    ::close(answers_[0]);
    std::uint64_t offset = 0;
    char word = 0;
    while (::read(words_[0], &word, 1) == 1) {
        const std::uint64_t bytes = write_until_told(offset);
        if (::read(words_[0], &word, 1) != 1) break;
        if (::write(answers_[1], &bytes, sizeof bytes) != sizeof bytes) break;
    }
    ::_exit(0);
}

// A word, or the end of its pipe, ends it; so does a disk that refuses.
std::uint64_t OtherWriter::write_until_told(std::uint64_t& offset) const noexcept {
    std::uint64_t bytes = 0;
    pollfd told{words_[0], POLLIN, 0};
    while (::poll(&told, 1, 0) == 0) {
        if (!file_.write(offset, buffer_.bytes())) return 0;
        offset = (offset + write_bytes) % file_.size_bytes();
        bytes += write_bytes;
    }
    return bytes;
}

}  // namespace pawl::perf
