// The greeting, step by step. Whatever is not as it should be ends it.
#include "engine/replication/handshake.hpp"

#include <algorithm>
#include <cstring>

#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

Nonce draw(const RandomSource& random) {
    Nonce nonce{};
    const auto zero = [](std::uint8_t byte) { return byte == 0; };
    while (std::all_of(nonce.begin(), nonce.end(), zero)) {
        for (std::size_t at = 0; at < nonce.size(); at += sizeof(std::uint64_t)) {
            const std::uint64_t number = random();
            std::memcpy(nonce.data() + at, &number, sizeof number);
        }
    }
    return nonce;
}

void append(std::vector<std::byte>& to, const void* bytes, std::size_t size) {
    const auto* const first = static_cast<const std::byte*>(bytes);
    to.insert(to.end(), first, first + size);
}

}  // namespace

Handshake::Handshake(Link& link, Side side, const HandshakeOptions& options,
                     const RandomSource& random)
    : link_(link),
      side_(side),
      options_(options),
      nonce_(draw(random)),
      awaited_(side == Side::caller ? MessageType::challenge : MessageType::hello) {
    PAWL_ASSERT(options_.boot != 0);
    PAWL_ASSERT(check_secret(options_.secret).ok() && "check_secret() says what is wrong");
}

HandshakeState Handshake::do_work(std::int64_t now_ns) {
    if (state_ != HandshakeState::running) return state_;
    if (since_ns_ < 0) since_ns_ = now_ns;
    link_.do_work(now_ns);
    if (side_ == Side::caller && !hello_said_ && link_.state() == LinkState::open) say_hello();
    // after the last message of the greeting nothing more is taken: it is for whoever comes next
    while (state_ == HandshakeState::running) {
        const auto received = link_.receive();
        if (!received) break;
        hear(*received);
    }
    if (state_ == HandshakeState::running && link_.state() == LinkState::closed) end(link_.why());
    if (state_ == HandshakeState::running && now_ns - since_ns_ > options_.time_ns_max) {
        const std::string why = "the peer did not finish its greeting within " +
                                std::to_string(options_.time_ns_max / 1'000'000) + " ms: no " +
                                to_string(awaited_) + " came";
        link_.close(why);
        end(link_.why());
    }
    if (state_ != HandshakeState::over) link_.do_work(now_ns);  // what was said leaves at once
    return state_;
}

ProofKind Handshake::proof() const noexcept {
    return options_.secret.empty() ? ProofKind::none : ProofKind::hmac_sha256;
}

Mac Handshake::mac_of(Side side) const {
    return options_.secret.empty() ? Mac{} : prove(options_.secret, side, said_);
}

void Handshake::send() {
    message_.epoch = options_.epoch;
    if (!link_.send(message_, {})) end("cannot answer: " + link_.why());
}

void Handshake::say_hello() {
    Hello hello;
    hello.fixed.version_min = protocol_version_min;
    hello.fixed.version_max = protocol_version_max;
    hello.fixed.facts = options_.facts;
    hello.fixed.nonce = nonce_;
    hello.fixed.purpose = options_.purpose;
    hello.fixed.proof = proof();
    hello.name = options_.name;
    encode(hello, message_);
    remember(options_.epoch, options_.boot, link_.connection(), message_.body);
    hello_said_ = true;
    send();
}

void Handshake::hear(const Received& received) {
    if (received.type == MessageType::refused) {
        Refused refused;
        if (!decode(received.payload, refused)) return refuse(Refusal::other, "malformed refusal");
        by_peer_ = true;
        refusal_ = refused.reason;
        const std::string why = "the peer refuses us (" + std::string(to_string(refused.reason)) +
                                "): " + std::string(refused.text);
        link_.close(why);
        return end("link " + link_.peer() + ": " + why);  // the link may say only that it ended
    }
    if (received.type == MessageType::bye) {
        link_.close("the peer said goodbye before it was met");
        return end(link_.why());
    }
    if (received.type != awaited_)
        return refuse(Refusal::other, std::string(to_string(received.type)) + " came instead of " +
                                          to_string(awaited_));
    switch (awaited_) {
        case MessageType::hello:
            return hear_hello(received);
        case MessageType::challenge:
            return hear_challenge(received);
        case MessageType::proof:
            return hear_proof(received);
        default:
            PAWL_ASSERT(awaited_ == MessageType::welcome);
            return hear_welcome(received);
    }
}

void Handshake::hear_hello(const Received& received) {
    Hello hello;
    if (!decode(received.payload, hello)) return refuse(Refusal::other, "malformed hello");
    if (hello.fixed.version_min > protocol_version_max ||
        hello.fixed.version_max < protocol_version_min)
        return refuse(Refusal::version,
                      "this node speaks version " + std::to_string(protocol_version_max) +
                          " of the protocol, the caller " +
                          std::to_string(hello.fixed.version_min) + " to " +
                          std::to_string(hello.fixed.version_max) + ": upgrade the older one");
    if (hello.fixed.proof != proof())
        return refuse(Refusal::secret,
                      "one node has a shared secret, the other has none: give "
                      "both the same");
    if (hello.fixed.purpose != options_.purpose && hello.fixed.purpose != options_.also)
        return refuse(Refusal::role,
                      options_.purpose == Purpose::client
                          ? "this address is for clients and operators: call the node's other one"
                          : "this address is for nodes: clients have another one");
    if (!fits(hello.fixed.facts, received.boot)) return;
    remember(received.epoch, received.boot, received.connection, received.payload);
    meet(hello.name, hello.fixed.facts, received);
    peer_.version = std::min(hello.fixed.version_max, protocol_version_max);
    peer_.purpose = hello.fixed.purpose;

    Challenge challenge;
    challenge.fixed.version = peer_.version;
    challenge.fixed.proof = proof();
    challenge.fixed.facts = options_.facts;
    challenge.fixed.echo = hello.fixed.nonce;
    challenge.fixed.nonce = nonce_;
    challenge.name = options_.name;
    encode(challenge, message_);
    remember(options_.epoch, options_.boot, link_.connection(), message_.body);
    awaited_ = MessageType::proof;
    send();
}

void Handshake::hear_challenge(const Received& received) {
    Challenge challenge;
    if (!decode(received.payload, challenge)) return refuse(Refusal::other, "malformed challenge");
    if (challenge.fixed.echo != nonce_)
        return refuse(Refusal::other, "the challenge answers another hello");
    if (challenge.fixed.nonce == nonce_)
        return refuse(Refusal::self, "the challenge is our own hello, sent back");
    if (challenge.fixed.version < protocol_version_min ||
        challenge.fixed.version > protocol_version_max)
        return refuse(Refusal::version,
                      "version " + std::to_string(challenge.fixed.version) + " was not offered");
    if (challenge.fixed.proof != proof())
        return refuse(Refusal::secret,
                      "one node has a shared secret, the other has none: give "
                      "both the same");
    if (!fits(challenge.fixed.facts, received.boot)) return;
    remember(received.epoch, received.boot, received.connection, received.payload);
    meet(challenge.name, challenge.fixed.facts, received);
    peer_.version = challenge.fixed.version;

    Proof answer;
    answer.fixed.echo = challenge.fixed.nonce;
    answer.fixed.mac = mac_of(Side::caller);
    encode(answer, message_);
    awaited_ = MessageType::welcome;
    send();
}

void Handshake::hear_proof(const Received& received) {
    Proof answer;
    if (!decode(received.payload, answer)) return refuse(Refusal::other, "malformed proof");
    if (answer.fixed.echo != nonce_)
        return refuse(Refusal::other, "the proof answers another challenge");
    if (!same(answer.fixed.mac, mac_of(Side::caller)))
        return refuse(Refusal::secret, "the caller's shared secret is another one");
    Welcome welcome;
    welcome.fixed.mac = mac_of(Side::called);
    encode(welcome, message_);
    send();
    if (state_ == HandshakeState::running) admit();
}

void Handshake::hear_welcome(const Received& received) {
    Welcome welcome;
    if (!decode(received.payload, welcome)) return refuse(Refusal::other, "malformed welcome");
    if (!same(welcome.fixed.mac, mac_of(Side::called)))
        return refuse(Refusal::secret, "the called node's shared secret is another one");
    admit();
}

// Whether we could ever have something to say to each other.
bool Handshake::fits(const NodeFacts& theirs, std::uint64_t boot) {
    if (boot == options_.boot) {
        refuse(Refusal::self, "node " + options_.name + " called itself: check the addresses");
        return false;
    }
    const NodeFacts& ours = options_.facts;
    if (ours.shards == 0 || theirs.shards == 0) return true;  // one has no directory yet
    if (ours.identity != theirs.identity) {
        refuse(Refusal::identity, "directory " + journal::to_hex(ours.identity) +
                                      " here, directory " + journal::to_hex(theirs.identity) +
                                      " there: a standby begins with an empty directory");
        return false;
    }
    if (ours.shards != theirs.shards || ours.router_hash != theirs.router_hash) {
        refuse(Refusal::shape, std::to_string(ours.shards) + " shards, router " +
                                   journal::to_hex(ours.router_hash) + " here, " +
                                   std::to_string(theirs.shards) + " shards, router " +
                                   journal::to_hex(theirs.router_hash) +
                                   " there: run the same program on both nodes");
        return false;
    }
    return true;
}

void Handshake::meet(std::string_view name, const NodeFacts& facts, const Received& received) {
    peer_.name = name;
    peer_.facts = facts;
    peer_.boot = received.boot;
    peer_.connection = received.connection;
    peer_.epoch = received.epoch;
}

void Handshake::remember(std::uint64_t epoch, std::uint64_t boot, std::uint64_t connection,
                         std::span<const std::byte> payload) {
    const std::uint64_t size = payload.size();
    append(said_, &epoch, sizeof epoch);
    append(said_, &boot, sizeof boot);
    append(said_, &connection, sizeof connection);
    append(said_, &size, sizeof size);
    append(said_, payload.data(), payload.size());
}

void Handshake::admit() {
    link_.admit();
    state_ = HandshakeState::admitted;
}

void Handshake::refuse(Refusal reason, const std::string& text) {
    refusal_ = reason;
    by_us_ = true;
    replication::refuse(link_, options_.epoch, reason, text);
    end("link " + link_.peer() + ": we refuse the peer (" + to_string(reason) + "): " + text);
}

void Handshake::end(const std::string& why) {
    if (state_ == HandshakeState::over) return;
    state_ = HandshakeState::over;
    why_ = why;
}

void refuse(Link& link, std::uint64_t epoch, Refusal reason, const std::string& text) {
    Message message;
    message.epoch = epoch;
    encode(Refused{reason, text}, message);
    // no room, or closed already: then it is not said
    static_cast<void>(link.send(message, {}));
    link.close("we refuse the peer (" + std::string(to_string(reason)) + "): " + text);
}

}  // namespace pawl::replication
