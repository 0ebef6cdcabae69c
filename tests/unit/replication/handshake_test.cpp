// How two nodes meet over the simulated network, and whom they do not let in. A forger speaks
// frames itself and says what it likes.
#include "engine/replication/handshake.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <optional>

#include "testing/network.hpp"

namespace pawl::replication {
namespace {

constexpr NodeFacts a_directory = {{1, 2}, 3, 4, 2, 0};
constexpr const char* a_secret = "correct horse battery staple";

RandomSource chance_of(std::uint64_t seed) {
    auto chance = std::make_shared<sim::Chance>(seed);
    return [chance] { return chance->next(); };
}

struct Node {
    HandshakeOptions options;
    std::unique_ptr<Link> link;
    std::unique_ptr<Handshake> handshake;
};

class Meeting : public ::testing::Test {
protected:
    Meeting() {
        network.emplace(1);
        caller.options = {.name = "paris", .boot = 11, .epoch = 5, .facts = a_directory};
        called.options = {.name = "oslo", .boot = 22, .epoch = 6, .facts = a_directory};
    }

    static LinkOptions link_options(const Node& node) {
        LinkOptions options;
        options.boot = node.options.boot;
        return options;
    }
    void connect() {
        for (Node* const node : {&caller, &called}) {
            node->handshake.reset();
            node->link.reset();
        }
        listener = network->listen("oslo", link_options(called));
        caller.link = network->connector("paris", link_options(caller))->connect("oslo");
        while (called.link == nullptr || caller.link->state() == LinkState::connecting) {
            step();
            caller.link->do_work(now_ns);
            if (called.link == nullptr) called.link = listener->accept();
        }
    }
    void introduce(Node& node, Side side, std::uint64_t seed) {
        node.handshake =
            std::make_unique<Handshake>(*node.link, side, node.options, chance_of(seed));
    }
    void step() { network->advance_to(now_ns += 20'000); }
    void work(Node& node) {
        if (node.handshake != nullptr) node.handshake->do_work(now_ns);
    }
    // Until both are through, whatever came of it.
    void meet() {
        connect();
        introduce(caller, Side::caller, 100);
        introduce(called, Side::called, 200);
        for (int i = 0; i < 500'000 && (running(caller) || running(called)); ++i) {
            step();
            work(caller);
            work(called);
        }
    }
    static bool running(const Node& node) {
        return node.handshake->state() == HandshakeState::running;
    }
    static bool admitted(const Node& node) {
        return node.handshake->state() == HandshakeState::admitted;
    }
    void expect_refused(Refusal reason, const std::string& word) {
        for (const Node* const node : {&caller, &called}) {
            EXPECT_EQ(node->handshake->state(), HandshakeState::over);
            EXPECT_EQ(node->handshake->refusal(), reason) << node->handshake->why();
            EXPECT_NE(node->handshake->why().find(word), std::string::npos)
                << node->handshake->why();
            EXPECT_EQ(node->link->state(), LinkState::closed);
        }
        EXPECT_NE(caller.handshake->refused_by_peer(), called.handshake->refused_by_peer());
    }

    std::optional<sim::Network> network;
    std::unique_ptr<Listener> listener;
    Node caller, called;
    std::int64_t now_ns = 1;
};

TEST_F(Meeting, two_nodes_meet_and_know_each_other) {
    for (const char* const secret : {"", a_secret}) {
        caller.options.secret = called.options.secret = secret;
        meet();
        ASSERT_TRUE(admitted(caller)) << caller.handshake->why();
        ASSERT_TRUE(admitted(called)) << called.handshake->why();
        EXPECT_EQ(caller.handshake->peer().name, "oslo");
        EXPECT_EQ(caller.handshake->peer().boot, 22U);
        EXPECT_EQ(caller.handshake->peer().epoch, 6U);
        EXPECT_EQ(caller.handshake->peer().connection, called.link->connection());
        EXPECT_EQ(caller.handshake->peer().version, protocol_version_max);
        EXPECT_EQ(called.handshake->peer().name, "paris");
        EXPECT_EQ(called.handshake->peer().boot, 11U);
        EXPECT_EQ(called.handshake->peer().epoch, 5U);
        EXPECT_EQ(called.handshake->peer().facts.shards, 2U);
    }
}

TEST_F(Meeting, what_is_said_right_behind_the_greeting_is_not_lost) {
    network->weather().split_one_in = 0;
    connect();
    introduce(caller, Side::caller, 1);
    introduce(called, Side::called, 2);
    Message message;
    message.epoch = 6;
    encode(TraceAsk{{64, 99, 1}}, message);
    bool said = false;
    for (int i = 0; i < 1'000 && (running(caller) || running(called)); ++i) {
        step();
        work(called);
        if (!said && admitted(called)) {
            ASSERT_TRUE(called.link->send(message, {}));
            called.link->do_work(now_ns);
            said = true;
            for (int later = 0; later < 50; ++later) step();  // both are there in one read
        }
        work(caller);
    }
    ASSERT_TRUE(admitted(caller));
    const auto received = caller.link->receive();
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->type, MessageType::trace_ask);
}

TEST_F(Meeting, a_node_without_a_directory_is_welcome) {
    caller.options.facts = NodeFacts{};
    meet();
    EXPECT_TRUE(admitted(caller) && admitted(called));
    EXPECT_EQ(called.handshake->peer().facts.shards, 0U);
}

TEST_F(Meeting, another_secret_is_refused) {
    caller.options.secret = a_secret;
    called.options.secret = std::string(a_secret) + "r";
    meet();
    expect_refused(Refusal::secret, "secret");
}

TEST_F(Meeting, a_secret_on_one_side_only_is_refused) {
    caller.options.secret = a_secret;
    meet();
    expect_refused(Refusal::secret, "secret");
    std::swap(caller.options.secret, called.options.secret);
    meet();
    expect_refused(Refusal::secret, "secret");
}

TEST_F(Meeting, another_directory_is_refused_with_both_names) {
    caller.options.facts.identity = {0xABC, 0xDEF};
    meet();
    expect_refused(Refusal::identity, "0000000000000abc");
    EXPECT_NE(caller.handshake->why().find("0000000000000001"), std::string::npos);
}

TEST_F(Meeting, another_shard_count_or_router_is_refused_with_both_values) {
    caller.options.facts.shards = 3;
    meet();
    expect_refused(Refusal::shape, "3 shards");
    caller.options.facts = a_directory;
    caller.options.facts.router_hash = 0x77;
    meet();
    expect_refused(Refusal::shape, "0000000000000077");
}

TEST_F(Meeting, a_node_that_calls_itself_is_told_so) {
    called.options.boot = caller.options.boot;
    meet();
    expect_refused(Refusal::self, "itself");
}

TEST_F(Meeting, a_peer_that_says_nothing_is_given_up) {
    connect();
    introduce(called, Side::called, 1);
    while (running(called)) {
        step();
        work(called);
    }
    EXPECT_NE(called.handshake->why().find("hello"), std::string::npos) << called.handshake->why();
    EXPECT_GE(now_ns, called.options.time_ns_max);
}

TEST_F(Meeting, a_connection_that_breaks_at_any_moment_ends_the_greeting_with_its_reason) {
    for (int at = 0; at < 60; ++at) {
        connect();
        introduce(caller, Side::caller, 1);
        introduce(called, Side::called, 2);
        for (int i = 0; i < 2'000; ++i) {
            if (i == at) network->break_all();
            step();
            work(caller);
            work(called);
        }
        for (const Node* const node : {&caller, &called}) {
            EXPECT_FALSE(running(*node)) << at;
            EXPECT_TRUE(admitted(*node) || !node->handshake->why().empty());
        }
    }
}

TEST_F(Meeting, it_ends_well_or_with_a_reason_in_any_weather) {
    std::uint64_t met = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        listener.reset();
        network.emplace(seed);
        network->weather().flipped_one_in = 20;
        network->weather().split_one_in = 2;
        caller.options.secret = called.options.secret = a_secret;
        meet();
        ASSERT_FALSE(running(caller) || running(called)) << seed;
        if (admitted(caller)) {
            ASSERT_TRUE(admitted(called)) << seed << ": the caller is admitted last";
            ++met;
        }
    }
    EXPECT_GT(met, 50U);
    EXPECT_LT(met, 290U);
}

// Speaks for itself: sends what it is told and keeps what it hears.
class Forger {
public:
    explicit Forger(Link& link) : link_(link) {}

    template <class Value>
    void say(const Value& value) {
        Message message;
        encode(value, message);
        ASSERT_TRUE(link_.send(message, {}));
    }
    template <class Value>
    bool hear(Value& value) {
        const auto received = link_.receive();
        if (!received || received->type != Value::type) return false;
        bytes_.assign(received->payload.begin(), received->payload.end());
        return decode(bytes_, value);
    }

private:
    Link& link_;
    std::vector<std::byte> bytes_;
};

class Forgery : public Meeting {
protected:
    Forgery() {
        caller.options.secret = called.options.secret = a_secret;
        hello.fixed.version_min = hello.fixed.version_max = 1;
        hello.fixed.facts = a_directory;
        hello.fixed.nonce.fill(7);
        hello.fixed.purpose = Purpose::stream;
        hello.fixed.proof = ProofKind::hmac_sha256;
        hello.name = "forger";
    }
    void exchange() {
        for (int i = 0; i < 60; ++i) exchange_once();
    }
    void exchange_once() {
        step();
        for (Node* const node : {&caller, &called}) {
            if (node->handshake != nullptr)
                work(*node);
            else if (node->link != nullptr)
                node->link->do_work(now_ns);
        }
    }
    // The forger calls a real node and is asked to prove itself.
    void be_challenged() {
        connect();
        introduce(called, Side::called, 2);
        forger = std::make_unique<Forger>(*caller.link);
        forger->say(hello);
        exchange();
        ASSERT_TRUE(forger->hear(challenge));
    }

    Hello hello;
    Challenge challenge;
    std::unique_ptr<Forger> forger;
};

TEST_F(Forgery, who_does_not_know_the_secret_gets_no_proof_to_try_secrets_on) {
    be_challenged();
    Proof proof;
    proof.fixed.echo = challenge.fixed.nonce;
    proof.fixed.mac.fill(1);
    forger->say(proof);
    exchange();
    EXPECT_EQ(called.handshake->refusal(), Refusal::secret);
    Refused refused;
    EXPECT_TRUE(forger->hear(refused));
    EXPECT_EQ(caller.link->counters().frames_received, 2U) << "a challenge and a refusal, no more";
}

TEST_F(Forgery, a_proof_for_another_challenge_is_refused) {
    be_challenged();
    Proof proof;
    proof.fixed.echo.fill(9);
    proof.fixed.mac.fill(1);
    forger->say(proof);
    exchange();
    EXPECT_EQ(called.handshake->state(), HandshakeState::over);
}

TEST_F(Forgery, without_a_secret_too_a_proof_answers_this_challenge_and_no_other) {
    caller.options.secret = called.options.secret = "";
    hello.fixed.proof = ProofKind::none;
    be_challenged();
    Proof proof;
    proof.fixed.echo.fill(9);
    forger->say(proof);
    exchange();
    EXPECT_EQ(called.handshake->state(), HandshakeState::over);
    be_challenged();
    proof.fixed.echo = challenge.fixed.nonce;
    forger->say(proof);
    exchange();
    EXPECT_EQ(called.handshake->state(), HandshakeState::admitted) << called.handshake->why();
}

// Both sides speak with somebody between, who passes on every word. His connections and his boot
// are not theirs, and those are under the proof.
TEST_F(Forgery, who_stands_between_two_nodes_and_passes_on_their_words_is_found) {
    Node between = {caller.options, nullptr, nullptr};
    between.options.boot = 33;
    const auto away = network->listen("rome", link_options(called));
    auto out = network->connector("oslo", link_options(between))->connect("rome");
    std::swap(called.options.boot, between.options.boot);  // who is called is the one between
    connect();
    introduce(caller, Side::caller, 1);
    Node real = {called.options, nullptr, nullptr};
    real.options.boot = 22;
    std::vector<std::byte> bytes;
    const auto pass_on = [&bytes](Link& from, Link& to) {
        while (const auto received = from.receive()) {
            bytes.assign(received->payload.begin(), received->payload.end());
            to.send(Message{received->type, received->epoch, bytes}, {});
        }
    };
    for (int i = 0; i < 300; ++i) {
        exchange_once();
        if (real.link == nullptr) {
            real.link = away->accept();
            if (real.link != nullptr) introduce(real, Side::called, 2);
        }
        work(real);
        out->do_work(now_ns);
        called.link->do_work(now_ns);
        pass_on(*called.link, *out);
        pass_on(*out, *called.link);
    }
    ASSERT_TRUE(real.handshake != nullptr);
    EXPECT_EQ(real.handshake->refusal(), Refusal::secret) << real.handshake->why();
    EXPECT_EQ(caller.handshake->state(), HandshakeState::over);
}

TEST_F(Forgery, a_proof_that_was_heard_elsewhere_is_worth_nothing) {
    // a good meeting, whose proof somebody wrote down
    connect();
    introduce(caller, Side::caller, 1);
    forger = std::make_unique<Forger>(*called.link);
    exchange();
    Hello overheard;
    ASSERT_TRUE(forger->hear(overheard));
    Challenge own;
    own.fixed.version = 1;
    own.fixed.proof = ProofKind::hmac_sha256;
    own.fixed.facts = a_directory;
    own.fixed.echo = overheard.fixed.nonce;
    own.fixed.nonce.fill(5);
    own.name = "forger";
    forger->say(own);
    exchange();
    Proof proof;
    ASSERT_TRUE(forger->hear(proof));
    // ... and says again to the real one, which asked another question
    caller.handshake.reset();
    be_challenged();
    proof.fixed.echo = challenge.fixed.nonce;
    forger->say(proof);
    exchange();
    EXPECT_EQ(called.handshake->refusal(), Refusal::secret) << called.handshake->why();
}

TEST_F(Forgery, what_a_node_says_is_no_proof_of_the_one_who_sends_it_back) {
    // the called side answers with the caller's own nonce
    connect();
    introduce(caller, Side::caller, 1);
    forger = std::make_unique<Forger>(*called.link);
    exchange();
    Hello heard;
    ASSERT_TRUE(forger->hear(heard));
    Challenge back;
    back.fixed.version = 1;
    back.fixed.proof = ProofKind::hmac_sha256;
    back.fixed.facts = a_directory;
    back.fixed.echo = back.fixed.nonce = heard.fixed.nonce;
    back.name = "forger";
    forger->say(back);
    exchange();
    EXPECT_EQ(caller.handshake->refusal(), Refusal::self);

    // the called side welcomes the caller with the caller's own proof
    connect();
    introduce(caller, Side::caller, 1);
    forger = std::make_unique<Forger>(*called.link);
    exchange();
    ASSERT_TRUE(forger->hear(heard));
    back.fixed.echo = heard.fixed.nonce;
    back.fixed.nonce.fill(3);
    forger->say(back);
    exchange();
    Proof proof;
    ASSERT_TRUE(forger->hear(proof));
    Welcome welcome;
    welcome.fixed.mac = proof.fixed.mac;
    forger->say(welcome);
    exchange();
    EXPECT_EQ(caller.handshake->refusal(), Refusal::secret) << caller.handshake->why();
}

TEST_F(Forgery, a_challenge_to_another_hello_is_refused) {
    connect();
    introduce(caller, Side::caller, 1);
    forger = std::make_unique<Forger>(*called.link);
    exchange();
    Challenge stale;
    stale.fixed.version = 1;
    stale.fixed.proof = ProofKind::hmac_sha256;
    stale.fixed.echo.fill(1);
    stale.fixed.nonce.fill(2);
    stale.name = "forger";
    forger->say(stale);
    exchange();
    EXPECT_EQ(caller.handshake->state(), HandshakeState::over);
    EXPECT_NE(caller.handshake->why().find("another hello"), std::string::npos);
}

TEST_F(Forgery, messages_out_of_turn_are_refused) {
    const std::vector<std::function<void(Forger&)>> words = {
        [](Forger& f) { f.say(Welcome{}); },
        [](Forger& f) {
            Proof proof;
            proof.fixed.echo.fill(1);
            f.say(proof);
        },
        [](Forger& f) { f.say(Bye{"no"}); },
        [](Forger& f) { f.say(Refused{Refusal::busy, "no"}); },
        [](Forger& f) { f.say(Heartbeat{}); },
    };
    for (const auto& word : words) {
        connect();
        introduce(called, Side::called, 2);
        forger = std::make_unique<Forger>(*caller.link);
        word(*forger);
        exchange();
        EXPECT_EQ(called.handshake->state(), HandshakeState::over);
        EXPECT_FALSE(called.handshake->why().empty());
    }
}

TEST_F(Forgery, no_version_in_common_is_refused_with_both) {
    connect();
    introduce(called, Side::called, 2);
    forger = std::make_unique<Forger>(*caller.link);
    hello.fixed.version_min = hello.fixed.version_max = 9;
    forger->say(hello);
    exchange();
    EXPECT_EQ(called.handshake->refusal(), Refusal::version);
    EXPECT_NE(called.handshake->why().find("9"), std::string::npos);
}

TEST_F(Forgery, of_several_versions_the_highest_in_common_is_chosen) {
    hello.fixed.version_max = 9;
    be_challenged();
    EXPECT_EQ(challenge.fixed.version, protocol_version_max);
}

}  // namespace
}  // namespace pawl::replication
