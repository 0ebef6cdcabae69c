// The engine's own door for clients over the network.
#include "engine/runtime/engine_core.hpp"

namespace pawl::detail {

// Before anything is opened: an address that somebody else has costs no recovery.
Status EngineCore::listen() {
    if (options_.listen.empty()) return Done{};
    GatewayOptions options;
    options.name = "engine";
    options.secret = options_.secret;
    options.session_window = options_.session_window;
    auto opened = TcpGateway::open(options_.listen, gateway_for(*domain_, std::move(options)));
    if (!opened) return opened.error();
    gateway_ = std::move(*opened);
    listen_address_ = gateway_->gateway().address();
    return Done{};
}

void EngineCore::serve_clients() {
    if (gateway_ == nullptr) return;
    const std::uint64_t epoch = node_ != nullptr        ? node_->epoch()
                                : directory_ != nullptr ? directory_->epoch()
                                                        : 0;
    gateway_->gateway().set_core(shared_from_this(), epoch);
}

std::size_t EngineCore::gateway_work() {
    if (gateway_ == nullptr) return 0;
    return gateway_->gateway().do_work(environment_.clock.monotonic_ns());
}

}  // namespace pawl::detail
