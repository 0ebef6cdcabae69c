// Connect, write, read: each step begins the next. Asio runs them inside do_work; destroying its
// context drops what has not run.
#include "engine/replication/etcd_call.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint32_t header_bytes_max = 8192;
constexpr std::size_t addresses_max = 4;  // of one name

}  // namespace

Result<std::vector<EtcdEndpoint>> look_up(const EtcdHost& host) {
    const auto failed = [&](const std::string& what) {
        return Error{ErrorCode::io, "arbiter host " + host.name + ": it cannot be looked up: " +
                                        what + ": check the name, or give its number"};
    };
    try {
        asio::io_context context(1);
        tcp::resolver resolver(context);
        error_code fault;
        const auto found = resolver.resolve(host.name, std::to_string(host.port),
                                            tcp::resolver::numeric_service, fault);
        if (fault) return failed(fault.message());
        std::vector<EtcdEndpoint> endpoints;
        for (const auto& each : found) {
            if (endpoints.size() == addresses_max) break;
            endpoints.push_back({host, each.endpoint().address().to_string()});
        }
        if (endpoints.empty()) return failed("it has no address");
        return endpoints;
    } catch (const std::exception& problem) {
        return failed(problem.what());
    }
}

struct EtcdCall::Exchange {
    asio::io_context context{1};
    tcp::socket socket{context};
    http::request<http::string_body> request;
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    Stage stage = Stage::under_way;
    bool sent = false;
    std::string why;

    explicit Exchange(std::size_t answer_bytes_max) : buffer(answer_bytes_max + header_bytes_max) {
        parser.header_limit(header_bytes_max);
        parser.body_limit(answer_bytes_max);
    }

    void fail(std::string clause) {
        stage = Stage::failed;
        why = std::move(clause);
    }
    void begin(const EtcdEndpoint& endpoint) {
        error_code fault;
        const auto address = asio::ip::make_address(endpoint.ip, fault);
        if (fault) return fail(endpoint.ip + " is no address");
        socket.async_connect({address, endpoint.host.port},
                             [this](error_code code) { connected(code); });
    }
    void connected(error_code fault) {
        if (fault) return fail("no connection (" + fault.message() + ")");
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        sent = true;
        http::async_write(socket, request, [this](error_code code, std::size_t) { written(code); });
    }
    void written(error_code fault) {
        if (fault) return fail("the connection ended while it was asked (" + fault.message() + ")");
        http::async_read(socket, buffer, parser,
                         [this](error_code code, std::size_t) { answered(code); });
    }
    void answered(error_code fault) {
        if (fault) return fail("no whole answer (" + fault.message() + ")");
        stage = Stage::answered;
    }
};

EtcdCall::EtcdCall(const EtcdEndpoint& endpoint, Question question) {
    try {
        exchange_ = std::make_unique<Exchange>(question.answer_bytes_max);
        auto& request = exchange_->request;
        const bool v6 = endpoint.host.name.find(':') != std::string::npos;
        request.version(11);
        request.method(http::verb::post);
        request.target(question.target);
        request.set(http::field::host, (v6 ? "[" + endpoint.host.name + "]" : endpoint.host.name) +
                                           ":" + std::to_string(endpoint.host.port));
        request.set(http::field::content_type, "application/json");
        request.set(http::field::connection, "close");
        request.body() = std::move(question.body);
        request.prepare_payload();
        exchange_->begin(endpoint);
    } catch (const std::exception& problem) {
        // no descriptor left, for one: nothing was sent
        exchange_.reset();
        why_ = problem.what();
    }
}

EtcdCall::~EtcdCall() = default;

EtcdCall::Stage EtcdCall::do_work() {
    if (!exchange_) return Stage::failed;
    if (exchange_->stage != Stage::under_way) return exchange_->stage;
    try {
        exchange_->context.poll();
    } catch (const std::exception& problem) {
        exchange_->fail(problem.what());
    }
    if (exchange_->stage == Stage::failed) why_ = exchange_->why;
    return exchange_->stage;
}

bool EtcdCall::sent() const noexcept {
    return exchange_ && exchange_->sent;
}

unsigned EtcdCall::status() const noexcept {
    return exchange_ ? exchange_->parser.get().result_int() : 0;
}

const std::string& EtcdCall::body() const noexcept {
    PAWL_ASSERT(exchange_ && exchange_->stage == Stage::answered);
    return exchange_->parser.get().body();
}

}  // namespace pawl::replication
