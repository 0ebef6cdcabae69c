// Pauses between attempts.
#include "engine/replication/link_redial.hpp"

#include <algorithm>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {

Redial::Redial(Connector& connector, std::string address, const RedialOptions& options,
               RandomSource random)
    : connector_(connector),
      address_(std::move(address)),
      options_(options),
      random_(std::move(random)),
      pause_ns_(options.first_ns) {
    PAWL_ASSERT(options_.first_ns > 0);
    PAWL_ASSERT(options_.most_ns >= options_.first_ns);
    PAWL_ASSERT(random_ != nullptr);
}

std::unique_ptr<Link> Redial::next(std::int64_t now_ns) {
    if (now_ns < due_ns_) return nullptr;
    const std::int64_t half = pause_ns_ / 2;
    const auto spread = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(half + 1));
    due_ns_ = now_ns + (pause_ns_ - half) + spread;
    pause_ns_ = std::min(2 * pause_ns_, options_.most_ns);
    return connector_.connect(address_);
}

void Redial::call(std::string address) {
    address_ = std::move(address);
    pause_ns_ = options_.first_ns;
    due_ns_ = INT64_MIN;
}

}  // namespace pawl::replication
