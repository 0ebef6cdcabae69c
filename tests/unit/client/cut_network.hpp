// A network in memory on which a connection breaks after so many bytes. Knows bytes; the frames
// above are the real ones.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/replication/link_framed.hpp"

namespace pawl::testing {

// One listener, one thread. What is written can be read at once.
class CutNetwork final : public replication::Connector {
public:
    // Of the connections that are made from now on, the first breaks after so many bytes, both ways
    // together: with an end in order, or as a reset. The ones behind it hold.
    void cut_after(std::size_t bytes, bool in_order) {
        budget_ = bytes;
        in_order_ = in_order;
        armed_ = true;
    }
    // Bytes that have passed.
    std::size_t passed() const noexcept { return passed_; }
    std::size_t connections() const noexcept { return connection_ / 2; }

    std::unique_ptr<replication::Link> connect(const std::string&) override {
        auto pipe = std::make_shared<Pipe>();
        pipe->network = this;
        if (std::exchange(armed_, false)) pipe->budget = budget_;
        callers_.push_back(link(pipe, 1, listener_boot));
        return link(pipe, 0, client_boot);
    }
    std::unique_ptr<replication::Listener> listen() { return std::make_unique<Listener>(*this); }
    static constexpr std::uint64_t client_boot = 11;
    static constexpr std::uint64_t server_boot = 22;
    std::uint64_t listener_boot = server_boot;  // of whoever listens now

private:
    struct Pipe {
        CutNetwork* network = nullptr;
        std::size_t budget = ~std::size_t{0};
        std::vector<std::byte> ways[2];  // to side 0, to side 1
        bool closed[2] = {false, false};
        bool broken() const noexcept { return budget == 0; }
    };
    class Stream final : public replication::ByteStream {
    public:
        Stream(std::shared_ptr<Pipe> pipe, std::size_t side)
            : pipe_(std::move(pipe)), side_(side) {}
        ~Stream() override { pipe_->closed[side_] = true; }
        const std::string& peer() const noexcept override { return peer_; }
        replication::StreamStep connect() override { return replication::StreamStep::moved; }
        replication::StreamResult write(
            std::span<const std::span<const std::byte>> pieces) override {
            if (pipe_->broken()) return {replication::StreamStep::reset, 0};
            std::size_t written = 0;
            for (const auto piece : pieces) {
                const std::size_t bytes = std::min(piece.size(), pipe_->budget);
                auto& way = pipe_->ways[1 - side_];
                way.insert(way.end(), piece.begin(),
                           piece.begin() + static_cast<std::ptrdiff_t>(bytes));
                pipe_->budget -= bytes;
                pipe_->network->passed_ += bytes;
                written += piece.size();  // what is cut off is under way for ever
            }
            return {written != 0 ? replication::StreamStep::moved : replication::StreamStep::later,
                    written};
        }
        replication::StreamResult read(std::span<std::byte> to) override {
            auto& way = pipe_->ways[side_];
            const std::size_t bytes = std::min(to.size(), way.size());
            if (bytes != 0) {
                std::memcpy(to.data(), way.data(), bytes);
                way.erase(way.begin(), way.begin() + static_cast<std::ptrdiff_t>(bytes));
                return {replication::StreamStep::moved, bytes};
            }
            const bool ends = pipe_->network->in_order_;
            if (pipe_->broken())
                return {ends ? replication::StreamStep::ended : replication::StreamStep::reset, 0};
            if (pipe_->closed[1 - side_]) return {replication::StreamStep::ended, 0};
            return {replication::StreamStep::later, 0};
        }
        std::string fault() const override { return "cut"; }
        void close() noexcept override { pipe_->closed[side_] = true; }
        void wants(replication::StreamWishes) noexcept override {}

    private:
        std::string peer_ = "memory";
        std::shared_ptr<Pipe> pipe_;
        std::size_t side_;
    };
    class Listener final : public replication::Listener {
    public:
        explicit Listener(CutNetwork& network) : network_(network) {}
        const std::string& address() const noexcept override { return address_; }
        std::unique_ptr<replication::Link> accept() override {
            if (network_.callers_.empty()) return nullptr;
            auto link = std::move(network_.callers_.front());
            network_.callers_.pop_front();
            return link;
        }

    private:
        CutNetwork& network_;
        std::string address_ = "memory";
    };

    std::unique_ptr<replication::Link> link(std::shared_ptr<Pipe> pipe, std::size_t side,
                                            std::uint64_t boot) {
        replication::LinkOptions options;
        options.boot = boot;
        options.payload_bytes_max = replication::payload_bytes_min;
        options.unsent_bytes_max = 2 * replication::payload_bytes_min;
        return std::make_unique<replication::FramedLink>(
            std::make_unique<Stream>(std::move(pipe), side), options, ++connection_);
    }

    std::deque<std::unique_ptr<replication::Link>> callers_;
    std::size_t budget_ = 0;
    bool in_order_ = false;
    bool armed_ = false;
    std::size_t passed_ = 0;
    std::uint64_t connection_ = 0;
};

}  // namespace pawl::testing
