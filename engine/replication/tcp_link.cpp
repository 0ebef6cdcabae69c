// One TCP connection as a stream of bytes: tried, never waited for. Knows Asio; no frame.
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "engine/replication/tcp_core.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

bool is_later(const error_code& problem) {
    return problem == asio::error::would_block || problem == asio::error::try_again ||
           problem == asio::error::interrupted;
}

bool is_reset(const error_code& problem) {
    return problem == asio::error::connection_reset || problem == asio::error::broken_pipe ||
           problem == asio::error::connection_aborted;
}

// The handlers outlive the stream when it is closed under them: what they write to is shared.
struct Answers {
    bool connected = false;  // or refused
    error_code connect_problem;
};

class TcpStream final : public ByteStream, public TcpSleeper {
public:
    TcpStream(TcpNetwork::Core& core, Tcp::socket socket, std::string peer)
        : core_(core), socket_(std::move(socket)), peer_(std::move(peer)), sleeping_(core, *this) {
        answers_->connected = true;
        set_options();
    }
    TcpStream(TcpNetwork::Core& core, TcpPlace place)
        : core_(core),
          socket_(core.context),
          peer_(print_tcp_place(place)),
          place_(std::move(place)),
          sleeping_(core, *this) {
        if (place_.numeric)
            call(*place_.numeric);
        else
            look_up();
    }
    ~TcpStream() override {
        const bool in_vain = !answers_->connected || answers_->connect_problem;
        if (is_named() && called_ && in_vain) core_.names.was_in_vain(place_);
        close();
    }
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;

    const std::string& peer() const noexcept override { return peer_; }

    StreamStep connect() override {
        if (!answers_->connected) core_.context.poll();
        if (!called_ && is_named()) look_up();
        if (!answers_->connected) return StreamStep::later;
        problem_ = answers_->connect_problem;
        return problem_ ? StreamStep::unreachable : StreamStep::moved;
    }

    StreamResult write(std::span<const std::span<const std::byte>> pieces) override {
        std::array<asio::const_buffer, 8> buffers;
        std::size_t count = 0;
        for (const auto piece : pieces) {
            if (piece.empty()) continue;
            PAWL_ASSERT(count < buffers.size());
            buffers[count++] = asio::const_buffer(piece.data(), piece.size());
        }
        PAWL_ASSERT(count != 0);
        error_code problem;
        const std::size_t bytes = socket_.write_some(std::span(buffers.data(), count), problem);
        return judge(bytes, problem);
    }

    StreamResult read(std::span<std::byte> to) override {
        error_code problem;
        const std::size_t bytes =
            socket_.read_some(asio::mutable_buffer(to.data(), to.size()), problem);
        return judge(bytes, problem);
    }

    std::string fault() const override { return problem_.message(); }

    void close() noexcept override {
        if (!socket_.is_open()) return;
        error_code ignored;
        // What we said last should arrive: a socket that is closed with unread bytes in it sends a
        // reset, and that overtakes what was sent.
        socket_.shutdown(Tcp::socket::shutdown_send, ignored);
        std::array<std::byte, 4096> unread;
        for (int pass = 0; pass < 64; ++pass) {
            socket_.read_some(asio::buffer(unread), ignored);
            if (ignored) break;
        }
        socket_.close(ignored);
    }

    void wants(StreamWishes wishes) noexcept override { wishes_ = wishes; }

    pollfd watched() override {
        if (!socket_.is_open()) return {-1, 0, 0};
        // connect() takes the answer from the context, and it is there when one can write
        int events = POLLOUT;
        if (answers_->connected)
            events = (wishes_.read ? POLLIN : 0) | (wishes_.write ? POLLOUT : 0);
        // not even to hear that the peer hung up: that is read in its turn
        if (events == 0) return {-1, 0, 0};
        return {socket_.native_handle(), static_cast<short>(events), 0};
    }

private:
    bool is_named() const noexcept { return !place_.host.empty() && !place_.numeric; }

    void look_up() {
        const TcpNames::Answer answer = core_.names.look_up(place_);
        if (!answer.there) return;
        if (!answer.problem) return call(answer.endpoint);
        answers_->connected = true;
        answers_->connect_problem = answer.problem;
    }

    void call(const Tcp::endpoint& endpoint) {
        called_ = true;
        error_code problem;
        socket_.open(endpoint.protocol(), problem);
        if (!problem) set_options();
        if (problem) {
            answers_->connected = true;
            answers_->connect_problem = problem;
            return;
        }
        socket_.async_connect(endpoint, [answers = answers_](const error_code& result) {
            answers->connected = true;
            answers->connect_problem = result;
        });
    }

    // A system that refuses one of these still carries bytes.
    void set_options() {
        error_code ignored;
        socket_.non_blocking(true, ignored);
        socket_.set_option(Tcp::no_delay(true), ignored);
        socket_.set_option(asio::socket_base::keep_alive(false), ignored);
    }

    StreamResult judge(std::size_t bytes, const error_code& problem) {
        if (!problem) return {bytes == 0 ? StreamStep::later : StreamStep::moved, bytes};
        if (is_later(problem)) return {StreamStep::later, 0};
        problem_ = problem;
        if (problem == asio::error::eof) return {StreamStep::ended, 0};
        return {is_reset(problem) ? StreamStep::reset : StreamStep::failed, 0};
    }

    TcpNetwork::Core& core_;
    Tcp::socket socket_;
    std::string peer_;
    TcpPlace place_;       // who was called; no host: it has called us
    bool called_ = false;  // its address is known
    std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
    error_code problem_;
    StreamWishes wishes_;
    TcpSleepers sleeping_;
};

}  // namespace

std::unique_ptr<ByteStream> accepted_tcp_stream(TcpNetwork::Core& core, Tcp::socket socket,
                                                const std::string& peer) {
    return std::make_unique<TcpStream>(core, std::move(socket), peer);
}

std::unique_ptr<ByteStream> calling_tcp_stream(TcpNetwork::Core& core, TcpPlace place) {
    return std::make_unique<TcpStream>(core, std::move(place));
}

}  // namespace pawl::replication
