// Starts, stops and waits for the process.
#include "etcd_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "engine/replication/etcd_arbiter.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication::test {
namespace {

constexpr std::int64_t start_ns_max = 60'000'000'000;  // a busy machine, a sanitizer

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

std::uint16_t free_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    const bool ok = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), bytes) == 0 &&
                    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &bytes) == 0;
    PAWL_ASSERT(ok);
    ::close(descriptor);
    return ntohs(address.sin_port);
}

[[noreturn]] void become(const std::vector<std::string>& words, const std::string& log) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing is left when the test is killed
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, 1);
    ::dup2(out, 2);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

}  // namespace

std::string EtcdServer::program() {
    for (const char* path : {"/usr/bin/etcd", "/usr/local/bin/etcd"})
        if (::access(path, X_OK) == 0) return path;
    return {};
}

EtcdServer::EtcdServer() : port_(free_port()), peer_port_(free_port()) {
    std::string name = (std::filesystem::temp_directory_path() / "pawl_etcd_XXXXXX").string();
    PAWL_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
}

EtcdServer::~EtcdServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string EtcdServer::address(const std::string& key) const {
    return "etcd://127.0.0.1:" + std::to_string(port_) + "/" + key;
}

bool EtcdServer::start() {
    PAWL_ASSERT(process_ == 0);
    const std::string client = "http://127.0.0.1:" + std::to_string(port_);
    const std::string peer = "http://127.0.0.1:" + std::to_string(peer_port_);
    const std::vector<std::string> words{program(),
                                         "--data-dir",
                                         folder_ + "/data",
                                         "--listen-client-urls",
                                         client,
                                         "--advertise-client-urls",
                                         client,
                                         "--listen-peer-urls",
                                         peer,
                                         "--initial-advertise-peer-urls",
                                         peer,
                                         "--initial-cluster",
                                         "default=" + peer,
                                         "--log-level",
                                         "error",
                                         "--heartbeat-interval",
                                         "10",
                                         "--election-timeout",
                                         "100"};
    process_ = ::fork();
    PAWL_ASSERT(process_ >= 0);
    if (process_ == 0) become(words, folder_ + "/log");
    for (const std::int64_t end = now_ns() + start_ns_max; now_ns() < end;)
        if (answers()) return true;
    return false;
}

bool EtcdServer::answers() const {
    const auto arbiter = EtcdArbiter::open({{{"127.0.0.1", port_}}, "is_it_there"}, {}).value();
    arbiter->read();
    for (;;) {
        if (const auto answer = arbiter->do_work(now_ns()))
            return answer->kind != ArbiterAnswer::Kind::unknown;
        std::this_thread::yield();
    }
}

void EtcdServer::kill() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
}

void EtcdServer::pause(bool on) {
    int status = 0;
    ::kill(process_, on ? SIGSTOP : SIGCONT);
    ::waitpid(process_, &status, on ? WUNTRACED : WCONTINUED);
}

void EtcdServer::wipe() {
    PAWL_ASSERT(process_ == 0);
    std::filesystem::remove_all(folder_ + "/data");
}

}  // namespace pawl::replication::test
