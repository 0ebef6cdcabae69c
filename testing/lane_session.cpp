// Lanes are an engine's: with it they go.
#include "testing/lane_session.hpp"

#include "pawl/detail/submission.hpp"

namespace pawl::sim {

bool send(pawl::detail::ProducerLink& lanes, pawl::detail::Core& engine,
          const testing::detail::Asked& asked, std::uint64_t number, Durability durability) {
    SubmitOptions options;
    options.number = CommandNumber{number};
    options.durability = durability;
    pawl::detail::MessageParts parts = pawl::detail::parts_for(engine, asked.id, options);
    parts.header.flags |= pawl::detail::message_wants_reply;
    parts.header.token = number;
    asked.fill(parts);
    const std::uint32_t shard = pawl::detail::shard_of(asked.key, engine.shard_count());
    return lanes.try_send(shard, pawl::detail::MessageBuffer(parts)) == Offer::accepted;
}

void LaneSession::leave(const pawl::detail::Core* engine) {
    if (engine != engine_ || engine == nullptr) return;
    lanes_.reset();
    engine_ = nullptr;
    unsend();
}

void LaneSession::speak(pawl::detail::Core& engine, std::uint64_t reign) {
    if (lanes_ != nullptr && (engine_ != &engine || reign_ != reign)) leave(engine_);
    if (lanes_ == nullptr) {
        engine_ = &engine;
        reign_ = reign;
        ProducerOptions options;
        options.session = name();
        lanes_ = engine.make_lanes(options);
    }
    send([this](Open& one) {
        if (one.number == 0) one.number = new_number();
        return sim::send(*lanes_, *engine_, one.asked, one.number, durability());
    });
    hear_all();
}

void LaneSession::hear_all() {
    pawl::detail::RawReplyRoom<64> replies;
    for (;;) {
        const std::size_t count = lanes_->take(replies.data(), replies.size());
        for (std::size_t i = 0; i < count; ++i) {
            Open* const one = find(replies[i].token);
            if (one == nullptr) continue;
            if (decides_nothing(replies[i]))
                one->sent = false;
            else
                hear(*one, replies[i]);
        }
        if (count < replies.size()) return;
    }
}

}  // namespace pawl::sim
