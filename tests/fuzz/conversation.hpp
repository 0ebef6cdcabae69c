// A conversation with a peer that says what it likes, step by step: what it says, what happens on
// this node meanwhile, and what both links see. Knows links and frames; not who listens.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/hash.hpp"
#include "small_journal.hpp"
#include "wire.hpp"

namespace pawl::replication::fuzz {

// Of the input's first byte, beside those of wire.hpp. With `talks` the second byte is the world's.
inline constexpr unsigned talks = 8;     // a sender or a receiver listens
inline constexpr unsigned greeted = 16;  // what comes first is said already, and right
inline constexpr unsigned other = 32;    // receiver: no directory yet; sender: there are snapshots
inline constexpr unsigned writes = 64;   // this node's journalers do their work in every turn
inline constexpr unsigned third = 128;   // receiver: power fails at the end; sender: see remains

// One message of the input: type, how, size (2 bytes), body. Type 0: something happens here.
struct Word {
    MessageType type;
    unsigned how;
    std::span<const std::byte> body;
};
inline constexpr unsigned mended = 0x80;       // its numbers are differences from the right ones
inline constexpr unsigned joined = 0x40;       // it comes together with the one before
inline constexpr unsigned later_epoch = 0x20;  // from here on the peer knows a higher epoch
inline constexpr unsigned variant = 0x1F;      // one of several right ones

template <class Visit>
void for_each_word(std::span<const std::byte> words, Visit&& visit) {
    while (words.size() >= 4) {
        std::uint16_t size = 0;
        std::memcpy(&size, words.data() + 2, sizeof size);
        const auto type = static_cast<MessageType>(std::to_integer<std::uint16_t>(words[0]));
        const auto how = std::to_integer<unsigned>(words[1]);
        words = words.subspan(4);
        const std::size_t here = std::min<std::size_t>(size, words.size());
        visit(Word{type, how, words.first(here)});
        words = words.subspan(here);
    }
}

// The fixed part of a body, with zeros where it is too short; then the rest.
template <class Fixed>
std::span<const std::byte> take_fixed(std::span<const std::byte> body, Fixed& fixed) {
    fixed = Fixed{};
    const std::size_t here = std::min(sizeof fixed, body.size());
    if (here != 0) std::memcpy(&fixed, body.data(), here);
    return body.subspan(here);
}

struct Step {
    std::vector<std::byte> bytes;
    std::vector<std::byte> happens;  // not empty: instead
};

// Frames that are right in all but what they say.
class Steps {
public:
    explicit Steps(std::uint64_t epoch) : epoch_(epoch), writer_(link_options(2), 5) {}

    void begin(const Word& word) {
        joined_ = (word.how & joined) != 0;
        if ((word.how & later_epoch) != 0) epoch_ = std::max(epoch_, epoch_ + 1);
    }
    void happens(std::span<const std::byte> what) {
        all.push_back({{}, {what.begin(), what.end()}});
        if (what.empty()) all.back().happens.push_back(std::byte{0});
    }
    void say(MessageType type, std::span<const std::byte> body) {
        Message message;
        message.type = is_known(type) ? type : MessageType::heartbeat;
        message.epoch = epoch_;
        message.body.assign(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                             body.size(), payload_bytes_min)));
        const FramePieces frame(writer_.next_header(message, {}), message.body, {});
        if (!joined_ || all.empty() || !all.back().happens.empty()) all.emplace_back();
        std::vector<std::byte>& bytes = all.back().bytes;
        for (const auto piece : frame.pieces())
            bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
    template <class Fixed>
    void say(MessageType type, const Fixed& fixed, std::span<const std::byte> rest) {
        std::vector<std::byte> body(sizeof fixed);
        std::memcpy(body.data(), &fixed, sizeof fixed);
        body.insert(body.end(), rest.begin(), rest.end());
        say(type, body);
    }
    std::uint64_t epoch() const { return epoch_; }

    std::vector<Step> all;

private:
    std::uint64_t epoch_;
    FrameWriter writer_;
    bool joined_ = false;
};

// The peer's end of a line: what it is given it says.
struct Line {
    std::vector<std::byte> said;
    std::size_t gone = 0;
    bool ended = false;
    bool full = false;  // takes nothing from us now
};
class LineStream final : public ByteStream {
public:
    explicit LineStream(std::shared_ptr<Line> line) : line_(std::move(line)) {}
    const std::string& peer() const noexcept override { return peer_; }
    StreamStep connect() override { return StreamStep::moved; }
    StreamResult write(std::span<const std::span<const std::byte>> pieces) override {
        if (line_->full) return {StreamStep::later, 0};
        std::size_t bytes = 0;
        for (const auto piece : pieces) bytes += piece.size();
        return {StreamStep::moved, bytes};
    }
    StreamResult read(std::span<std::byte> to) override {
        const std::size_t some = std::min(to.size(), line_->said.size() - line_->gone);
        if (some == 0) return {line_->ended ? StreamStep::ended : StreamStep::later, 0};
        std::memcpy(to.data(), line_->said.data() + line_->gone, some);
        line_->gone += some;
        return {StreamStep::moved, some};
    }
    std::string fault() const override { return {}; }
    void close() noexcept override {}
    void wants(StreamWishes) noexcept override {}

private:
    std::string peer_ = "fuzzer";
    std::shared_ptr<Line> line_;
};

// Who looks at what passes.
struct Watch {
    virtual ~Watch() = default;
    virtual void heard(const Received& frame) = 0;
    virtual void said(MessageType type, std::span<const std::byte> payload) = 0;
};

// An admitted link whose messages are seen.
class WatchedLink final : public Link {
public:
    WatchedLink(std::shared_ptr<Line> line, Watch& watch)
        : link_(std::make_unique<LineStream>(std::move(line)), link_options(1), 4), watch_(watch) {
        link_.admit();
    }
    LinkState state() const noexcept override { return link_.state(); }
    LinkEnd end() const noexcept override { return link_.end(); }
    const std::string& why() const noexcept override { return link_.why(); }
    const std::string& peer() const noexcept override { return link_.peer(); }
    const LinkCounters& counters() const noexcept override { return link_.counters(); }
    std::uint64_t connection() const noexcept override { return link_.connection(); }
    bool send(const Message& message, std::span<const std::byte> bytes) override {
        if (!link_.send(message, bytes)) return false;
        std::vector<std::byte> payload = message.body;
        payload.insert(payload.end(), bytes.begin(), bytes.end());
        watch_.said(message.type, payload);
        return true;
    }
    std::size_t payload_bytes_max() const noexcept override { return link_.payload_bytes_max(); }
    std::size_t unsent_bytes() const noexcept override { return link_.unsent_bytes(); }
    std::optional<Received> receive() override {
        auto frame = link_.receive();
        if (frame) watch_.heard(*frame);
        return frame;
    }
    void admit() override {}
    std::size_t do_work(std::int64_t now_ns) override { return link_.do_work(now_ns); }
    std::size_t flush() override { return link_.flush(); }
    void close(std::string why) override { link_.close(std::move(why)); }

private:
    FramedLink link_;
    Watch& watch_;
};

// The past that both sides of each conversation have in common.
struct Past {
    std::vector<PlainStream> streams;
    journal::Manifest manifest;
};
inline const Past& past() {
    static const Past one = [] {
        SmallJournal journal;
        Past made;
        for (std::uint32_t shard = 0; shard < SmallJournal::shards; ++shard)
            made.streams.push_back(journal.stream(shard));
        made.manifest = journal.directory().manifest();
        return made;
    }();
    return one;
}

// An input, taken apart: see above.
struct World {
    unsigned flags = 0;
    unsigned chance = 0;
    std::span<const std::byte> words;

    bool has(unsigned flag) const { return (flags & flag) != 0; }
    // What the peer thinks of the epoch: right, or older, newer, far in the future.
    std::uint64_t epoch(std::uint64_t right) const {
        constexpr std::uint64_t far = ~std::uint64_t{0} - 1;
        const std::uint64_t epochs[] = {right, 1, right + 1, far};
        return epochs[(chance >> 6) & 3U];
    }
};
inline World world_of(std::span<const std::byte> input) {
    return {std::to_integer<unsigned>(input[0]), std::to_integer<unsigned>(input[1]),
            input.subspan(2)};
}
inline bool is_conversation(std::span<const std::byte> input) {
    return input.size() >= 2 && (std::to_integer<unsigned>(input[0]) & talks) != 0;
}

// Of a reign that is over, as a primary would be told it.
inline Reign another_reign() {
    return first(NodeBoot{"another", 99}, 6).value();
}

// Plays all steps, then a few turns more; then the peer hangs up. `happens` gets what happens here,
// `turn` lets the listener work and says whether it is over.
template <class Happens, class Turn>
void play(const std::vector<Step>& steps, Line& line, Happens&& happens, Turn&& turn) {
    for (const Step& step : steps) {
        if (!step.happens.empty()) happens(std::span<const std::byte>(step.happens));
        line.said.insert(line.said.end(), step.bytes.begin(), step.bytes.end());
        if (turn()) return;
    }
    for (int i = 0; i < 6; ++i)
        if (turn()) return;
    line.ended = true;
    for (int i = 0; i < 1000; ++i)
        if (turn()) return;
    PAWL_ASSERT(false && "a conversation ends when its link has ended");
}

}  // namespace pawl::replication::fuzz
