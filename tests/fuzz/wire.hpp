// Bytes as a peer that says what it likes: the whole way through frames, greeting and messages.
// Knows which side we are; not what a message would make a node do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/replication/frame_writer.hpp"
#include "engine/replication/handshake.hpp"
#include "engine/replication/link_framed.hpp"
#include "pawl/detail/assert.hpp"
#include "testing/chance.hpp"
#include "tests/unit/replication/protocol_samples.hpp"

namespace pawl::replication::fuzz {

// The input's first byte. Then one that seeds how the bytes are split, then what the peer says.
inline constexpr unsigned framed = 1;    // type, size (2 bytes each), payload; we make the frames
inline constexpr unsigned admitted = 2;  // the peer is in already
inline constexpr unsigned secret = 4;    // we have a shared secret

// Gives what there is in pieces, then ends; keeps nothing of what we say.
class FuzzStream final : public ByteStream {
public:
    FuzzStream(std::vector<std::byte> bytes, std::uint64_t seed)
        : bytes_(std::move(bytes)), chance_(seed) {}
    const std::string& peer() const noexcept override { return peer_; }
    StreamStep connect() override { return StreamStep::moved; }
    StreamResult write(std::span<const std::span<const std::byte>> pieces) override {
        std::size_t bytes = 0;
        for (const auto piece : pieces) bytes += piece.size();
        return {StreamStep::moved, bytes};
    }
    StreamResult read(std::span<std::byte> to) override {
        const std::size_t left = bytes_.size() - given_;
        if (left == 0) return {StreamStep::ended, 0};
        if (chance_.one_in(4)) return {StreamStep::later, 0};
        const std::size_t most = std::min(to.size(), left);
        const std::size_t some = chance_.coin() ? most : chance_.between(1, most);
        std::memcpy(to.data(), bytes_.data() + given_, some);
        given_ += some;
        return {StreamStep::moved, some};
    }
    std::string fault() const override { return {}; }
    void close() noexcept override {}
    void wants(StreamWishes) noexcept override {}

private:
    std::string peer_ = "fuzzer";
    std::vector<std::byte> bytes_;
    std::size_t given_ = 0;
    sim::Chance chance_;
};

// The same, but it stays on the line for a while when it has said everything.
class PatientStream final : public ByteStream {
public:
    PatientStream(std::vector<std::byte> bytes, std::uint64_t seed)
        : stream_(std::move(bytes), seed) {}
    const std::string& peer() const noexcept override { return stream_.peer(); }
    StreamStep connect() override { return StreamStep::moved; }
    StreamResult write(std::span<const std::span<const std::byte>> pieces) override {
        return stream_.write(pieces);
    }
    StreamResult read(std::span<std::byte> to) override {
        const StreamResult result = stream_.read(to);
        if (result.step == StreamStep::ended && patience_ != 0) {
            --patience_;
            return {StreamStep::later, 0};
        }
        return result;
    }
    std::string fault() const override { return {}; }
    void close() noexcept override {}
    void wants(StreamWishes) noexcept override {}

private:
    FuzzStream stream_;
    int patience_ = 64;
};

inline LinkOptions link_options(std::uint64_t boot) {
    LinkOptions options;
    options.boot = boot;
    options.payload_bytes_max = payload_bytes_min;
    options.unsent_bytes_max = 2 * payload_bytes_min;
    return options;
}

// The peer's frames, right in all but what they say.
inline std::vector<std::byte> frames_of(std::span<const std::byte> words) {
    FrameWriter writer(link_options(2), 5);
    std::vector<std::byte> all;
    Message message;
    message.epoch = 3;
    std::uint16_t head[2];
    while (words.size() >= sizeof head) {
        std::memcpy(head, words.data(), sizeof head);
        words = words.subspan(sizeof head);
        message.type = static_cast<MessageType>(head[0]);
        if (!is_known(message.type)) message.type = MessageType::heartbeat;
        const std::size_t size = std::min<std::size_t>(head[1], words.size());
        message.body.assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(size));
        words = words.subspan(size);
        const FramePieces frame(writer.next_header(message, {}), message.body, {});
        for (const auto piece : frame.pieces()) all.insert(all.end(), piece.begin(), piece.end());
    }
    return all;
}

// An input, taken apart.
struct Said {
    unsigned flags = 0;
    std::uint64_t seed = 0;
    std::vector<std::byte> bytes;
};
inline std::optional<Said> said(std::span<const std::byte> input) {
    if (input.size() < 2) return std::nullopt;
    Said all{std::to_integer<unsigned>(input[0]), std::to_integer<std::uint64_t>(input[1]), {}};
    const auto words = input.subspan(2);
    if ((all.flags & framed) != 0)
        all.bytes = frames_of(words);
    else
        all.bytes.assign(words.begin(), words.end());
    return all;
}

// The end of a line on which it is said.
inline std::unique_ptr<Link> patient_link(Said all) {
    return std::make_unique<FramedLink>(
        std::make_unique<PatientStream>(std::move(all.bytes), all.seed), link_options(1), 4);
}

// The first call is answered by the input, the others by nobody.
class OneAnswer final : public Connector {
public:
    explicit OneAnswer(Said all) : link_(patient_link(std::move(all))) {}
    std::unique_ptr<Link> connect(const std::string& address) override {
        ++calls;
        if (link_ != nullptr) return std::move(link_);
        return std::make_unique<FramedLink>(address, link_options(1), 4, LinkEnd::unreachable,
                                            "nobody");
    }
    int calls = 0;

private:
    std::unique_ptr<Link> link_;
};

// Our own chance: inputs can know our nonce, and so get past the greeting.
inline RandomSource our_chance() {
    return [number = std::uint64_t{0}]() mutable { return ++number * 0x0101'0101'0101'0101; };
}

inline HandshakeOptions our_options(bool with_secret) {
    HandshakeOptions options;
    options.name = "we";
    options.boot = 1;
    options.epoch = 2;
    options.facts = {{1, 2}, 3, 4, 2, 0};
    if (with_secret) options.secret = "a secret of some length";
    options.time_ns_max = 1'000;
    return options;
}

inline void hear(Link& link) {
    const std::uint64_t before = link.counters().frames_received;
    while (const auto received = link.receive()) {
        PAWL_ASSERT(is_known(received->type));
        PAWL_ASSERT(received->payload.size() <= link.payload_bytes_max());
        PAWL_ASSERT(received->boot != 0 && received->connection != 0);
        bool accepted = false;
        PAWL_ASSERT(decodes_to_itself(received->type, received->payload, accepted));
        ReignTold told;  // its text has a form of its own
        if (received->type == MessageType::reign_told && decode(received->payload, told))
            if (const Result<Reign> reign = parse_reign(told.text, "the peer"); reign.ok())
                PAWL_ASSERT(print_reign(*reign) == told.text);
    }
    PAWL_ASSERT(link.counters().frames_received >= before);
}

// One whole connection. We are `side`.
inline void listen_to(Side side, std::span<const std::byte> input) {
    auto all = said(input);
    if (!all) return;
    const unsigned flags = all->flags;
    FramedLink link(std::make_unique<FuzzStream>(std::move(all->bytes), all->seed), link_options(1),
                    4);
    std::optional<Handshake> handshake;
    if ((flags & admitted) != 0) {
        link.admit();
    } else {
        handshake.emplace(link, side, our_options((flags & secret) != 0), our_chance());
    }
    for (std::int64_t now_ns = 1; link.state() != LinkState::closed; ++now_ns) {
        PAWL_ASSERT(now_ns < 100'000'000);
        if (handshake && handshake->state() == HandshakeState::running) {
            handshake->do_work(now_ns);
            if (handshake->state() == HandshakeState::over) break;
            if (handshake->state() == HandshakeState::running) continue;
            // nobody has our secret but by a chance of one in 2^256
            PAWL_ASSERT((flags & secret) == 0);
            PAWL_ASSERT(!handshake->peer().name.empty());
            PAWL_ASSERT(handshake->peer().boot != 1);
        }
        link.do_work(now_ns);
        hear(link);
    }
    hear(link);
    if (handshake && handshake->state() == HandshakeState::over)
        PAWL_ASSERT(!handshake->why().empty());
    PAWL_ASSERT(link.state() == LinkState::closed);
    PAWL_ASSERT(!link.why().empty());
}

}  // namespace pawl::replication::fuzz
