// The arbiter that is an etcd cluster, over its v3 gateway. Knows endpoints and their turns,
// time-outs, and what an answer is worth; not HTTP, not JSON.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/replication/arbiter.hpp"
#include "engine/replication/arbiter_address.hpp"
#include "engine/replication/arbiter_options.hpp"
#include "engine/replication/etcd_call.hpp"
#include "engine/replication/etcd_messages.hpp"

namespace pawl::replication {

// Plain HTTP without a password: for a network that only the nodes and etcd are on.
//
// Each attempt has a connection of its own, closed with its answer or its time-out. A read whose
// attempt fails goes to the next endpoint. A swap does so only while nothing of it was sent; then
// its answer is `unknown`. What answered last is asked first the next time.
class EtcdArbiter final : public Arbiter {
public:
    // Looks the hosts up, once: this may wait for the system's name service. At least one must be
    // known.
    static Result<std::unique_ptr<EtcdArbiter>> open(const EtcdAddress& address,
                                                     const ArbiterOptions& options);

    void read() override;
    void compare_and_swap(std::uint64_t expected_revision, const Reign& wanted) override;
    bool busy() const noexcept override { return request_.has_value(); }
    std::optional<ArbiterAnswer> do_work(std::int64_t now_ns) override;
    const std::string& address() const noexcept override { return address_; }

private:
    struct Request {
        std::optional<Reign> wanted;  // none: a read
        std::uint64_t expected_revision = 0;
        std::optional<std::int64_t> deadline_ns;
        std::size_t attempts = 0;
        std::string why;  // of the attempts that failed
    };

    EtcdArbiter(const EtcdAddress& address, std::vector<EtcdEndpoint> endpoints,
                const ArbiterOptions& options);
    void begin_attempt(std::int64_t now_ns);
    std::optional<ArbiterAnswer> attempt_answered();
    std::optional<ArbiterAnswer> attempt_failed(const std::string& why);
    std::optional<ArbiterAnswer> judge(const EtcdAnswer& answer);
    ArbiterAnswer refused(const std::string& why) const;

    const std::string address_;
    const std::string key_;
    const std::vector<EtcdEndpoint> endpoints_;
    const ArbiterOptions options_;
    std::size_t turn_ = 0;  // index of the endpoint that is asked now or next
    std::optional<Request> request_;
    std::unique_ptr<EtcdCall> call_;
    std::int64_t attempt_deadline_ns_ = 0;
    // Of what was heard so far: a store never goes back, and never becomes another.
    std::uint64_t cluster_ = 0;
    std::uint64_t revision_ = 0;
};

}  // namespace pawl::replication
