// A session that has come over the network: its lanes, what is still undecided in them, where it
// stands. Outlives connections. Knows a core; no link.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pawl/detail/core.hpp"

namespace pawl::detail {

// One thread.
class ClientSession {
public:
    ClientSession(Core& core, const std::string& name);

    SessionId id() const noexcept { return lanes_->session(); }
    // The connection that may use it; 0: none. A new one asks anew where the session stands.
    void give_to(std::uint64_t connection) noexcept {
        owner_ = connection;
        asked_ = 0;
    }
    std::uint64_t owner() const noexcept { return owner_; }

    // Everything sent is answered: what the next owner hears of the session will not change.
    bool quiet() const noexcept { return unanswered_ == 0; }
    Offer send(std::uint32_t shard, const MessageBuffer& message);
    std::size_t take(RawReply* replies, std::size_t count);
    // Takes replies that nobody waits for any more.
    std::size_t forget_replies();

    // Asks every shard for the highest number with an outcome; try again later when it says false
    // (a queue is full). When quiet.
    bool ask_highest();
    // For each shard; none: not everybody has answered, or nobody was asked.
    std::optional<std::vector<std::uint64_t>> highest() const;

private:
    struct Highest;

    Core& core_;
    std::unique_ptr<ProducerLink> lanes_;
    std::uint64_t owner_ = 0;
    std::size_t unanswered_ = 0;
    std::uint32_t asked_ = 0;  // shards
    std::shared_ptr<Highest> highest_;
};

}  // namespace pawl::detail
