// How two nodes meet: who is who, which version, and that both know the secret. Knows one link; not
// what it will be used for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/replication/handshake_proof.hpp"
#include "engine/replication/link.hpp"
#include "engine/replication/protocol_messages.hpp"

namespace pawl::replication {

struct HandshakeOptions {
    std::string name;         // of this node: node_name_bytes_max, printable, no spaces
    std::uint64_t boot = 0;   // as in LinkOptions
    std::uint64_t epoch = 0;  // the highest that this node has seen
    NodeFacts facts{};        // all zero: it has no directory yet
    std::string secret{};     // empty: none, see check_secret(); then nobody is kept out
    // What the caller wants to speak about; the called side refuses everything else.
    Purpose purpose = Purpose::stream;
    std::optional<Purpose> also{};  // the called side: what else it lets in
    // A peer that has not finished by then is dropped. Default: more than a lost packet or two
    // cost.
    std::int64_t time_ns_max = 3'000'000'000;
};

// Who is at the other end. With a secret: proven, unless somebody between the two changes bytes.
struct Peer {
    std::string name;
    NodeFacts facts{};  // a directory that this node has is the same one, of the same shape
    std::uint64_t boot = 0;
    std::uint64_t connection = 0;  // the peer's number for it
    std::uint64_t epoch = 0;       // the highest that it has seen
    std::uint32_t version = 0;     // of the protocol, chosen
    Purpose purpose{};             // a caller's
};

enum class HandshakeState : std::uint8_t { running, admitted, over };

// One for each link, on the link's thread; the link outlives it. hello → challenge → proof →
// welcome; the caller proves itself first, so that a stranger learns nothing to try secrets on.
class Handshake {
public:
    // `random` draws the nonce: a strong source in a real node.
    Handshake(Link& link, Side side, const HandshakeOptions& options, const RandomSource& random);

    // Works on the link too. admitted: the link is admitted, go on with it alone; nothing that came
    // behind the greeting is lost. over: the link is closed.
    HandshakeState do_work(std::int64_t now_ns);
    HandshakeState state() const noexcept { return state_; }
    const Peer& peer() const noexcept { return peer_; }         // when admitted
    const std::string& why() const noexcept { return why_; }    // when over
    Refusal refusal() const noexcept { return refusal_; }       // when over; other: see why()
    bool refused_by_peer() const noexcept { return by_peer_; }  // it was the peer's word
    bool refused_by_us() const noexcept { return by_us_; }

private:
    void say_hello();
    void hear(const Received& received);
    void hear_hello(const Received& received);
    void hear_challenge(const Received& received);
    void hear_proof(const Received& received);
    void hear_welcome(const Received& received);
    bool fits(const NodeFacts& theirs, std::uint64_t boot);
    void meet(std::string_view name, const NodeFacts& facts, const Received& received);
    void remember(std::uint64_t epoch, std::uint64_t boot, std::uint64_t connection,
                  std::span<const std::byte> payload);
    Mac mac_of(Side side) const;
    ProofKind proof() const noexcept;
    void send();
    void admit();
    void refuse(Refusal reason, const std::string& text);
    void end(const std::string& why);

    Link& link_;
    Side side_;
    HandshakeOptions options_;
    Nonce nonce_{};
    Message message_;
    std::vector<std::byte> said_;  // hello and challenge, with who said them: what is proven
    MessageType awaited_;
    bool hello_said_ = false;
    std::int64_t since_ns_ = -1;  // the first call; -1: none yet
    HandshakeState state_ = HandshakeState::running;
    Peer peer_;
    Refusal refusal_ = Refusal::other;
    bool by_peer_ = false;
    bool by_us_ = false;
    std::string why_;
};

// Says why and ends the link: for what is found out later. `epoch`: the highest that this node has
// seen.
void refuse(Link& link, std::uint64_t epoch, Refusal reason, const std::string& text);

}  // namespace pawl::replication
