// A conversation of two nodes that may both have lost something: each tells once what it has left.
// Knows talk and one message; not whose streams they are, nor what follows from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "engine/replication/talk.hpp"

namespace pawl::replication {

// One thread. Ends by itself when both have spoken, or when nothing is heard.
class RemainsTalk {
public:
    // `link`: to an admitted peer.
    RemainsTalk(std::unique_ptr<Link> link, const TalkOptions& options, Remains mine);

    std::size_t do_work(std::int64_t now_ns);
    bool is_over() const noexcept { return talk_.end() != TalkEnd::none; }
    // What the peer has left, once: nothing before it has spoken.
    std::optional<Remains> take_theirs() { return std::exchange(theirs_, std::nullopt); }
    std::uint64_t epoch_seen() const noexcept { return talk_.epoch(); }

private:
    Talk talk_;
    const Remains mine_;
    bool told_ = false;
    bool heard_ = false;
    std::optional<Remains> theirs_;
};

}  // namespace pawl::replication
