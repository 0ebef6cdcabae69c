// Waits for callers on one address, without waiting. Knows Asio; no frame.
#include <boost/asio/error.hpp>
#include <chrono>

#include "engine/replication/link_framed.hpp"
#include "engine/replication/tcp_core.hpp"

namespace pawl::replication {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// The system makes a whole socket before it says that nobody calls: not on every pass.
constexpr std::chrono::microseconds look_again{200};

class TcpListener final : public Listener, public TcpSleeper {
public:
    TcpListener(TcpNetwork::Core& core, Tcp::acceptor acceptor, std::string address)
        : core_(core),
          acceptor_(std::move(acceptor)),
          address_(std::move(address)),
          sleeping_(core, *this) {}

    const std::string& address() const noexcept override { return address_; }

    std::unique_ptr<Link> accept() override {
        const auto now = std::chrono::steady_clock::now();
        if (now < next_look_) return nullptr;
        error_code problem;
        Tcp::endpoint caller;
        Tcp::socket socket(core_.context);
        acceptor_.accept(socket, caller, problem);
        // whatever it is, of this caller or of the system: the next call tries again
        nobody_calls_ = problem.failed();
        if (problem) {
            next_look_ = now + look_again;
            return nullptr;
        }
        return std::make_unique<FramedLink>(
            accepted_tcp_stream(core_, std::move(socket), print_tcp_address(caller)), core_.options,
            core_.new_connection());
    }

    // Who takes no more callers is not woken by those that wait.
    pollfd watched() override {
        return {nobody_calls_ ? acceptor_.native_handle() : -1, POLLIN, 0};
    }

private:
    TcpNetwork::Core& core_;
    Tcp::acceptor acceptor_;
    std::string address_;
    std::chrono::steady_clock::time_point next_look_{};
    bool nobody_calls_ = true;
    TcpSleepers sleeping_;
};

}  // namespace

Result<std::unique_ptr<Listener>> tcp_listener(TcpNetwork::Core& core,
                                               const Tcp::endpoint& endpoint) {
    Tcp::acceptor acceptor(core.context);
    error_code problem;
    const auto cannot = [&](const char* doing) {
        return Error{ErrorCode::io, "address " + print_tcp_address(endpoint) + ": cannot " + doing +
                                        ": " + problem.message() +
                                        ": choose another, or end who has it"};
    };
    acceptor.open(endpoint.protocol(), problem);
    if (problem) return cannot("open a socket");
    acceptor.set_option(Tcp::acceptor::reuse_address(true), problem);
    acceptor.bind(endpoint, problem);
    if (problem) return cannot("have it");
    acceptor.listen(asio::socket_base::max_listen_connections, problem);
    if (problem) return cannot("listen");
    acceptor.non_blocking(true, problem);
    if (problem) return cannot("listen without waiting");
    const Tcp::endpoint local = acceptor.local_endpoint(problem);
    if (problem) return cannot("learn its port");
    return std::unique_ptr<Listener>(
        std::make_unique<TcpListener>(core, std::move(acceptor), print_tcp_address(local)));
}

}  // namespace pawl::replication
