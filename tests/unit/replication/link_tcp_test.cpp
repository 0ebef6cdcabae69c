// Links over real sockets on loopback: what arrives, and how each way of ending is told. A bare
// socket plays the peers that misbehave.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "engine/platform/event.hpp"
#include "engine/replication/frame_writer.hpp"
#include "engine/replication/handshake.hpp"
#include "engine/replication/tcp_network.hpp"
#include "protocol_samples.hpp"
#include "tests/sim/slowness.hpp"

namespace pawl::replication {
namespace {

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

constexpr std::int64_t patience_ns = 30'000'000'000;  // a test that waits longer has failed

std::unique_ptr<TcpNetwork> network_of(LinkOptions options) {
    if (options.boot == 0) options.boot = 7;
    return std::move(TcpNetwork::create(options, strong_random).value());
}

// A listening node and what it hears; the callers are the tests' own.
class Tcp : public ::testing::Test {
protected:
    explicit Tcp(const LinkOptions& options = {})
        : network(network_of(options)),
          listener(std::move(network->listen("127.0.0.1:0").value())) {}

    template <class Condition>
    bool until(Condition condition) {
        const std::int64_t end = now_ns() + patience_ns;
        while (!condition()) {
            if (now_ns() > end) return false;
            network->wait(1'000'000);
            work();
        }
        return true;
    }
    void work() {
        if (called == nullptr) called = listener->accept();
        for (Link* const link : {caller.get(), called.get()})
            if (link != nullptr) link->do_work(now_ns());
    }
    void connect() {
        caller = network->connect(listener->address());
        ASSERT_TRUE(until([this] {
            return called != nullptr && caller->state() == LinkState::open;
        })) << caller->why();
        caller->admit();
        called->admit();
    }

    LinkEnds ends;
    std::unique_ptr<TcpNetwork> network;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Link> caller, called;
};

// A peer that knows no frames, or pretends so.
class BareSocket {
public:
    explicit BareSocket(const std::string& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
        EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    }
    ~BareSocket() { hang_up(); }
    BareSocket(const BareSocket&) = delete;
    BareSocket& operator=(const BareSocket&) = delete;

    void say(std::span<const std::byte> bytes) const {
        EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    void say(std::string_view text) const { say(std::as_bytes(std::span(text))); }
    void hang_up() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        hang_up();
    }

private:
    int socket_;
};

std::vector<std::byte> frame_of(const Sample& sample) {
    LinkOptions options;
    options.boot = 99;
    FrameWriter writer(options, 1);
    const FramePieces pieces(writer.next_header(sample.message, sample.bytes), sample.message.body,
                             sample.bytes);
    writer.keep(pieces, 0);
    return {writer.kept().begin(), writer.kept().end()};
}

TEST_F(Tcp, messages_of_any_size_arrive_exactly_both_ways) {
    connect();
    sim::Chance chance(1);
    std::array<Samples, 2> samples = {Samples(1), Samples(2)};
    std::array<Link*, 2> links = {caller.get(), called.get()};
    std::array<std::vector<Sample>, 2> said;
    std::array<std::size_t, 2> heard{};
    for (std::uint64_t round = 0; round < 3'000 / sim::slowness; ++round) {
        for (std::size_t side = 0; side < 2; ++side) {
            Sample sample = samples[side].any();
            if (chance.one_in(50)) {
                sample = samples[side].of(MessageType::snapshot_chunk);
                sample.bytes.resize(chance.between(1, payload_bytes_default - 100));
            }
            while (!links[side]->send(sample.message, sample.bytes)) work();
            said[side].push_back(std::move(sample));
            links[side]->do_work(now_ns());
            while (const auto received = links[side]->receive()) {
                const Sample& expected = said[1 - side].at(heard[side]++);
                const std::vector<std::byte> payload = expected.payload();
                ASSERT_EQ(received->type, expected.message.type);
                ASSERT_TRUE(std::equal(payload.begin(), payload.end(), received->payload.begin(),
                                       received->payload.end()));
            }
        }
    }
    ASSERT_TRUE(until([&] {
        for (std::size_t side = 0; side < 2; ++side)
            while (links[side]->receive()) ++heard[side];
        return heard[0] == said[1].size() && heard[1] == said[0].size();
    }));
    EXPECT_EQ(caller->counters().frames_sent, called->counters().frames_received);
    EXPECT_EQ(caller->counters().bytes_sent, called->counters().bytes_received);
    EXPECT_EQ(called->counters().bytes_sent, caller->counters().bytes_received);
}

TEST_F(Tcp, a_node_that_calls_itself_is_told_so) {
    caller = network->connect(listener->address());
    ASSERT_TRUE(until([this] { return called != nullptr; }));
    HandshakeOptions options;
    options.name = "paris";
    options.boot = 7;
    Handshake calling(*caller, Side::caller, options, strong_random);
    Handshake being_called(*called, Side::called, options, strong_random);
    ASSERT_TRUE(until([&] {
        calling.do_work(now_ns());
        being_called.do_work(now_ns());
        return calling.state() != HandshakeState::running &&
               being_called.state() != HandshakeState::running;
    }));
    EXPECT_EQ(calling.refusal(), Refusal::self) << calling.why();
    EXPECT_TRUE(calling.refused_by_peer());
    EXPECT_EQ(being_called.refusal(), Refusal::self) << being_called.why();
}

TEST_F(Tcp, nobody_there_is_unreachable) {
    std::string address = listener->address();
    listener.reset();
    caller = network->connect(address);
    const std::int64_t end = now_ns() + patience_ns;
    while (caller->state() != LinkState::closed && now_ns() < end) {
        network->wait(1'000'000);
        caller->do_work(now_ns());
    }
    EXPECT_EQ(caller->end(), LinkEnd::unreachable);
    EXPECT_NE(caller->why().find(address), std::string::npos) << caller->why();
}

TEST_F(Tcp, addresses_that_make_no_sense_are_refused_with_the_next_step) {
    const std::array<std::pair<const char*, const char*>, 7> wrong = {
        {{"", "no port"},
         {"10.0.0.7", "no port"},
         {"a name:4711", "nor a name"},
         {"127.0.0.1:", "number"},
         {":99999", "65535"},
         {"::1:4711", "brackets"},
         {"127.0.0.1:0", "port 0"}}};
    for (const auto& [address, word] : wrong) {
        const auto link = network->connect(address);
        EXPECT_EQ(link->state(), LinkState::closed) << address;
        EXPECT_EQ(link->end(), LinkEnd::unreachable);
        EXPECT_NE(link->why().find(word), std::string::npos) << link->why();
        EXPECT_FALSE(link->receive().has_value());
        EXPECT_EQ(link->do_work(now_ns()), 0U);
    }
    EXPECT_EQ(normal_tcp_address(":4711").value(), "127.0.0.1:4711");
    EXPECT_EQ(normal_tcp_address("localhost:1").value(), "127.0.0.1:1");
    EXPECT_EQ(normal_tcp_address("[::1]:4711").value(), "[::1]:4711");
    EXPECT_EQ(normal_tcp_address("0.0.0.0:0").value(), "0.0.0.0:0");
    EXPECT_EQ(normal_tcp_address("db-2.example:4711").value(), "db-2.example:4711");
    const auto named = network->listen("db-2.example:4711");
    ASSERT_FALSE(named.ok());
    EXPECT_NE(named.error().sentence.find("0.0.0.0:4711"), std::string::npos);
}

// "127.1" is no address by itself, but every resolver knows it without asking anybody.
TEST_F(Tcp, a_host_may_be_a_name) {
    const std::string port = listener->address().substr(listener->address().rfind(':'));
    for (int time = 0; time < 2; ++time) {
        called.reset();
        caller = network->connect("127.1" + port);
        ASSERT_TRUE(until([this] {
            return called != nullptr && caller->state() == LinkState::open &&
                   called->state() == LinkState::open;
        })) << caller->why();
    }
    EXPECT_EQ(caller->peer(), "127.1" + port);
}

TEST_F(Tcp, a_name_that_nobody_knows_is_unreachable) {
    const std::string name = std::string(70, 'x') + ".invalid:4711";  // longer than a label can be
    for (int time = 0; time < 2; ++time) {
        caller = network->connect(name);
        ASSERT_TRUE(until([this] { return caller->state() == LinkState::closed; }));
        EXPECT_EQ(caller->end(), LinkEnd::unreachable);
        EXPECT_NE(caller->why().find(name), std::string::npos) << caller->why();
    }
}

// Who is gone while a name is looked up leaves nobody waiting for him.
TEST_F(Tcp, a_network_may_go_while_a_name_is_looked_up) {
    for (int time = 0; time < 20; ++time) {
        auto other = network_of({});
        auto link = other->connect("127.1:" + std::to_string(20'000 + time));
        link.reset();
        other.reset();
    }
}

TEST_F(Tcp, an_address_that_is_taken_says_so) {
    const auto again = network->listen(listener->address());
    ASSERT_FALSE(again.ok());
    EXPECT_NE(again.error().sentence.find(listener->address()), std::string::npos);
}

TEST_F(Tcp, a_peer_that_closes_in_order_is_told_from_one_that_is_cut_short) {
    connect();
    Message message;
    encode(Bye{"enough"}, message);
    ASSERT_TRUE(caller->send(message, {}));
    caller->close("enough");
    ASSERT_TRUE(until([this] { return called->state() == LinkState::closed; }));
    EXPECT_EQ(called->end(), LinkEnd::by_peer) << called->why();
    const auto bye = called->receive();
    ASSERT_TRUE(bye.has_value()) << "what was said last has arrived";
    EXPECT_EQ(bye->type, MessageType::bye);
    EXPECT_EQ(caller->end(), LinkEnd::by_us);
    EXPECT_FALSE(caller->send(message, {}));

    called.reset();
    BareSocket peer(listener->address());
    const auto frame = frame_of(Samples(1).of(MessageType::hello));
    peer.say(std::span(frame).first(frame.size() - 8));
    peer.hang_up();
    ASSERT_TRUE(until([this] { return called && called->state() == LinkState::closed; }));
    EXPECT_EQ(called->end(), LinkEnd::cut_short) << called->why();
}

TEST_F(Tcp, a_peer_that_resets_is_told_so) {
    BareSocket peer(listener->address());
    ASSERT_TRUE(until([this] { return called != nullptr; }));
    peer.reset();
    ASSERT_TRUE(until([this] { return called->state() == LinkState::closed; }));
    EXPECT_EQ(called->end(), LinkEnd::reset) << called->why();
}

TEST_F(Tcp, garbage_is_foreign_however_much_of_it) {
    sim::Chance chance(3);
    for (int round = 0; round < 20; ++round) {
        called.reset();
        BareSocket peer(listener->address());
        std::vector<std::byte> garbage(chance.between(sizeof(FrameHeader), 40'000));
        for (std::byte& byte : garbage) byte = static_cast<std::byte>(chance.next());
        peer.say(garbage);
        if (chance.coin()) peer.hang_up();
        ASSERT_TRUE(until([this] { return called && called->state() == LinkState::closed; }));
        EXPECT_EQ(called->end(), LinkEnd::foreign) << called->why();
        EXPECT_FALSE(called->receive().has_value());
    }
}

class TcpCounted : public Tcp {
protected:
    TcpCounted() : Tcp(counted()) {}
    static LinkOptions counted() {
        LinkOptions options;
        options.ends = &ends_here;
        options.silence_ns_max = 50'000'000;
        return options;
    }
    static inline LinkEnds ends_here;
};

TEST_F(TcpCounted, each_end_is_counted_once_and_by_its_reason) {
    ends_here = {};
    for (int i = 0; i < 3; ++i) {
        called.reset();
        BareSocket peer(listener->address());
        peer.say("GET / HTTP/1.1\r\nHost: somewhere\r\nUser-Agent: somebody/1.0\r\n\r\n");
        ASSERT_TRUE(until([this] { return called && called->state() == LinkState::closed; }));
    }
    called.reset();
    EXPECT_EQ(ends_here[LinkEnd::foreign], 3U);
    BareSocket silent(listener->address());
    ASSERT_TRUE(until([this] { return called && called->state() == LinkState::closed; }));
    EXPECT_EQ(called->end(), LinkEnd::silent) << called->why();
    EXPECT_EQ(ends_here[LinkEnd::silent], 1U);
    std::uint64_t all = 0;
    for (const std::uint64_t count : ends_here.count) all += count;
    EXPECT_EQ(all, 4U);
}

TEST_F(Tcp, a_peer_that_does_not_read_costs_no_more_than_the_bound) {
    connect();
    Samples samples(4);
    Sample sample = samples.of(MessageType::snapshot_chunk);
    sample.bytes.resize(500'000);
    std::size_t accepted = 0;
    while (caller->send(sample.message, sample.bytes)) {
        ++accepted;
        caller->do_work(now_ns());
        ASSERT_LT(accepted, 200U) << "somebody keeps all of it";
    }
    EXPECT_GT(caller->unsent_bytes(), 1'000'000U);
    EXPECT_LE(caller->unsent_bytes(), LinkOptions{}.unsent_bytes_max);
    EXPECT_EQ(caller->counters().sends_put_off, 1U);
    std::size_t heard = 0;
    ASSERT_TRUE(until([&] {
        while (called->receive()) ++heard;
        return heard == accepted;
    }));
    EXPECT_EQ(caller->unsent_bytes(), 0U);
}

TEST_F(Tcp, who_sleeps_wakes_for_a_caller_for_bytes_and_for_a_word_from_another_thread) {
    const std::int64_t began_ns = now_ns();
    detail::Event word;
    std::thread other([&word] { word.signal(); });
    network->wait(patience_ns, word.fd());
    other.join();
    BareSocket peer(listener->address());
    network->wait(patience_ns);
    called = listener->accept();
    ASSERT_TRUE(called != nullptr);
    while (called->do_work(now_ns()) != 0) {
    }
    const auto frame = frame_of(Samples(1).of(MessageType::hello));
    peer.say(frame);
    std::optional<Received> hello;
    while (!hello && now_ns() - began_ns < patience_ns) {
        network->wait(patience_ns);
        called->do_work(now_ns());
        hello = called->receive();
    }
    EXPECT_TRUE(hello.has_value());
    EXPECT_LT(now_ns() - began_ns, patience_ns / 2);
}

TEST_F(Tcp, who_takes_no_more_callers_is_not_woken_by_those_that_wait) {
    constexpr std::int64_t a_while_ns = 30'000'000;
    BareSocket first(listener->address());
    ASSERT_TRUE(until([this] { return called != nullptr; }));
    BareSocket second(listener->address());
    const std::int64_t began_ns = now_ns();
    network->wait(a_while_ns);
    EXPECT_GE(now_ns() - began_ns, a_while_ns);
    ASSERT_TRUE(until([this] { return listener->accept() != nullptr; })) << "it waits still";
}

TEST_F(Tcp, a_link_that_is_destroyed_while_somebody_sleeps_on_it_leaves_nothing_behind) {
    for (int round = 0; round < 20; ++round) {
        connect();
        network->wait(1'000);
        caller.reset();
        called.reset();
        caller = network->connect(listener->address());  // and one that never got through
        caller.reset();
        network->wait(1'000);
    }
}

// Two networks, each on its own thread, as two nodes are.
TEST(TcpThreads, two_nodes_meet_and_talk) {
    constexpr std::uint64_t messages = 20'000;
    const auto options = [](std::uint64_t boot) {
        HandshakeOptions of;
        of.name = "node-" + std::to_string(boot);
        of.boot = boot;
        of.secret = "a secret of some length";
        return of;
    };
    const auto links = [](std::uint64_t boot) {
        LinkOptions of;
        of.boot = boot;
        return of;
    };
    auto home = network_of(links(2));
    auto listener = std::move(home->listen(":0").value());
    const std::string address = listener->address();

    std::thread other([&links, &options, address] {
        auto network = network_of(links(1));
        auto link = network->connect(address);
        Handshake handshake(*link, Side::caller, options(1), strong_random);
        while (handshake.do_work(now_ns()) == HandshakeState::running) network->wait(1'000'000);
        EXPECT_EQ(handshake.state(), HandshakeState::admitted) << handshake.why();
        Message message;
        for (std::uint64_t i = 1; i <= messages; ++i) {
            encode(TraceAsk{{i, 1, 0}}, message);
            while (!link->send(message, {}) && link->state() == LinkState::open)
                link->do_work(now_ns());
        }
        while (link->state() == LinkState::open) {  // until the other has them and hangs up
            link->do_work(now_ns());
            link->receive();
            network->wait(1'000'000);
        }
    });

    std::unique_ptr<Link> link;
    while (link == nullptr) {
        home->wait(1'000'000);
        link = listener->accept();
    }
    Handshake handshake(*link, Side::called, options(2), strong_random);
    while (handshake.do_work(now_ns()) == HandshakeState::running) home->wait(1'000'000);
    EXPECT_EQ(handshake.state(), HandshakeState::admitted) << handshake.why();
    EXPECT_EQ(handshake.peer().name, "node-1");
    std::uint64_t heard = 0;
    while (heard < messages && link->state() == LinkState::open) {
        link->do_work(now_ns());
        while (const auto received = link->receive()) {
            TraceAsk read;
            ASSERT_TRUE(decode(received->payload, read));
            ASSERT_EQ(read.fixed.first, ++heard);
        }
        home->wait(1'000'000);
    }
    EXPECT_EQ(heard, messages) << link->why();
    link->close("that was all");
    other.join();
}

}  // namespace
}  // namespace pawl::replication
