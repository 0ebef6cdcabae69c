// Lanes and questions of one session.
#include "engine/runtime/client_session.hpp"

#include "engine/shard/inspection.hpp"
#include "engine/shard/sessions.hpp"

namespace pawl::detail {

// What the shards say. A shard's thread writes its own place, then its answer is counted.
struct ClientSession::Highest {
    explicit Highest(std::uint32_t shards) : numbers(shards, 0) {}
    std::vector<std::uint64_t> numbers;
    std::atomic<std::uint32_t> answered{0};  // release after a place was written
};

namespace {

// One shard's question. Deletes itself when it is answered; the session may be gone by then.
template <class Answers>
class HighestQuestion final : public Inspection, public Completion {
public:
    HighestQuestion(std::shared_ptr<Answers> answers, SessionId session, std::uint32_t shard)
        : answers_(std::move(answers)), session_(session), shard_(shard) {}
    void inspect(const ShardFacts& facts) noexcept override {
        const std::uint32_t index = facts.sessions.find(session_);
        if (index != 0) answers_->numbers[shard_] = facts.sessions.highest(index);
    }
    void complete(const RawReply&) noexcept override {
        // release: pairs with the acquire in highest()
        answers_->answered.fetch_add(1, std::memory_order_release);
        delete this;
    }

private:
    std::shared_ptr<Answers> answers_;
    const SessionId session_;
    const std::uint32_t shard_;
};

}  // namespace

ClientSession::ClientSession(Core& core, const std::string& name)
    : core_(core), lanes_(core.make_lanes({.session = name})) {}

Offer ClientSession::send(std::uint32_t shard, const MessageBuffer& message) {
    const Offer offer = lanes_->try_send(shard, message);
    if (offer == Offer::accepted) ++unanswered_;
    return offer;
}

std::size_t ClientSession::take(RawReply* replies, std::size_t count) {
    const std::size_t taken = lanes_->take(replies, count);
    PAWL_ASSERT(taken <= unanswered_);
    unanswered_ -= taken;
    return taken;
}

std::size_t ClientSession::forget_replies() {
    RawReplyRoom<64> replies;
    return take(replies.data(), replies.size());
}

bool ClientSession::ask_highest() {
    PAWL_ASSERT(quiet());
    if (asked_ == 0) highest_ = std::make_shared<Highest>(core_.shard_count());
    for (; asked_ < core_.shard_count(); ++asked_) {
        auto question = std::make_unique<HighestQuestion<Highest>>(highest_, id(), asked_);
        const Inspection* inspection = question.get();
        MessageParts parts;
        parts.header.kind = MessageKind::inspection;
        parts.header.flags = message_wants_reply;
        parts.header.token =
            reinterpret_cast<std::uint64_t>(static_cast<Completion*>(question.get()));
        parts.header.payload_bytes = sizeof inspection;
        parts.payload = &inspection;
        if (core_.try_send(asked_, MessageBuffer(parts)) != Offer::accepted) return false;
        static_cast<void>(question.release());
    }
    return true;
}

std::optional<std::vector<std::uint64_t>> ClientSession::highest() const {
    // acquire: pairs with the release of each answer
    if (asked_ < core_.shard_count() || highest_->answered.load(std::memory_order_acquire) < asked_)
        return std::nullopt;
    return highest_->numbers;
}

}  // namespace pawl::detail
