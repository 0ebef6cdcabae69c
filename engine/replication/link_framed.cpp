// Moves bytes between a stream and the frames, and says how a connection ended.
#include "engine/replication/link_framed.hpp"

#include <algorithm>
#include <array>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

// Smaller frames wait for do_work(), so that many of them leave in one system call; larger ones go
// at once, past the buffer: a copy of them costs more than the call.
constexpr std::size_t direct_bytes_min = std::size_t{16} << 10;
// One pass reads no more than this: whoever else is on this thread gets its turn.
constexpr std::size_t pass_bytes_max = std::size_t{4} << 20;

}  // namespace

FramedLink::FramedLink(std::unique_ptr<ByteStream> stream, const LinkOptions& options,
                       std::uint64_t connection)
    : stream_(std::move(stream)),
      options_(options),
      writer_(options, connection),
      reader_(options.payload_bytes_max),
      peer_(stream_->peer()) {}

FramedLink::FramedLink(std::string peer, const LinkOptions& options, std::uint64_t connection,
                       LinkEnd end, const std::string& why)
    : options_(options),
      writer_(options, connection),
      reader_(options.payload_bytes_max),
      peer_(std::move(peer)) {
    finish(end, why);
}

FramedLink::~FramedLink() {
    close("it is not needed any more");
}

bool FramedLink::send(const Message& message, std::span<const std::byte> bytes) {
    const std::size_t payload_bytes = message.body.size() + bytes.size();
    PAWL_ASSERT(payload_bytes <= options_.payload_bytes_max);
    if (state_ != LinkState::open) return false;
    if (!writer_.has_room(payload_bytes)) {
        ++counters_.sends_put_off;
        return false;
    }
    const FramePieces frame(writer_.next_header(message, bytes), message.body, bytes);
    std::size_t gone = 0;
    if (frame.size() >= direct_bytes_min) {
        const auto kept = writer_.kept();
        const auto& pieces = frame.pieces();
        const std::array<std::span<const std::byte>, 5> all = {kept, pieces[0], pieces[1],
                                                               pieces[2], pieces[3]};
        const StreamResult result = stream_->write(all);
        if (result.step == StreamStep::moved) {
            counters_.bytes_sent += result.bytes;
            const std::size_t old = std::min(result.bytes, kept.size());
            writer_.left(old);
            gone = result.bytes - old;
        } else if (result.step != StreamStep::later) {
            cannot_write(result.step);
            return false;
        }
    }
    if (gone < frame.size()) writer_.keep(frame, gone);
    ++counters_.frames_sent;
    return true;
}

std::optional<Received> FramedLink::receive() {
    if (reader_.fault() != LinkEnd::none || end_ == LinkEnd::by_us) return std::nullopt;
    const auto received = reader_.next();
    if (received) {
        ++counters_.frames_received;
        return received;
    }
    if (reader_.fault() != LinkEnd::none) finish(reader_.fault(), reader_.why());
    return std::nullopt;
}

std::size_t FramedLink::do_work(std::int64_t now_ns) {
    if (state_ == LinkState::closed) return 0;
    if (since_ns_ < 0) since_ns_ = now_ns;
    if (state_ == LinkState::connecting) {
        connect(now_ns);
        if (state_ != LinkState::open) return state_ == LinkState::closed ? 1 : 0;
    }
    // first what came: it may say why the connection ends, and silence is judged behind it
    const std::size_t came = fill();
    if (came != 0 || reader_.space().empty()) since_ns_ = now_ns;  // not read is not silent
    const std::size_t sent = flush();
    if (state_ == LinkState::open) judge_silence(now_ns);
    return sent + came + (state_ == LinkState::closed ? 1 : 0);
}

void FramedLink::connect(std::int64_t now_ns) {
    const StreamStep step = stream_->connect();
    if (step == StreamStep::moved) {
        state_ = LinkState::open;
        since_ns_ = now_ns;
    } else if (step != StreamStep::later) {
        stopped(step);
    } else if (now_ns - since_ns_ > options_.connect_ns_max) {
        finish(LinkEnd::unreachable, "no answer for " +
                                         std::to_string((now_ns - since_ns_) / 1'000'000) +
                                         " ms: is the address right, and does a node listen?");
    }
}

std::size_t FramedLink::flush() {
    if (state_ != LinkState::open) return 0;
    const std::size_t moved = write_kept();
    // Who has no room to read into is not woken by what it cannot take.
    if (state_ == LinkState::open)
        stream_->wants({.read = !reader_.space().empty(), .write = !writer_.kept().empty()});
    return moved;
}

std::size_t FramedLink::write_kept() {
    std::size_t moved = 0;
    while (!writer_.kept().empty()) {
        const std::array<std::span<const std::byte>, 1> all = {writer_.kept()};
        const StreamResult result = stream_->write(all);
        if (result.step != StreamStep::moved) {
            if (result.step != StreamStep::later) cannot_write(result.step);
            break;
        }
        counters_.bytes_sent += result.bytes;
        moved += result.bytes;
        writer_.left(result.bytes);
    }
    return moved;
}

std::size_t FramedLink::fill() {
    std::size_t came = 0;
    while (came < pass_bytes_max) {
        const std::span<std::byte> space = reader_.space();
        if (space.empty()) break;  // receive() first, or a fault
        const StreamResult result = stream_->read(space);
        if (result.step == StreamStep::later) break;
        if (result.step != StreamStep::moved) {
            reader_.look();  // a stranger often speaks and hangs up: say what it was
            if (reader_.fault() == LinkEnd::none) stopped(result.step);
            break;
        }
        reader_.filled(result.bytes);
        counters_.bytes_received += result.bytes;
        came += result.bytes;
        if (result.bytes < space.size()) break;  // that was all
    }
    reader_.look();
    if (reader_.fault() != LinkEnd::none) finish(reader_.fault(), reader_.why());
    return came;
}

// What the peer said before it hung up is read first.
void FramedLink::cannot_write(StreamStep step) {
    fill();
    if (state_ == LinkState::open) stopped(step);
}

void FramedLink::judge_silence(std::int64_t now_ns) {
    const std::int64_t silent_ns = now_ns - since_ns_;
    if (options_.silence_ns_max == 0 || silent_ns <= options_.silence_ns_max) return;
    finish(LinkEnd::silent, "nothing came for " + std::to_string(silent_ns / 1'000'000) +
                                " ms, at most " +
                                std::to_string(options_.silence_ns_max / 1'000'000) +
                                ": the peer, or the way to it, is gone");
}

void FramedLink::stopped(StreamStep step) {
    switch (step) {
        case StreamStep::ended:
            if (reader_.ends_whole())
                return finish(LinkEnd::by_peer, "the peer closed it between two frames");
            return finish(LinkEnd::cut_short, "the peer closed it in the middle of a frame");
        case StreamStep::reset:
            return finish(LinkEnd::reset, "the connection was reset (" + stream_->fault() +
                                              "): the peer's process ended or dropped us");
        case StreamStep::unreachable:
            return finish(LinkEnd::unreachable,
                          stream_->fault() + ": is the address right, and does a node listen?");
        case StreamStep::failed:
        case StreamStep::moved:
        case StreamStep::later:
            break;
    }
    PAWL_ASSERT(step == StreamStep::failed);
    finish(LinkEnd::failed, stream_->fault());
}

void FramedLink::close(std::string why) {
    if (state_ == LinkState::closed) return;
    if (state_ == LinkState::open) write_kept();
    finish(LinkEnd::by_us, why);
}

void FramedLink::finish(LinkEnd end, const std::string& why) {
    if (state_ == LinkState::closed) return;
    state_ = LinkState::closed;
    end_ = end;
    why_ = "link " + peer_ + ": " + why;
    if (options_.ends != nullptr) ++options_.ends->count[static_cast<std::size_t>(end)];
    if (stream_ != nullptr) stream_->close();
}

}  // namespace pawl::replication
