// The engine's own door for clients over the network.
#include "engine/runtime/engine_core.hpp"

namespace pawl::detail {

namespace {

GatewayOptions gateway_options(const EngineOptions& options, const Domain& domain) {
    GatewayOptions gateway;
    gateway.name = "engine";
    gateway.secret = options.secret;
    gateway.session_window = options.session_window;
    gateway.reads_history = options.threading == Threading::own && !options.transient;
    if (gateway.reads_history) gateway.fetch = records_of_directory(options.directory);
    return gateway_for(domain, std::move(gateway));
}

}  // namespace

Result<std::unique_ptr<OpenGateway>> open_gateway(const EngineOptions& options,
                                                  const Domain& domain) {
    if (options.listen.empty()) return std::unique_ptr<OpenGateway>();
    return OpenGateway::open(options.listen, gateway_options(options, domain));
}

std::unique_ptr<OpenGateway> open_gateway(const EngineOptions& options, const Domain& domain,
                                          std::unique_ptr<replication::Listener> listener,
                                          std::uint64_t boot, replication::RandomSource random) {
    GatewayOptions gateway = gateway_options(options, domain);
    gateway.boot = boot;
    gateway.random = std::move(random);
    return OpenGateway::on(std::move(listener), std::move(gateway));
}

// Before anything is opened: an address that somebody else has costs no recovery.
Status EngineCore::listen() {
    auto opened = open_gateway(options_, *domain_);
    if (!opened) return opened.error();
    take_gateway(std::move(*opened));
    return Done{};
}

void EngineCore::take_gateway(std::unique_ptr<OpenGateway> gateway) {
    gateway_ = std::move(gateway);
    if (gateway_ != nullptr) listen_address_ = gateway_->gateway().address();
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
    if (node_ != nullptr && node_->is_over() && !clients_sent_away_) {
        clients_sent_away_ = true;
        NodeStatus status = node_->status();
        gateway_->gateway().set_not_primary(status.primary_clients);
        gateway_->gateway().set_status(std::move(status));
    }
    const std::size_t work = gateway_->gateway().do_work(environment_.clock.monotonic_ns());
    if (work != 0) client_counters_->show(*gateway_);
    return work;
}

}  // namespace pawl::detail
