// When to try again: each time a little later, never all at once. Knows a clock's numbers and
// chance; not whom it calls.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/replication/link.hpp"

namespace pawl::replication {

struct RedialOptions {
    std::int64_t first_ns = 10'000'000;    // before the second attempt; doubles from there
    std::int64_t most_ns = 1'000'000'000;  // never longer
};

// One address; one thread. The first attempt is due at once.
class Redial {
public:
    // `connector` outlives it. `random` spreads the attempts of many nodes: half of each pause is
    // chance.
    Redial(Connector& connector, std::string address, const RedialOptions& options,
           RandomSource random);

    // A new attempt when it is due, else null. The caller drops the one before.
    std::unique_ptr<Link> next(std::int64_t now_ns);
    // The attempt led to what it was for: the next pause is the shortest again.
    void worked() noexcept { pause_ns_ = options_.first_ns; }
    void call(std::string address);  // another address from now on, at once
    const std::string& address() const noexcept { return address_; }
    std::int64_t due_ns() const noexcept { return due_ns_; }

private:
    Connector& connector_;
    std::string address_;
    RedialOptions options_;
    RandomSource random_;
    std::int64_t pause_ns_;
    std::int64_t due_ns_ = INT64_MIN;
};

}  // namespace pawl::replication
