// Lanes from one producer to every shard.
#include "engine/runtime/producer_link.hpp"

#include <algorithm>

#include "engine/ring/idle.hpp"
#include "engine/runtime/patience.hpp"

namespace pawl::detail {

LaneProducer::LaneProducer(std::shared_ptr<EngineCore> owner, EngineCore& core,
                           const ProducerOptions& options, Numbering numbering, Bell* reader)
    : ProducerLink(core.shard_count(), core.default_durability(), session_id(options.session)),
      owner_(std::move(owner)),
      core_(core) {
    PAWL_ASSERT(options.session.size() <= 255 && "a session's name has at most 255 bytes");
    if (session_.value != 0 && numbering == Numbering::goes_on) {
        wait_for_the_last_life();
        // Numbers go on where the session's last life ended.
        const std::vector<std::uint64_t> highest = core_.highest_numbers(session_);
        next_number_ = *std::max_element(highest.begin(), highest.end()) + 1;
    }
    const EngineOptions& sizes = core_.options();
    for (std::uint32_t shard = 0; shard < core_.shard_count(); ++shard) {
        auto lane = std::make_shared<Lane>(sizes.lane_lines, sizes.lane_replies, session_,
                                           options.session, reader);
        ShardPart& part = core_.part(shard);
        {
            const std::lock_guard lock(part.lanes_mutex);
            std::erase_if(part.lanes,
                          [](const std::weak_ptr<Lane>& known) { return known.expired(); });
            part.lanes.push_back(lane);
        }
        part.shard->attach(lane);
        lanes_.push_back(std::move(lane));
    }
}

// What an earlier producer of this session left in its lanes is numbered, but not yet decided:
// until it is, the highest number is not known.
void LaneProducer::wait_for_the_last_life() {
    const auto undecided = [this] {
        for (std::uint32_t shard = 0; shard < core_.shard_count(); ++shard) {
            ShardPart& part = core_.part(shard);
            const std::lock_guard lock(part.lanes_mutex);
            for (const std::weak_ptr<Lane>& known : part.lanes) {
                const std::shared_ptr<Lane> lane = known.lock();
                if (lane != nullptr && lane->session == session_ &&
                    lane->abandoned.load(std::memory_order_acquire))
                    return true;  // the shard drops its end when it has decided everything
            }
        }
        return false;
    };
    IdleStrategy idle(Idle::park);
    while (!core_.closed() && undecided())
        if (!core_.poll_while_waiting()) idle.idle(0, 50'000);
}

LaneProducer::~LaneProducer() {
    // release: what was sent before is still decided.
    for (const auto& lane : lanes_) lane->abandoned.store(true, std::memory_order_release);
}

MessagePlace LaneProducer::place(std::uint32_t shard, Durability durability, std::size_t lines) {
    Lane& lane = *lanes_[shard];
    core_.door().enter(lane.sending);
    MessagePlace place;
    place.offer = core_.admit(shard, durability);
    if (place.offer == Offer::accepted) {
        if (Line* const line = lane.commands.claim(lines)) {
            place.bytes = line->bytes;
            place.now_ns = core_.now_ns();
            return place;
        }
        place.offer = Offer::back_pressured;
    }
    core_.door().go_out(lane.sending);
    core_.refused(shard);
    return place;
}

MessagePlace LaneProducer::place_patiently(std::uint32_t shard, Durability durability,
                                           std::size_t lines, std::chrono::nanoseconds patience) {
    MessagePlace found;
    found.offer = send_patiently(core_, patience, [&] {
        found = place(shard, durability, lines);
        return found.offer;
    });
    return found;
}

void LaneProducer::send_placed(std::uint32_t shard) {
    Lane& lane = *lanes_[shard];
    lane.commands.publish();
    core_.door().go_out(lane.sending);
    core_.sent(shard);
}

std::size_t LaneProducer::take(RawReply* replies, std::size_t count) {
    // Asked first: once it is closed, nothing comes into the lanes behind our back.
    const bool closed = core_.closed();
    std::size_t taken = 0;
    for (std::size_t i = 0; i < lanes_.size() && taken < count; ++i)
        taken += lanes_[(first_ + i) % lanes_.size()]->answers.pop(replies + taken, count - taken);
    first_ = (first_ + 1) % lanes_.size();
    if (!closed || taken == count) return taken;
    for (; left_over_lane_ < lanes_.size(); ++left_over_lane_, left_over_taken_ = 0) {
        const std::vector<RawReply>& rest = lanes_[left_over_lane_]->left_over;
        while (left_over_taken_ < rest.size() && taken < count)
            replies[taken++] = rest[left_over_taken_++];
        if (left_over_taken_ < rest.size()) break;
    }
    return taken;
}

}  // namespace pawl::detail
