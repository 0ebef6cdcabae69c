// Epochs first, then everything else.
#include "engine/replication/talk.hpp"

#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {

const char* to_string(TalkEnd end) noexcept {
    switch (end) {
        case TalkEnd::none:
            return "none";
        case TalkEnd::lost:
            return "lost";
        case TalkEnd::silent:
            return "silent";
        case TalkEnd::left:
            return "left";
        case TalkEnd::refused:
            return "refused";
        case TalkEnd::fenced:
            return "fenced";
        case TalkEnd::stale:
            return "stale";
        case TalkEnd::foreign:
            return "foreign";
        case TalkEnd::faulty:
            return "faulty";
        case TalkEnd::failed:
            return "failed";
        case TalkEnd::done:
            return "done";
    }
    return "unknown";
}

Talk::Talk(std::unique_ptr<Link> link, const TalkOptions& options)
    : link_(std::move(link)), options_(options), epoch_(options.epoch) {
    PAWL_ASSERT(link_ != nullptr);
}
Talk::~Talk() = default;

std::size_t Talk::begin_work(std::int64_t now_ns) {
    now_ns_ = now_ns;
    if (!begun_) {
        begun_ = true;
        heard_ns_ = said_ns_ = now_ns;
    }
    return link_->do_work(now_ns);
}

// The highest epoch on either side is known to both from the first frame on; nobody acts on what
// was said for a lower one.
bool Talk::admissible(const Received& frame) {
    if (frame.epoch < epoch_) {
        finish(TalkEnd::stale,
               peer() + " speaks for epoch " + std::to_string(frame.epoch) + ", epoch " +
                   std::to_string(epoch_) + " has begun: nothing of it is taken",
               Refusal::epoch);
        return false;
    }
    if (frame.epoch == epoch_) return true;
    if (options_.reigns) {
        const std::string mine = std::to_string(options_.epoch);
        epoch_ = frame.epoch;
        finish(TalkEnd::fenced, peer() + " has seen epoch " + std::to_string(frame.epoch) +
                                    ", this node reigns in epoch " + mine +
                                    ": it must not acknowledge anything any more");
        return false;
    }
    epoch_ = frame.epoch;
    return true;
}

std::optional<Received> Talk::next() {
    while (end_ == TalkEnd::none) {
        auto frame = link_->receive();
        if (!frame) {
            if (link_->state() == LinkState::closed) {
                end_ = TalkEnd::lost;
                why_ = link_->why();
            } else if (options_.silent_ns != 0 && now_ns_ - heard_ns_ >= options_.silent_ns) {
                finish(TalkEnd::silent, peer() + ": nothing was heard for " +
                                            std::to_string((now_ns_ - heard_ns_) / 1'000'000) +
                                            " ms");
            }
            return std::nullopt;
        }
        heard_ns_ = now_ns_;
        if (!admissible(*frame)) return std::nullopt;
        peer_boot_ = frame->boot;
        ++counters_.frames;
        if (frame->type == MessageType::heartbeat) {
            Heartbeat heartbeat;
            if (!decode(frame->payload, heartbeat)) {
                finish(TalkEnd::faulty, peer() + ": a heartbeat that is none");
                return std::nullopt;
            }
            heard(heartbeat);
        } else if (frame->type == MessageType::refused) {
            Refused refused;
            const bool good = decode(frame->payload, refused);
            refusal_ = good ? refused.reason : Refusal::other;
            const std::string text =
                good ? std::string(refused.text) : "no reason that makes sense";
            const std::string kind =
                refusal_ == Refusal::other ? "" : std::string(" (") + to_string(refusal_) + ")";
            finish(TalkEnd::refused, peer() + " refuses" + kind + ": " + text);
            return std::nullopt;
        } else if (frame->type == MessageType::bye) {
            Bye bye;
            const std::string text = decode(frame->payload, bye) ? std::string(bye.text) : "";
            finish(TalkEnd::left, peer() + " has left" + (text.empty() ? "" : ": " + text));
            return std::nullopt;
        } else {
            return frame;
        }
    }
    return std::nullopt;
}

void Talk::heard(const Heartbeat& heartbeat) {
    ++counters_.heartbeats;
    echo_ns_ = heartbeat.fixed.sent_ns;
    if (heartbeat.fixed.echo_ns != 0 && heartbeat.fixed.echo_ns <= now_ns_)
        counters_.round_trip_ns = now_ns_ - heartbeat.fixed.echo_ns;
    if (on_heartbeat) on_heartbeat(heartbeat);
}

bool Talk::send_encoded(std::span<const std::byte> bytes) {
    message_.epoch = epoch_;
    if (!link_->send(message_, bytes)) return false;
    said_ns_ = now_ns_;
    return true;
}

bool Talk::heartbeat_due() const noexcept {
    // Who does not reign speaks only when spoken to: before, it does not know the epoch.
    return end_ == TalkEnd::none && now_ns_ - said_ns_ >= options_.heartbeat_ns &&
           (options_.reigns || peer_boot_ != 0);
}

std::size_t Talk::end_work(const std::vector<StreamEnd>& ends) {
    if (heartbeat_due() || (end_ == TalkEnd::none && !ends.empty())) {
        heartbeat_.fixed = HeartbeatFixed{};
        heartbeat_.fixed.sent_ns = now_ns_;
        heartbeat_.fixed.echo_ns = echo_ns_;
        heartbeat_.ends = ends;
        static_cast<void>(send(heartbeat_));
    }
    return link_->flush();
}

void Talk::finish(TalkEnd end, std::string why, std::optional<Refusal> refusal) {
    PAWL_ASSERT(end != TalkEnd::none);
    if (end_ != TalkEnd::none) return;
    if (link_->state() == LinkState::open) {
        if (refusal) {
            Refused refused;
            refused.reason = *refusal;
            refused.text = why;
            static_cast<void>(send(refused));
        } else {
            Bye bye;
            bye.text = why;
            static_cast<void>(send(bye));
        }
    }
    end_ = end;
    why_ = std::move(why);
    static_cast<void>(link_->do_work(now_ns_));
    link_->close(why_);
}

void Talk::raise_epoch(std::uint64_t epoch) {
    if (epoch <= epoch_) return;
    epoch_ = epoch;
    if (options_.reigns)
        finish(TalkEnd::fenced, "epoch " + std::to_string(epoch) +
                                    " has begun, this node reigned in " +
                                    std::to_string(options_.epoch));
}

}  // namespace pawl::replication
