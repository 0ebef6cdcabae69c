// Processes with their output in anonymous files: no pipe fills up, nobody waits for a reader.
#include "tests/tool/run_tool.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/input/byte_source.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::tool_test {

namespace fs = std::filesystem;

namespace {

std::string all_of(int descriptor) {
    std::string text;
    char piece[1 << 16];
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(descriptor, piece, sizeof piece, at);
        if (got <= 0) return text;
        text.append(piece, static_cast<std::size_t>(got));
        at += got;
    }
}

int must_open(const std::string& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    PAWL_ASSERT(descriptor >= 0);
    return descriptor;
}

}  // namespace

Folder::Folder() : Folder(fs::temp_directory_path()) {}

Folder::Folder(const fs::path& where) {
    std::string name = (where / "pawl-tool-test-XXXXXX").string();
    PAWL_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_, ignored)) remove_heads(entry.path());
    fs::remove_all(folder_, ignored);
}

std::string Folder::write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
}

void remove_heads(const fs::path& directory) {
    std::ifstream manifest(directory / "manifest");
    std::string identity;
    std::string heads;
    for (std::string word, value; manifest >> word >> value;) {
        if (word == "identity") identity = value;
        if (word == "heads") heads = value;
        if (word == "schema_bytes") break;
    }
    if (identity.empty() || heads.empty()) return;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(heads, ignored))
        if (entry.path().filename().string().starts_with("pawl-" + identity))
            fs::remove(entry.path(), ignored);
}

Running::Running(const std::vector<std::string>& arguments, const How& how)
    : own_out_(how.output.empty()) {
    out_ = how.output.empty() ? ::memfd_create("out", MFD_CLOEXEC)
                              : must_open(how.output, O_RDWR | O_CREAT | O_TRUNC);
    err_ = ::memfd_create("err", MFD_CLOEXEC);
    const int in = must_open(how.input.empty() ? "/dev/null" : how.input, O_RDONLY);
    PAWL_ASSERT(out_ >= 0 && err_ >= 0);
    std::vector<char*> words{const_cast<char*>(PAWL_TOOL)};
    for (const std::string& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    child_ = ::fork();
    PAWL_ASSERT(child_ >= 0);
    if (child_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(in, STDIN_FILENO);
        ::dup2(out_, STDOUT_FILENO);
        ::dup2(err_, STDERR_FILENO);
        if (!how.work_folder.empty() && ::chdir(how.work_folder.c_str()) != 0) ::_exit(126);
        if (how.in_child) how.in_child();
        ::execv(PAWL_TOOL, words.data());
        ::_exit(127);
    }
    ::close(in);
}

Running::~Running() {
    kill_now();
    ::close(out_);
    ::close(err_);
}

bool Running::ends_within(std::chrono::milliseconds time) {
    if (ended_) return true;
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, child_, 0));
    PAWL_ASSERT(handle >= 0);
    pollfd end{.fd = handle, .events = POLLIN, .revents = 0};
    const bool ended = ::poll(&end, 1, static_cast<int>(time.count())) == 1;
    ::close(handle);
    return ended;
}

void Running::kill_now() {
    if (ended_) return;
    ::kill(child_, SIGKILL);
    (void)wait();
}

Ran Running::wait() {
    if (!ended_) {
        while (::waitpid(child_, &status_, 0) < 0) PAWL_ASSERT(errno == EINTR);
        ended_ = true;
    }
    Ran ran;
    if (WIFEXITED(status_)) ran.exit_code = WEXITSTATUS(status_);
    if (WIFSIGNALED(status_)) ran.signal = WTERMSIG(status_);
    if (own_out_) ran.out = all_of(out_);
    ran.err = all_of(err_);
    return ran;
}

std::string Running::printed() const {
    PAWL_ASSERT(own_out_);
    return all_of(out_);
}

Ran run(const std::vector<std::string>& arguments, const How& how) {
    return Running(arguments, how).wait();
}

std::string read_file(const std::string& path) {
    auto bytes = cli::open_bytes(path);
    if (!bytes) return bytes.error().sentence;
    std::string text;
    for (;;) {
        const auto piece = (*bytes)->next();
        if (!piece) return piece.error().sentence;
        if (piece->empty()) return text;
        text += *piece;
    }
}

std::string json_field(std::string_view json, std::string_view name) {
    const std::string key = "\"" + std::string(name) + "\":";
    std::size_t at = json.find(key);
    if (at == std::string_view::npos) return "";
    at += key.size();
    while (at < json.size() && json[at] == ' ') ++at;
    const bool quoted = at < json.size() && json[at] == '"';
    if (quoted) ++at;
    const std::size_t end = json.find_first_of(quoted ? "\"" : ",}", at);
    return std::string(json.substr(at, end - at));
}

}  // namespace pawl::tool_test
