// What comes later must not come first: sending stops at what is not taken.
#include "testing/session.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/submission.hpp"

namespace pawl::sim {

bool send(pawl::detail::ProducerLink& lanes, pawl::detail::Core& engine,
          const testing::detail::Asked& asked, std::uint64_t number, Durability durability) {
    SubmitOptions options;
    options.number = CommandNumber{number};
    options.durability = durability;
    pawl::detail::MessageParts parts = pawl::detail::parts_for(engine, asked.id, options);
    parts.header.command_type = asked.command_type;
    parts.header.aggregate_type = asked.aggregate_type;
    parts.header.flags |= pawl::detail::message_wants_reply;
    parts.header.token = number;
    parts.header.payload_bytes = static_cast<std::uint16_t>(asked.payload.size());
    parts.payload = asked.payload.data();
    const std::uint32_t shard = pawl::detail::shard_of(asked.key, engine.shard_count());
    return lanes.try_send(shard, pawl::detail::MessageBuffer(parts)) == Offer::accepted;
}

Session::Session(std::string name, Durability durability, Hear hear)
    : name_(std::move(name)),
      id_(session_id(name_)),
      durability_(durability),
      hear_(std::move(hear)) {}

void Session::leave(const pawl::detail::Core* engine) {
    if (engine != engine_ || engine == nullptr) return;
    lanes_.reset();
    engine_ = nullptr;
    for (Open& one : open_) one.sent = false;
}

void Session::speak(pawl::detail::Core& engine, std::uint64_t reign) {
    if (lanes_ != nullptr && (engine_ != &engine || reign_ != reign)) leave(engine_);
    if (lanes_ == nullptr) {
        engine_ = &engine;
        reign_ = reign;
        ProducerOptions options;
        options.session = name_;
        lanes_ = engine.make_lanes(options);
    }
    std::size_t sent = 0;
    for (Open& one : open_) {
        if (++sent > sent_max) break;
        if (one.sent) continue;
        if (!send(*lanes_, *engine_, one.asked, one.number, durability_)) break;
        one.sent = true;
    }
    pawl::detail::RawReplyRoom<64> replies;
    for (;;) {
        const std::size_t count = lanes_->take(replies.data(), replies.size());
        for (std::size_t i = 0; i < count; ++i) hear(replies[i]);
        if (count < replies.size()) return;
    }
}

void Session::hear(const pawl::detail::RawReply& reply) {
    const auto found = std::find_if(open_.begin(), open_.end(),
                                    [&](const Open& one) { return one.number == reply.token; });
    if (found == open_.end()) return;
    const auto engine_failed = static_cast<std::uint16_t>(Refusal::engine_failed);
    const bool nobody_knows =
        reply.outcome == Outcome::refused &&
        (reply.reason == engine_failed || reply.position == pawl::detail::RawReply::no_record);
    if (nobody_knows) {
        found->sent = false;
        return;
    }
    hear_(*this, reply);
    open_.erase(found);
}

}  // namespace pawl::sim
