// One conversation with an admitted peer: epochs are checked, silence is noticed, signs of life are
// given. Knows links and frames; not what the conversation is about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/replication/link.hpp"
#include "engine/replication/protocol_messages.hpp"

namespace pawl::replication {

// Why a conversation is over.
enum class TalkEnd : std::uint8_t {
    none = 0,  // it is not
    lost,      // the link ended: try again
    silent,    // the peer said nothing for too long: try again
    left,      // the peer said goodbye
    refused,   // the peer refuses us, see refusal()
    fenced,    // the peer knows a higher epoch than the one we speak for
    stale,     // the peer spoke for a lower epoch than we know
    foreign,   // the peer's directory is another one, or has another shape
    faulty,    // what the peer said cannot be right
    failed,    // something here went wrong
    done,      // what it was for is reached
};
const char* to_string(TalkEnd end) noexcept;

struct TalkOptions {
    // The highest epoch that this node has seen. A primary's: the one it reigns in.
    std::uint64_t epoch = 0;
    // A primary ends when it hears of a higher epoch; a standby takes note of it and goes on.
    bool reigns = false;
    // Between two signs of life. Default: a fifth of the time after which silence is noticed.
    std::int64_t heartbeat_ns = 20'000'000;
    // Nothing was heard for so long. For progress only, never for safety. 0: never.
    std::int64_t silent_ns = 100'000'000;
};

struct TalkCounters {
    std::uint64_t frames = 0;         // that were checked and handed out, heartbeats too
    std::uint64_t heartbeats = 0;     // heard
    std::int64_t round_trip_ns = -1;  // of the last heartbeat that came back; -1: none yet
};

// One thread. Destroyed: the link is closed.
class Talk {
public:
    Talk(std::unique_ptr<Link> link, const TalkOptions& options);
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;
    ~Talk();

    TalkEnd end() const noexcept { return end_; }
    const std::string& why() const noexcept { return why_; }  // one sentence, when over
    Refusal refusal() const noexcept { return refusal_; }
    std::uint64_t epoch() const noexcept { return epoch_; }          // the highest that was seen
    std::uint64_t peer_boot() const noexcept { return peer_boot_; }  // 0: nothing was heard yet
    const std::string& peer() const noexcept { return link_->peer(); }
    const TalkCounters& counters() const noexcept { return counters_; }
    // Nothing can be said any more; what was said before may still be read with next().
    bool is_cut() const noexcept { return link_->state() == LinkState::closed; }
    std::size_t payload_bytes_max() const noexcept { return link_->payload_bytes_max(); }

    // First in a do_work(): moves bytes, notices the link's end and silence.
    std::size_t begin_work(std::int64_t now_ns);
    // The next frame of the peer's, of an epoch that is not stale; heartbeats, refusals and
    // goodbyes are dealt with here, except that `on_heartbeat` hears of them. None: nothing is
    // there, or it is over. Lives until the next call.
    std::optional<Received> next();
    // False: no room now, or it is over.
    template <class What>
    bool send(const What& what, std::span<const std::byte> bytes = {}) {
        if (end_ != TalkEnd::none) return false;
        encode(what, message_);
        return send_encoded(bytes);
    }
    // Last in a do_work(): gives a sign of life when it is time, with these ends; moves bytes.
    std::size_t end_work(const std::vector<StreamEnd>& ends);
    bool heartbeat_due() const noexcept;

    // It is over. What was sent is given a chance to leave; the peer is told: `refusal` when that
    // is the reason, else goodbye.
    void finish(TalkEnd end, std::string why, std::optional<Refusal> refusal = std::nullopt);
    // Another way taught us of this epoch.
    void raise_epoch(std::uint64_t epoch);

    std::function<void(const Heartbeat&)> on_heartbeat;

private:
    bool send_encoded(std::span<const std::byte> bytes);
    bool admissible(const Received& frame);
    void heard(const Heartbeat& heartbeat);

    const std::unique_ptr<Link> link_;
    const TalkOptions options_;
    std::uint64_t epoch_;
    std::uint64_t peer_boot_ = 0;
    TalkEnd end_ = TalkEnd::none;
    Refusal refusal_ = Refusal::other;
    std::string why_;
    std::int64_t now_ns_ = 0;
    bool begun_ = false;
    std::int64_t heard_ns_ = 0;
    std::int64_t said_ns_ = 0;
    std::int64_t echo_ns_ = 0;  // sent_ns of the last heartbeat that came
    Message message_;
    Heartbeat heartbeat_;
    TalkCounters counters_;
};

}  // namespace pawl::replication
