// A Link over any stream of bytes: frames, order, bounds, ends. Knows readers and writers of
// frames; not sockets.
#pragma once

#include <memory>
#include <string>

#include "engine/replication/frame_reader.hpp"
#include "engine/replication/frame_writer.hpp"
#include "engine/replication/link.hpp"
#include "engine/replication/link_stream.hpp"

namespace pawl::replication {

class FramedLink final : public Link {
public:
    // `connection`: random, not 0. `stream` may still be connecting.
    FramedLink(std::unique_ptr<ByteStream> stream, const LinkOptions& options,
               std::uint64_t connection);
    // Closed from the beginning: the address made no sense, the system had nothing to give.
    FramedLink(std::string peer, const LinkOptions& options, std::uint64_t connection, LinkEnd end,
               const std::string& why);
    ~FramedLink() override;
    FramedLink(const FramedLink&) = delete;
    FramedLink& operator=(const FramedLink&) = delete;

    using Link::send;
    LinkState state() const noexcept override { return state_; }
    LinkEnd end() const noexcept override { return end_; }
    const std::string& why() const noexcept override { return why_; }
    const std::string& peer() const noexcept override { return peer_; }
    const LinkCounters& counters() const noexcept override { return counters_; }
    std::uint64_t connection() const noexcept override { return writer_.connection(); }
    bool send(const Message& message, std::span<const std::byte> bytes) override;
    std::size_t payload_bytes_max() const noexcept override { return options_.payload_bytes_max; }
    std::size_t unsent_bytes() const noexcept override { return writer_.kept().size(); }
    std::optional<Received> receive() override;
    void admit() override { reader_.admit(); }
    std::size_t do_work(std::int64_t now_ns) override;
    std::size_t flush() override;
    void close(std::string why) override;

private:
    void connect(std::int64_t now_ns);
    std::size_t write_kept();
    std::size_t fill();
    void judge_silence(std::int64_t now_ns);
    void cannot_write(StreamStep step);
    void stopped(StreamStep step);
    void finish(LinkEnd end, const std::string& why);

    std::unique_ptr<ByteStream> stream_;
    LinkOptions options_;
    FrameWriter writer_;
    FrameReader reader_;
    LinkState state_ = LinkState::connecting;
    LinkEnd end_ = LinkEnd::none;
    LinkCounters counters_;
    std::string peer_;
    std::string why_;
    std::int64_t since_ns_ = -1;  // the attempt began, or the last byte came; -1: no call yet
};

}  // namespace pawl::replication
