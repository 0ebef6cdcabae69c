// One question to one server over HTTP, on a connection of its own: an answer that comes too late
// has nowhere to arrive. Knows sockets and HTTP; not etcd's words, no time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/replication/arbiter_address.hpp"
#include "pawl/result.hpp"

namespace pawl::replication {

// A host that was looked up.
struct EtcdEndpoint {
    EtcdHost host;
    std::string ip;
};

// Asks the system for the addresses of a name; this may take seconds. Numbers need no asking.
Result<std::vector<EtcdEndpoint>> look_up(const EtcdHost& host);

// One thread. Destroying it closes the connection, whatever is under way.
class EtcdCall {
public:
    struct Question {
        const char* target = nullptr;
        std::string body;
        std::size_t answer_bytes_max = 0;
    };
    enum class Stage : std::uint8_t { under_way, answered, failed };

    EtcdCall(const EtcdEndpoint& endpoint, Question question);
    ~EtcdCall();
    EtcdCall(const EtcdCall&) = delete;
    EtcdCall& operator=(const EtcdCall&) = delete;

    // Never waits.
    Stage do_work();
    // Some of it may have reached the server, or may still.
    bool sent() const noexcept;
    // Once answered.
    unsigned status() const noexcept;
    const std::string& body() const noexcept;
    // Once failed: a clause.
    const std::string& why() const noexcept { return why_; }

private:
    struct Exchange;
    std::unique_ptr<Exchange> exchange_;  // none: it could not even begin
    std::string why_;
};

}  // namespace pawl::replication
