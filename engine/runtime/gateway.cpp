// Who is in, and which session is whose.
#include "engine/runtime/gateway.hpp"

#include <algorithm>
#include <utility>

#include "engine/runtime/client_connection.hpp"
#include "pawl/detail/schema_hash.hpp"

namespace pawl::detail {

namespace {

constexpr std::size_t lives_max = 65'536;

replication::LinkOptions link_options(const GatewayOptions& options, replication::LinkEnds& ends) {
    replication::LinkOptions link;
    link.boot = options.boot;
    link.payload_bytes_max = replication::payload_bytes_min;
    link.unsent_bytes_max = 2 * replication::payload_bytes_min;
    link.ends = &ends;
    return link;
}

}  // namespace

GatewayOptions gateway_for(const Domain& domain, GatewayOptions options) {
    options.schema_hash = schema_hash(domain.schema_text);
    options.router_hash = domain.router;
    options.judge = domain.judge;
    return options;
}

Gateway::Gateway(std::unique_ptr<replication::Listener> listener, GatewayOptions options)
    : options_(std::move(options)), listener_(std::move(listener)) {
    PAWL_ASSERT(options_.judge != nullptr && "a domain without a judge has no clients");
    PAWL_ASSERT(options_.boot != 0 && options_.random != nullptr);
}

Gateway::~Gateway() {
    connections_.clear();
}

void Gateway::set_core(std::shared_ptr<Core> core, std::uint64_t epoch) {
    leave_core();
    core_ = std::move(core);
    epoch_ = epoch;
    primary_address_.clear();
}

void Gateway::set_not_primary(std::string primary_address) {
    primary_address_ = std::move(primary_address);
    leave_core();
}

void Gateway::set_status(NodeStatus status) {
    PAWL_ASSERT(core_ == nullptr);
    primary_address_ = status.primary_clients;
    epoch_ = std::max(epoch_, status.epoch);
    status_ = std::move(status);
}

void Gateway::leave_core() {
    for (const auto& connection : connections_) connection->send_away(primary_address_);
    counters_.ended += connections_.size();
    connections_.clear();
    sessions_.clear();
    core_.reset();
}

std::size_t Gateway::do_work(std::int64_t now_ns) {
    std::size_t work = accept(now_ns);
    if (core_ != nullptr && core_->failed()) {
        leave_core();
        ++work;
    }
    for (const auto& connection : connections_) work += connection->do_work(now_ns);
    counters_.ended += std::erase_if(
        connections_, [](const std::unique_ptr<ClientConnection>& one) { return one->over(); });
    return work + work_on_sessions();
}

std::size_t Gateway::accept(std::int64_t now_ns) {
    std::size_t came = 0;
    // Sessions whose client is gone and whose commands are not decided yet count too: each has
    // lanes.
    while (std::max(connections_.size(), sessions_.size()) < options_.connections_max) {
        auto link = listener_->accept();
        if (link == nullptr) break;
        ++counters_.accepted;
        ++came;
        connections_.push_back(
            std::make_unique<ClientConnection>(*this, std::move(link), ++last_connection_, now_ns));
    }
    return came;
}

bool Gateway::had_by_another(const std::string& name, std::uint64_t life) const {
    const auto known = lives_.find(session_id(name).value);
    const auto session = sessions_.find(name);
    return (known != lives_.end() && known->second != life) ||
           (session != sessions_.end() && session->second->owner() != 0);
}

void Gateway::welcomed(const ClientSession& session, std::uint64_t life) {
    if (lives_.size() >= lives_max) lives_.clear();
    lives_[session.id().value] = life;
    ++counters_.welcomed;
}

std::shared_ptr<ClientSession> Gateway::take_session(const std::string& name, std::uint64_t life,
                                                     bool resumes, std::uint64_t connection) {
    const auto known = lives_.find(session_id(name).value);
    if (resumes && known != lives_.end() && known->second != life) return nullptr;
    std::shared_ptr<ClientSession>& session = sessions_[name];
    if (session == nullptr) session = std::make_shared<ClientSession>(*core_, name);
    session->give_to(connection);
    return session;
}

// What is left of connections that are gone.
std::size_t Gateway::work_on_sessions() {
    std::size_t work = 0;
    for (auto at = sessions_.begin(); at != sessions_.end();) {
        ClientSession& session = *at->second;
        if (session.owner() == 0) work += session.forget_replies();
        if (session.owner() == 0 && session.quiet())
            at = sessions_.erase(at);
        else
            ++at;
    }
    return work;
}

std::function<bool(int)> OpenGateway::sleeper(std::int64_t max_ns) {
    return [this, max_ns](int bell_fd) { return network_->wait(max_ns, bell_fd); };
}

Result<std::unique_ptr<OpenGateway>> OpenGateway::open(const std::string& address,
                                                       GatewayOptions options) {
    if (Status checked = replication::check_secret(options.secret); !checked)
        return checked.error();
    if (options.judge == nullptr)
        return Error{ErrorCode::usage, "listen on " + address +
                                           ": a domain of bytes has no clients over the network"};
    if (!options.random) options.random = replication::strong_random;
    while (options.boot == 0) options.boot = options.random();
    std::unique_ptr<OpenGateway> made(new OpenGateway);
    made->ends_ = std::make_unique<replication::LinkEnds>();
    auto network =
        replication::TcpNetwork::create(link_options(options, *made->ends_), options.random);
    if (!network) return network.error();
    made->network_ = std::move(*network);
    auto listener = made->network_->listen(address);
    if (!listener) return listener.error();
    made->gateway_ = std::make_unique<Gateway>(std::move(*listener), std::move(options));
    return made;
}

std::unique_ptr<OpenGateway> OpenGateway::on(std::unique_ptr<replication::Listener> listener,
                                             GatewayOptions options) {
    std::unique_ptr<OpenGateway> made(new OpenGateway);
    made->ends_ = std::make_unique<replication::LinkEnds>();
    made->gateway_ = std::make_unique<Gateway>(std::move(listener), std::move(options));
    return made;
}

}  // namespace pawl::detail
