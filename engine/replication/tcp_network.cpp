// The context that links and listeners share, addresses, and sleeping.
#include "engine/replication/tcp_network.hpp"

#include <charconv>

#include "engine/platform/event.hpp"
#include "engine/replication/host_name.hpp"
#include "engine/replication/link_framed.hpp"
#include "engine/replication/tcp_core.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {

TcpNetwork::Core::Core(const LinkOptions& link_options, RandomSource random_source)
    : context(1),
      guard(context.get_executor()),
      options(link_options),
      random(std::move(random_source)) {
    PAWL_ASSERT(random != nullptr);
    watched.reserve(1);
}

std::uint64_t TcpNetwork::Core::new_connection() {
    std::uint64_t number = random();
    while (number == 0) number = random();
    return number;
}

TcpSleepers::TcpSleepers(TcpNetwork::Core& core, TcpSleeper& sleeper)
    : core_(core), sleeper_(sleeper) {
    core_.watched.reserve(1 + core_.sleepers.size() + 1);
    core_.sleepers.push_back(&sleeper_);
}

TcpSleepers::~TcpSleepers() {
    std::erase(core_.sleepers, &sleeper_);
}

Result<std::unique_ptr<TcpNetwork>> TcpNetwork::create(const LinkOptions& options,
                                                       RandomSource random) {
    try {
        return std::unique_ptr<TcpNetwork>(
            new TcpNetwork(std::make_unique<Core>(options, std::move(random))));
    } catch (const boost::system::system_error& problem) {
        return Error{ErrorCode::io, std::string("network: cannot begin: ") + problem.what() +
                                        ": raise the limit of open files"};
    }
}

TcpNetwork::TcpNetwork(std::unique_ptr<Core> core) : core_(std::move(core)) {}

TcpNetwork::~TcpNetwork() {
    PAWL_ASSERT(core_->sleepers.empty() && "destroy its links first");
}

std::unique_ptr<Link> TcpNetwork::connect(const std::string& address) {
    const auto place = parse_tcp_address(address);
    const std::uint64_t connection = core_->new_connection();
    if (!place.ok())
        return std::make_unique<FramedLink>(address, core_->options, connection,
                                            LinkEnd::unreachable, place.error().sentence);
    if (place->port == 0)
        return std::make_unique<FramedLink>(address, core_->options, connection,
                                            LinkEnd::unreachable, "port 0 cannot be called");
    return std::make_unique<FramedLink>(calling_tcp_stream(*core_, *place), core_->options,
                                        connection);
}

Result<std::unique_ptr<Listener>> TcpNetwork::listen(const std::string& address) {
    const auto place = parse_tcp_address(address);
    if (!place.ok()) return place.error();
    if (!place->numeric)
        return Error{ErrorCode::usage,
                     "address '" + address +
                         "': its host is a name: listen on an address of this machine, or on "
                         "0.0.0.0:" +
                         std::to_string(place->port) + " for all of them"};
    return tcp_listener(*core_, *place->numeric);
}

bool TcpNetwork::wait(std::int64_t max_ns, int also_fd) {
    std::vector<pollfd>& watched = core_->watched;
    watched.assign(1, pollfd{also_fd, POLLIN, 0});
    for (TcpSleeper* const sleeper : core_->sleepers) watched.push_back(sleeper->watched());
    return detail::Event::sleep_on(watched, max_ns);
}

Result<TcpPlace> parse_tcp_address(const std::string& address) {
    const auto wrong = [&address](const std::string& why) {
        return Error{ErrorCode::usage, "address '" + address + "': " + why};
    };
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) return wrong("has no port: write host:port, as 10.0.0.7:4711");
    std::uint16_t port = 0;
    const char* const end = address.data() + address.size();
    const auto [stop, fault] = std::from_chars(address.data() + colon + 1, end, port);
    if (fault != std::errc{} || stop != end) return wrong("its port is not a number up to 65535");
    std::string host = address.substr(0, colon);
    if (host.empty() || host == "localhost") host = "127.0.0.1";
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string::npos) {
        return wrong("write brackets around IPv6, as [::1]:4711");
    }
    boost::system::error_code not_numeric;
    const auto numeric = boost::asio::ip::make_address(host, not_numeric);
    if (!not_numeric) return TcpPlace{host, port, Tcp::endpoint(numeric, port)};
    if (host.size() > host_bytes_max || !has_host_letters(host))
        return wrong("its host is neither an address, as 10.0.0.7 is, nor a name");
    return TcpPlace{std::move(host), port, std::nullopt};
}

std::string print_tcp_address(const Tcp::endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    const bool v6 = endpoint.address().is_v6();
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

std::string print_tcp_place(const TcpPlace& place) {
    return place.numeric ? print_tcp_address(*place.numeric)
                         : place.host + ":" + std::to_string(place.port);
}

Result<std::string> normal_tcp_address(const std::string& address) {
    const auto place = parse_tcp_address(address);
    if (!place.ok()) return place.error();
    return print_tcp_place(*place);
}

}  // namespace pawl::replication
