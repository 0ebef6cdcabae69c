// Which server a client calls next, and when. Knows addresses and a clock's numbers; no link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/replication/link.hpp"

namespace pawl::detail {

// One thread. Rounds over all servers; between two rounds a pause that begins short and doubles.
class ServerSearch {
public:
    ServerSearch(std::vector<std::string> servers, std::int64_t pause_min_ns,
                 std::int64_t pause_max_ns, replication::RandomSource random)
        : servers_(std::move(servers)),
          pause_min_ns_(pause_min_ns),
          pause_max_ns_(pause_max_ns),
          random_(std::move(random)),
          pause_ns_(pause_min_ns) {}

    // When the next call is due; in the past: now.
    std::int64_t due_ns() const noexcept { return due_ns_; }
    // The address of the next call.
    std::string next() {
        ++calls_;
        if (!hint_.empty()) return std::exchange(hint_, {});
        const std::string& address = servers_[next_++ % servers_.size()];
        return address;
    }
    // The last call came to nothing, or what it led to is over.
    void failed(std::int64_t now_ns) {
        if (calls_ % servers_.size() != 0) {
            due_ns_ = now_ns;
            return;
        }
        // half of it is chance: not all clients come back at once
        const std::int64_t half = pause_ns_ / 2;
        due_ns_ = now_ns + half +
                  static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(half + 1));
        pause_ns_ = pause_ns_ * 2 < pause_max_ns_ ? pause_ns_ * 2 : pause_max_ns_;
    }
    // Somebody says that the primary is there: it is called first. Two nodes that each name the
    // other do not keep us from waiting in between.
    void hint(std::string address) { hint_ = std::move(address); }
    // A server has welcomed us: it is the first one to call again, after the
    // shortest pause.
    void worked() noexcept {
        pause_ns_ = pause_min_ns_;
        calls_ = 0;
        if (next_ != 0) --next_;
    }
    bool round_is_over() const noexcept { return calls_ != 0 && calls_ % servers_.size() == 0; }

private:
    const std::vector<std::string> servers_;
    const std::int64_t pause_min_ns_;
    const std::int64_t pause_max_ns_;
    const replication::RandomSource random_;
    std::int64_t pause_ns_;
    std::int64_t due_ns_ = INT64_MIN;
    std::size_t next_ = 0;
    std::size_t calls_ = 0;  // since the last that worked
    std::string hint_;
};

}  // namespace pawl::detail
