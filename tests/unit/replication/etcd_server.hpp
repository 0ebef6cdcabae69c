// A real etcd of one member in a folder of its own, started and stopped by the test. Knows the
// program and signals; not what is kept there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace pawl::replication::test {

class EtcdServer {
public:
    // Where the program is; empty: not installed, and there is nothing to test with.
    static std::string program();

    EtcdServer();
    ~EtcdServer();
    EtcdServer(const EtcdServer&) = delete;
    EtcdServer& operator=(const EtcdServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::string address(const std::string& key) const;

    // Returns when it answers. False: it does not.
    bool start();
    void kill();          // as kill -9
    void pause(bool on);  // as SIGSTOP and SIGCONT; returns when the system has done it
    void wipe();          // while it does not run: everything it kept is gone

private:
    bool answers() const;

    std::string folder_;
    std::uint16_t port_ = 0;
    std::uint16_t peer_port_ = 0;
    pid_t process_ = 0;
};

}  // namespace pawl::replication::test
